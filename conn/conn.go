package conn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Kinds of the records a connection commits to its [Sink].
const (
	KindBinary ring.Kind = 1 // a binary message: ticks, or a heartbeat of one byte
	KindText   ring.Kind = 2 // a text message: JSON
)

const tooManyDelay = time.Minute // least wait after a 429

// Conn is one connection slot: it opens a socket, reads it into the sink,
// answers what must be answered, and opens the next one when it breaks.
type Conn struct {
	cfg      Config
	url      *url.URL
	log      *slog.Logger
	changed  chan struct{} // capacity 1: the desired state changed
	state    atomic.Uint32
	counters Counters
	backoff  backoff
	failed   int // dials in a row without a stable session
	dials    dialBudget
	present  atomic.Pointer[session] // nil when no socket is open
	offered  atomic.Pointer[session] // the same, once it may be polled; nil if it is not polled
	token    string                  // access token of the latest dial; the goroutine of Run's
}

// New returns a connection, not yet connected.
func New(cfg Config) (*Conn, error) {
	u, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Sink == nil || cfg.Credentials == nil || cfg.Commands == nil {
		return nil, errors.New("conn: Config needs Sink, Credentials and Commands")
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Sent == nil {
		cfg.Sent = func(shard.Command) {}
	}
	if cfg.Notify == nil {
		cfg.Notify = func(Transition) {}
	}
	if cfg.Pollable == nil {
		cfg.Pollable = func() {}
	}
	if cfg.Logger == nil {
		cfg.Logger = discard
	}
	cfg.TLS = tlsConfig(cfg.TLS)
	setDefault(&cfg.Liveness, 5*time.Second)
	setDefault(&cfg.DialTimeout, 10*time.Second)
	setDefault(&cfg.WriteTimeout, 5*time.Second)
	setDefault(&cfg.DrainTimeout, time.Second)
	setDefault(&cfg.MinBackoff, 500*time.Millisecond)
	setDefault(&cfg.MaxBackoff, 30*time.Second)
	setDefault(&cfg.StableAfter, 10*time.Second)
	if limit := cfg.Sink.MaxRecord(); cfg.MaxMessage <= 0 || cfg.MaxMessage > limit {
		cfg.MaxMessage = limit
	}
	return &Conn{
		cfg:     cfg,
		url:     u,
		log:     cfg.Logger.With("conn", cfg.ID),
		changed: make(chan struct{}, 1),
		backoff: backoff{min: cfg.MinBackoff, max: cfg.MaxBackoff},
	}, nil
}

// Counters returns the connection's counters, to be read at any time.
func (c *Conn) Counters() *Counters { return &c.counters }

// State returns where the connection stands.
func (c *Conn) State() State { return State(c.state.Load()) }

// Kick tells the connection that the desired state changed. It never blocks;
// several kicks before the writer looks are one.
func (c *Conn) Kick() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// Restart ends the present socket for err; Run then dials anew, as after any
// other end. Without a socket it does nothing. From any goroutine.
func (c *Conn) Restart(err error) {
	if s := c.present.Load(); s != nil {
		s.fail(err)
	}
}

// Run connects, and reconnects, until ctx is cancelled or the connection is
// beyond repair: the server refuses the credentials for good, or MaxAttempts is
// reached. On cancellation it closes the WebSocket properly, delivers what
// arrives until the server's Close, and returns nil. It is called once.
func (c *Conn) Run(ctx context.Context) error {
	if _, token := c.cfg.Credentials(); token == "" && c.cfg.Refresh != nil {
		c.to(StateRefused, nil, 0)
		c.refresh(ctx)
	}
	c.dials.delay(time.Now(), 0)
	for ctx.Err() == nil {
		lived, err := c.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if lived >= c.cfg.StableAfter {
			c.backoff.reset()
			c.failed = 0
		} else { // a server that accepts and hangs up is as bad as one that refuses
			c.failed++
		}
		delay, err := c.plan(ctx, err)
		if ctx.Err() != nil {
			break
		}
		if delay < 0 {
			c.to(StateStopped, err, 0)
			return err
		}
		c.to(StateBackingOff, err, delay)
		if !sleep(ctx, delay) {
			break
		}
	}
	c.to(StateStopped, nil, 0)
	return nil
}

// guarded calls the user's code and makes a panic of it an error.
func guarded(where string, call func() error, secrets ...string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = NewPanicError(where, v, secrets...)
		}
	}()
	return call()
}

