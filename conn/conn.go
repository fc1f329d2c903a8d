package conn

import (
	"context"
	"crypto/tls"
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

// Sink takes a connection's data messages; only the reader goroutine calls it.
// The payload is read from the socket straight into the claimed memory.
// *[ring.BytesProducer] is a Sink.
type Sink interface {
	Claim(n int) ([]byte, error) // ring.ErrFull: Wait, then claim again
	Commit(n int, kind ring.Kind, at int64)
	Abort()
	Publish() (woke bool)
	Wait(done <-chan struct{}, n int) bool
	MaxRecord() int
}

// Config says how to connect and whom to tell. Zero durations and sizes take
// the defaults given beside them.
type Config struct {
	ID        int    // names the connection in logs, errors and transitions
	URL       string // root, without credentials
	Query     url.Values
	Header    http.Header
	UserAgent string
	TLS       *tls.Config // nil: verify against the system's roots; TLS 1.2 is the least in any case
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)

	// Credentials gives the api_key and access_token for the next dial.
	Credentials func() (apiKey, accessToken string)
	// Refresh is called after the server refused accessToken with 403; it
	// returns nil once Credentials gives another. Nil: a refusal ends Run.
	Refresh func(ctx context.Context, accessToken string) error
	// Commands returns what must be sent to make the server's state the
	// desired one, and counts it as sent. fresh says that the socket is new:
	// nothing has been sent on it. It is called by the writer goroutine of one
	// session at a time.
	Commands func(fresh bool) []shard.Command
	// Notify is told of each transition; it must not block.
	Notify func(Transition)

	Sink   Sink
	Logger *slog.Logger

	Liveness     time.Duration // silence after which the connection is dead; 5 s
	DialTimeout  time.Duration // TCP, TLS and upgrade together; 10 s
	WriteTimeout time.Duration // one write; 5 s
	DrainTimeout time.Duration // wait for the server's Close after ours; 1 s
	MinBackoff   time.Duration // 500 ms
	MaxBackoff   time.Duration // 30 s
	StableAfter  time.Duration // a session this long resets the backoff; 10 s
	MaxMessage   int           // bytes; the sink's MaxRecord, and never above it
}

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
	token    string // access token of the latest dial; the goroutine of Run's
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
	if cfg.Notify == nil {
		cfg.Notify = func(Transition) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
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

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
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

// Run connects, and reconnects, until ctx is cancelled or the server refuses
// the credentials for good. On cancellation it closes the WebSocket properly,
// delivers what arrives until the server's Close, and returns nil. It is called
// once.
func (c *Conn) Run(ctx context.Context) error {
	for {
		lived, err := c.session(ctx)
		if ctx.Err() != nil {
			c.to(StateStopped, nil, 0)
			return nil
		}
		if lived >= c.cfg.StableAfter { // a server that accepts and hangs up is as bad as one that refuses
			c.backoff.reset()
		}
		delay := c.backoff.next()
		var refused *HandshakeError
		if errors.As(err, &refused) {
			switch {
			case refused.StatusCode == http.StatusForbidden && c.cfg.Refresh != nil:
				c.to(StateRefused, err, 0)
				if !c.refresh(ctx) {
					c.to(StateStopped, nil, 0)
					return nil
				}
			case refused.Permanent():
				c.to(StateStopped, err, 0)
				return err
			case refused.StatusCode == http.StatusTooManyRequests:
				delay += max(refused.RetryAfter, tooManyDelay)
			default:
				delay = max(delay, refused.RetryAfter)
			}
		}
		c.to(StateBackingOff, err, delay)
		if !sleep(ctx, delay) {
			c.to(StateStopped, nil, 0)
			return nil
		}
	}
}

// refresh asks for new credentials until it gets them; false if ctx ends first.
func (c *Conn) refresh(ctx context.Context) bool {
	for {
		err := c.cfg.Refresh(ctx, c.token)
		if err == nil {
			return true
		}
		delay := c.backoff.next()
		c.log.Warn("refreshing the access token failed", "delay", delay, "err", redact(err, c.token))
		if !sleep(ctx, delay) {
			return false
		}
	}
}

// to moves to state, tells the owner and the log.
func (c *Conn) to(state State, err error, delay time.Duration) {
	from := c.State()
	if from == state {
		return
	}
	now := time.Now()
	if state == StateLive {
		c.counters.LiveSince.Store(now.UnixNano())
	} else if from == StateLive {
		c.counters.LiveSince.Store(0)
	}
	c.state.Store(uint32(state))
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "connection "+state.String(),
		"from", from.String(), "attempt", c.backoff.attempt, "delay", delay, "err", err)
	c.cfg.Notify(Transition{
		Conn: c.cfg.ID, From: from, To: state, At: now,
		Attempt: c.backoff.attempt, Delay: delay, Err: err,
	})
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

// String names the connection; credentials are not in it.
func (c *Conn) String() string { return fmt.Sprintf("conn %d (%v)", c.cfg.ID, c.State()) }
