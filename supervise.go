package kiteticker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/stats"
)

// Unseen lists instruments that have not ticked within After of the server's
// being told of them on this socket. They may just be illiquid: it is a report,
// nothing is sent again.
type Unseen struct {
	Conn   int
	After  time.Duration
	Tokens []uint32 // ascending
}

// Health is the regular report on all connections, and also comes at once when
// the client turns from healthy to unhealthy or back.
type Health struct {
	Stats   Stats
	Rates   []Rate // one for each connection, since the last regular report
	Err     error  // what [Stats.Check] says with Config.Liveness; nil is healthy
	Changed bool   // healthy before and not now, or the reverse
}

// Rate is what a connection carried in an interval.
type Rate struct {
	Messages, Ticks, Bytes float64 // per second

	// Latency is that of [ConnStats], of the interval's messages alone.
	Latency stats.Distribution
}

// superviseEvery is how often the supervisor looks at the connections when
// nothing calls it.
const superviseEvery = time.Second

// supervise watches the connections from outside until ctx is cancelled or done
// is closed: health, instruments that do not tick, tokens of connections that
// stay down. Its first interval begins with last.
func (c *Client) supervise(ctx context.Context, done <-chan struct{}, last Stats) {
	ticker := time.NewTicker(superviseEvery)
	defer ticker.Stop()
	healthy := false // until it has been once: coming up is told, not having been up is not
	for {
		select {
		case <-ctx.Done():
			return // going down is wanted now
		case <-done:
			return
		case <-ticker.C:
		case <-c.look:
		}
		c.guard("supervisor", func() { last, healthy = c.inspect(ctx, last, healthy) })
	}
}

// guard keeps a panic, such as of the user's log handler, from ending one of
// the client's goroutines.
func (c *Client) guard(where string, run func()) {
	defer func() {
		if v := recover(); v != nil {
			var secrets []string
			for _, a := range c.accounts {
				key, token := a.credentials()
				secrets = append(secrets, key, token)
			}
			c.post(-1, time.Now(), conn.NewPanicError(where, v, secrets...))
		}
	}()
	run()
}

// inspect looks at the connections once. It gets and returns the Stats of the
// last regular report and whether the client was healthy.
func (c *Client) inspect(ctx context.Context, last Stats, healthy bool) (Stats, bool) {
	now := time.Now()
	c.verify(now)
	s := c.Stats()
	if ctx.Err() != nil {
		return last, healthy // what s shows may be wanted already
	}
	c.warnOfEvents()
	err := s.Check(c.cfg.Liveness)
	changed := (err == nil) != healthy
	due := c.cfg.HealthInterval > 0 && now.Sub(last.At) >= c.cfg.HealthInterval
	c.balance(now)
	if changed || due {
		c.report(&Health{Stats: s, Rates: rates(last, s), Err: err, Changed: changed})
	}
	if due {
		last = s
	}
	return last, err == nil
}

// warnOfEvents warns of event streams that are not read: once, and again at each
// doubling.
func (c *Client) warnOfEvents() {
	for _, s := range c.hub.attached() {
		if n := s.overdue(); n > 0 {
			c.cfg.Logger.Warn("events are not read", "stream", s.name, "waiting", n)
		}
	}
}

// report logs a health report and posts it as an event.
func (c *Client) report(h *Health) {
	level, msg := slog.LevelInfo, "health"
	if h.Changed {
		msg = "healthy"
	}
	if h.Err != nil {
		level = slog.LevelWarn
		if h.Changed {
			msg = "unhealthy"
		}
	}
	if c.cfg.Logger.Enabled(context.Background(), level) {
		attrs := []slog.Attr{slog.Uint64("lost", h.Stats.Lost())}
		if h.Err != nil {
			attrs = append(attrs, slog.Any("err", h.Err))
		}
		for i := range h.Stats.Conns {
			s := &h.Stats.Conns[i]
			r := &h.Rates[i]
			of := []any{"state", s.State.String(), "instruments", s.Instruments, "seen", s.Seen,
				"ticks_per_s", int(r.Ticks), "bytes_per_s", int(r.Bytes), "ring_bytes", s.RingLen}
			if r.Latency.Count > 0 {
				of = append(of, "p50", time.Duration(r.Latency.Quantile(0.5)), "p99", time.Duration(r.Latency.Quantile(0.99)))
			}
			attrs = append(attrs, slog.Group(fmt.Sprintf("conn%d", s.Conn), of...))
		}
		c.cfg.Logger.LogAttrs(context.Background(), level, msg, attrs...)
	}
	c.post(-1, h.Stats.At, h)
}

func rates(before, after Stats) []Rate {
	seconds := max(after.At.Sub(before.At).Seconds(), 1e-9)
	list := make([]Rate, len(after.Conns))
	for i := range list {
		b, a := &before.Conns[i], &after.Conns[i]
		list[i] = Rate{
			Messages: float64(a.Messages-b.Messages) / seconds,
			Ticks:    float64(a.Ticks-b.Ticks) / seconds,
			Bytes:    float64(a.Bytes-b.Bytes) / seconds,
			Latency:  a.Latency.Sub(b.Latency),
		}
	}
	return list
}

// verify reports, once per socket, each instrument that did not tick in time.
func (c *Client) verify(now time.Time) {
	if c.cfg.VerifyAfter < 0 {
		return
	}
	for id, l := range c.lines {
		if l.backlog() {
			continue // it may well have ticked
		}
		c.mu.Lock()
		var unseen []uint32
		session := l.life.session
		for token, told := range l.life.waited {
			if c.instruments.ticked(token, uint8(id), session) {
				delete(l.life.waited, token)
			} else if now.Sub(told) >= c.cfg.VerifyAfter {
				unseen = append(unseen, token)
				delete(l.life.waited, token)
			}
		}
		c.mu.Unlock()
		if len(unseen) > 0 {
			slices.Sort(unseen)
			c.cfg.Logger.Warn("instruments have not ticked", "conn", id, "after", c.cfg.VerifyAfter, "tokens", len(unseen))
			c.post(id, now, &Unseen{Conn: id, After: c.cfg.VerifyAfter, Tokens: unseen})
		}
	}
}