// never is the delay before a dial that cannot help.
const never = time.Duration(-1)

// plan decides what follows a session that ended for err: the delay before the
// next dial, or never, and the reason to give. After a refusal it waits for new
// credentials.
func (c *Conn) plan(ctx context.Context, err error) (time.Duration, error) {
	delay := c.backoff.next()
	var refused *HandshakeError
	if errors.As(err, &refused) {
		switch {
		case refused.StatusCode == http.StatusForbidden && c.cfg.Refresh != nil:
			c.to(StateRefused, err, 0)
			c.refresh(ctx)
		case refused.Permanent():
			return never, err
		case refused.StatusCode == http.StatusTooManyRequests:
			delay += max(refused.RetryAfter, tooManyDelay)
		default:
			delay = max(delay, refused.RetryAfter)
		}
	}
	if n := c.cfg.MaxAttempts; n > 0 && c.failed >= n {
		return never, &AttemptsError{Conn: c.cfg.ID, Attempts: n, Err: err}
	}
	return c.dials.delay(time.Now(), delay), err
}

// refresh asks for new credentials until it gets them or ctx ends.
func (c *Conn) refresh(ctx context.Context) {
	pause := backoff{min: c.cfg.MinBackoff, max: c.cfg.MaxBackoff}
	for {
		err := guarded("refresh of the token", func() error { return c.cfg.Refresh(ctx, c.token) }, c.token)
		if err == nil {
			return
		}
		delay := pause.next()
		c.tell(slog.LevelWarn, "refreshing the access token failed", "attempt", pause.attempt, "delay", delay, "err", Redact(err, c.token))
		if !sleep(ctx, delay) {
			return
		}
	}
}

// to moves to state, tells the owner and the log. While a session lives its
// watchdog calls it; before and after, the goroutine of Run: never both.
func (c *Conn) to(state State, err error, delay time.Duration) {
	from := c.State()
	if !from.mayBecome(state) {
		panic(fmt.Sprintf("conn: illegal transition from %v to %v", from, state))
	}
	now := time.Now()
	switch {
	case state == StateLive && from == StateDialing:
		c.counters.LiveSince.Store(now.UnixNano())
	case !state.Connected():
		c.counters.LiveSince.Store(0)
	}
	c.state.Store(uint32(state))
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	attrs := []any{"from", from.String()}
	if c.backoff.attempt > 0 {
		attrs = append(attrs, "attempt", c.backoff.attempt)
	}
	if delay > 0 {
		attrs = append(attrs, "delay", delay)
	}
	if err != nil {
		attrs = append(attrs, "err", err)
	}
	c.tell(level, "connection "+state.String(), attrs...)
	c.cfg.Notify(Transition{
		Conn: c.cfg.ID, From: from, To: state, At: now,
		Attempt: c.backoff.attempt, Delay: delay, Err: err,
	})
}

// tell writes a line to the user's log. A handler that panics must not end the
// connection's goroutine: nobody would dial again.
func (c *Conn) tell(level slog.Level, msg string, args ...any) {
	defer func() {
		if recover() != nil {
			c.counters.Panics.Add(1)
		}
	}()
	c.log.Log(context.Background(), level, msg, args...)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Format prints the connection's name and state, whatever the verb: its fields
// hold credentials.
func (c *Conn) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "conn %d (%v)", c.cfg.ID, c.State()) }
