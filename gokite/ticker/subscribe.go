package kiteticker

import (
	"errors"
	"maps"
	"slices"

	native "github.com/kiteticker/kiteticker"
)

// Subscribe adds tokens, in quote mode; tokens that are subscribed already keep
// their mode. It may be called at any time, never waits, and the tokens stay
// until Unsubscribe: each new connection is told of them, once. If there is no
// room for all, none is added and the error is a *CapacityError of the package
// at the root.
func (t *Ticker) Subscribe(tokens []uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var fresh []uint32
	for _, token := range tokens {
		if _, known := t.desired[token]; !known {
			fresh = append(fresh, token)
		}
	}
	return t.want(native.ModeQuote, fresh)
}

// SetMode changes the mode of tokens, at any time; those not subscribed it
// subscribes.
func (t *Ticker) SetMode(mode Mode, tokens []uint32) error {
	m, err := native.ParseMode(string(mode))
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.want(m, tokens)
}

// Unsubscribe removes tokens, at any time; those not subscribed are ignored.
func (t *Ticker) Unsubscribe(tokens []uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != nil {
		if err := t.client.Unsubscribe(tokens...); err != nil && !errors.Is(err, native.ErrStopped) {
			return err
		}
	}
	for _, token := range tokens {
		delete(t.desired, token)
	}
	return nil
}

// Resubscribe has nothing to do and returns nil: whatever is subscribed, each
// connection has been told, and to tell it twice would count twice against the
// server's limit.
func (t *Ticker) Resubscribe() error { return nil }

// want subscribes tokens: at the client if there is one, and for the next ones.
// The caller holds mu.
func (t *Ticker) want(mode native.Mode, tokens []uint32) error {
	if len(tokens) == 0 {
		return nil
	}
	err := native.ErrStopped
	if t.client != nil {
		err = t.client.Subscribe(mode, tokens...)
	}
	if errors.Is(err, native.ErrStopped) { // nobody to ask: the next client will find it as good
		err = t.check(tokens)
	}
	if err != nil {
		return err
	}
	for _, token := range tokens {
		t.desired[token] = mode
	}
	return nil
}

// check refuses what a client would refuse. The caller holds mu.
func (t *Ticker) check(tokens []uint32) error {
	fresh := map[uint32]bool{}
	for i, token := range tokens {
		if token == 0 {
			return &native.TokenError{Token: token, Index: i, Err: native.ErrZeroToken}
		}
		if _, known := t.desired[token]; !known {
			fresh[token] = true
		}
	}
	free := native.MaxTokensPerConn*conns(&t.cfg) - len(t.desired)
	if len(fresh) > free {
		return &native.CapacityError{Conn: -1, Want: len(fresh), Free: max(free, 0)}
	}
	return nil
}

// conns returns the number of connections that cfg means.
func conns(cfg *native.Config) int {
	if cfg.Conns == 0 {
		return native.MaxConns
	}
	return cfg.Conns
}

// replay subscribes everything at a new client. The caller holds mu.
func (t *Ticker) replay(client *native.Client) error {
	byMode := map[native.Mode][]uint32{}
	for _, token := range slices.Sorted(maps.Keys(t.desired)) {
		byMode[t.desired[token]] = append(byMode[t.desired[token]], token)
	}
	for mode, tokens := range byMode {
		if err := client.Subscribe(mode, tokens...); err != nil {
			return err
		}
	}
	return nil
}
