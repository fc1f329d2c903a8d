package kiteticker

import (
	"context"
	"math"
	"net"
	"sync/atomic"
	"time"

	native "github.com/kiteticker/kiteticker"
)

// config is what the setters mean to a client. The caller holds Ticker.mu.
func (r *run) config() native.Config {
	cfg := r.t.cfg
	r.token, r.reconnect = cfg.AccessToken, r.t.autoReconnect
	if r.t.maxRetries < math.MaxInt { // else for ever, which is 0
		cfg.MaxAttempts = r.t.maxRetries + 1
	}
	if r.waits = cfg.Refresh == nil; r.waits {
		limit := time.Duration(0)
		if r.reconnect {
			limit = patience(r.t.maxRetries, cfg.MaxBackoff)
		}
		cfg.Refresh = func(ctx context.Context) (string, error) { return r.refresh(ctx, limit) }
	}
	if !r.reconnect {
		cfg.Dial = r.dialOnce(cfg.Dial, conns(&cfg))
	}
	return cfg
}

// patience is how long gokiteconnect would go on dialling: it stays away from
// the server for as long instead.
func patience(retries int, delay time.Duration) time.Duration {
	if retries > 0 && delay > math.MaxInt64/time.Duration(retries) {
		return math.MaxInt64
	}
	return delay * time.Duration(retries)
}

// refresh waits for SetAccessToken after the server refused the token in use.
func (r *run) refresh(ctx context.Context, limit time.Duration) (string, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		r.t.mu.Lock()
		token, set := r.t.cfg.AccessToken, r.t.tokenSet
		changed := token != r.token
		r.token = token
		r.t.mu.Unlock()
		if changed {
			return token, nil
		}
		select {
		case <-set:
		case <-timer.C:
			r.end()
			return "", r.feed.Err()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// dialOnce lets each connection be opened once: the client has no setting for
// never to reconnect.
func (r *run) dialOnce(dial dialFunc, conns int) dialFunc {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	var dials atomic.Int64
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) > int64(conns) {
			r.end()
			return nil, r.feed.Err()
		}
		return dial(ctx, network, addr)
	}
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)
