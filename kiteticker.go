package kiteticker

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/internal/sock"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Client receives the market data of one or more accounts. All its methods may
// be called from any goroutine, before, during and after Run.
type Client struct {
	cfg         Config
	plan        plan
	pollers     []*poller
	lines       []*line
	accounts    []*account
	hub         *hub
	instruments *instruments
	decoder     *decode.Decoder
	latest      *ring.Latest[Tick] // nil unless Config.LastValues
	look        chan struct{}      // capacity 1: wakes the supervisor

	started atomic.Bool

	mu      sync.Mutex // guards what follows; never held while waiting
	table   *shard.Table
	ticks   []*TickStream
	frames  []*FrameStream
	homes   map[uint32]int // connection to return to, of tokens that are away from it
	hurry   bool           // no parser is to wait for a stream any more
	stopped bool
}

// Format prints how many connections the client has, whatever the verb: its
// fields hold credentials.
func (c *Client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "kiteticker.Client with %d connections", len(c.lines))
}

// New returns a client for cfg, which it copies. It reports everything that is
// wrong with cfg, joined, and touches no network.
func New(cfg Config) (*Client, error) {
	form := cfg
	cfg = cfg.withDefaults()
	err := cfg.validate(form)
	decoder, decErr := decode.NewDecoder(cfg.Segments...)
	if decErr != nil {
		decErr = fmt.Errorf("kiteticker: Segments: %w", decErr)
	}
	total := 0
	for _, a := range cfg.Accounts {
		total += a.Conns
	}
	if err := errors.Join(err, decErr); err != nil {
		return nil, err
	}
	table, err := shard.NewTable(shard.Config{
		Conns: total, Capacity: capacity(cfg.FrameRing), Policy: cfg.Sharding, Pin: cfg.PinToken,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		cfg: cfg, table: table, instruments: newInstruments(), decoder: decoder, homes: map[uint32]int{}, look: make(chan struct{}, 1),
	}
	c.plan = choose(cfg.Profile, cfg.BusyPoll, total, min(runtime.GOMAXPROCS(0), runtime.NumCPU()), len(cfg.PinCPUs) > 0, sock.Supported)
	c.hub = newHub(c.rejected)
	if cfg.LastValues {
		c.latest = ring.NewLatest[Tick](0)
	}
	for i, a := range cfg.Accounts {
		acc := newAccount(a)
		c.accounts = append(c.accounts, acc)
		for range a.Conns {
			l, err := c.newLine(len(c.lines), i, acc)
			if err != nil {
				return nil, err
			}
			c.lines = append(c.lines, l)
		}
	}
	c.newPollers()
	return c, nil
}

// Subscribe adds tokens in the given mode. It never blocks: what it changes is
// sent as soon as a connection is live, and again after every reconnect. All
// or nothing: if the tokens do not all fit, none is subscribed and the error
// is a *[CapacityError]. Tokens already subscribed take the new mode. Token 0 and
// modes that cannot be subscribed are errors, and [ErrStopped] after Run.
//
// Success says that the tokens are desired, not that the server accepted them:
// it acknowledges nothing. The first tick does.
func (c *Client) Subscribe(mode Mode, tokens ...uint32) error {
	var elsewhere map[int][]uint32
	err := c.locked(func() (err error) {
		if err = c.table.Subscribe(mode, tokens...); err == nil {
			elsewhere = c.place(tokens)
		}
		return err
	})
	if err != nil {
		return err
	}
	for from, tokens := range elsewhere {
		c.handOver(from, func() []shard.Moved { return c.movedFrom(from, tokens) })
	}
	c.kick()
	return nil
}

// SetMode changes the mode of subscribed tokens. All or nothing: if one is not
// subscribed, nothing changes and the error is a *[TokenError].
func (c *Client) SetMode(mode Mode, tokens ...uint32) error {
	return c.edit(func() error { return c.table.SetMode(mode, tokens...) })
}

// Unsubscribe removes tokens; those not subscribed are ignored. Ticks on their
// way may still arrive.
func (c *Client) Unsubscribe(tokens ...uint32) error {
	return c.edit(func() error {
		c.table.Unsubscribe(tokens...)
		for _, token := range tokens {
			delete(c.homes, token)
		}
		return nil
	})
}

// edit changes the desired state and tells the connections.
func (c *Client) edit(change func() error) error {
	if err := c.locked(change); err != nil {
		return err
	}
	c.kick()
	return nil
}

// locked calls change with the lock held, also if it panics: it may call the
// user's PinToken.
func (c *Client) locked(change func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return ErrStopped
	}
	return change()
}

// kick makes every connection compare what it was told with what is desired.
func (c *Client) kick() {
	for _, l := range c.lines {
		l.conn.Kick()
	}
}

// Subscriptions yields the desired tokens and modes, in ascending order of
// token, as they are at the call of Subscriptions.
func (c *Client) Subscriptions() iter.Seq2[uint32, Mode] {
	type subscription struct {
		token uint32
		mode  Mode
	}
	var list []subscription
	c.mu.Lock()
	for token, mode := range c.table.All() {
		list = append(list, subscription{token, mode})
	}
	c.mu.Unlock()
	return func(yield func(uint32, Mode) bool) {
		for _, s := range list {
			if !yield(s.token, s.mode) {
				return
			}
		}
	}
}

// ConnOf returns the connection that carries token, false if it is not
// subscribed.
func (c *Client) ConnOf(token uint32) (conn int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.table.Conn(token)
}

// Decoder returns what the client decodes packets by, Config.Segments included,
// for those who read frames.
func (c *Client) Decoder() *decode.Decoder { return c.decoder }

// Conns returns the number of connections; they are numbered from 0.
func (c *Client) Conns() int { return len(c.lines) }
