package kitetest

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Conn is the server's end of one client connection. Its methods may be called
// from any goroutine. Those that send return once the bytes are handed to the
// socket, or net.ErrClosed (or another network error) if it is gone.
type Conn struct {
	s      *Server
	raw    net.Conn // TCP or memory
	nc     net.Conn // raw, or TLS over it
	in     *bufio.Reader
	done   chan struct{} // closed by end
	ending sync.Once

	// Set by the handshake, before anybody else can see the Conn.
	id     int
	apiKey string
	req    *http.Request

	stalled atomic.Bool
	closing atomic.Bool // a close frame was sent
	faults  atomic.Pointer[Faults]
	sentAt  atomic.Int64 // time of the last data message, in ns since the server's start

	mu       sync.Mutex // never held while waiting for a peer
	received []string
	thaw     chan struct{} // not nil while frozen; closed by the thaw
	linger   *time.Timer   // ends the connection after a close frame

	writing gate   // held by whoever writes to nc
	frame   []byte // of writing: reused for every frame but the market's
	pieces  []byte // of writing: reused by faults

	// Guarded by the market's gate.
	subs    map[uint32]subscription
	modes   []decode.Mode // of each instrument, 0: not subscribed; nil until the first subscription
	used    int           // subscriptions that count toward MaxTokens
	message []byte        // reused: what the market sends
}

func newConn(s *Server, raw net.Conn) *Conn {
	c := &Conn{
		s:       s,
		raw:     raw,
		nc:      raw,
		done:    make(chan struct{}),
		writing: newGate(),
		subs:    make(map[uint32]subscription),
	}
	if s.tls != nil {
		c.nc = tls.Server(raw, s.tls)
	}
	return c
}

// serve is the connection's goroutine.
func (c *Conn) serve() {
	defer c.s.market.leave(c)
	defer c.end(nil)
	if !c.handshake() {
		return
	}
	c.touch()
	c.s.cfg.Logger.Info("connected", "conn", c.id)
	if c.s.cfg.Hello {
		c.hello()
	}
	c.s.goroutines.Go(c.pulse)
	c.end(c.read())
}

// end closes the socket and frees its slot. It may be called at any time.
func (c *Conn) end(reason error) {
	c.ending.Do(func() {
		close(c.done)
		c.raw.Close()
		c.mu.Lock()
		if c.linger != nil {
			c.linger.Stop()
		}
		c.mu.Unlock()

		if c.s.forget(c) {
			c.s.cfg.Logger.Info("disconnected", "conn", c.id, "err", reason)
		}
	})
}

func (c *Conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// sleep waits for d; it returns false if the connection ended before.
func (c *Conn) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.done:
		return false
	}
}

// ID returns the number of this connection among all that the server has
// accepted, from 0.
func (c *Conn) ID() int { return c.id }

// Request returns the client's handshake request.
func (c *Conn) Request() *http.Request { return c.req }

// Done returns a channel that is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Received returns the client's text messages, byte for byte, in order.
func (c *Conn) Received() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.received)
}

// Tokens returns what the connection is subscribed to.
func (c *Conn) Tokens() map[uint32]decode.Mode {
	c.s.market.gate.lock()
	defer c.s.market.gate.unlock()
	tokens := make(map[uint32]decode.Mode, len(c.subs))
	for token, sub := range c.subs {
		tokens[token] = sub.mode
	}
	return tokens
}

// SetFaults changes the connection's faults from the next write on.
func (c *Conn) SetFaults(f Faults) { c.faults.Store(&f) }

// Stall makes the connection a silent dead feed: it stays open and answers
// pings, but sends no ticks, heartbeats or pings until Stall(false). Ticks that
// would have been sent never exist: the ledger does not know them.
func (c *Conn) Stall(on bool) { c.stalled.Store(on) }

// Freeze makes the connection a black hole: it stays open, but the server
// neither reads nor sends (except what the test itself sends) until
// Freeze(false). One read that is under way is still finished.
func (c *Conn) Freeze(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case on && c.thaw == nil:
		c.thaw = make(chan struct{})
	case !on && c.thaw != nil:
		close(c.thaw)
		c.thaw = nil
	}
}

// thawed waits until the connection is not frozen; false once it has ended.
func (c *Conn) thawed() bool {
	for {
		c.mu.Lock()
		thaw := c.thaw
		c.mu.Unlock()
		if thaw == nil {
			return true
		}
		select {
		case <-thaw:
		case <-c.done:
			return false
		}
	}
}

// Hangup ends the connection without a close frame. The client still reads
// what was sent before, then EOF: after a part of a frame, sent with SendRaw, an
// unexpected one.
func (c *Conn) Hangup() { c.end(nil) }

// Drop cuts the connection without a close frame, on TCP with a reset: what
// the client has not read yet may be lost.
func (c *Conn) Drop() {
	switch raw := c.raw.(type) {
	case *net.TCPConn:
		raw.SetLinger(0)
	case *pipeConn:
		raw.reset()
	}
	c.end(nil)
}
