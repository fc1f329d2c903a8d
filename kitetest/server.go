package kitetest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Server is a simulated exchange. Its methods may be called from any
// goroutine, except that none may be called from [Config.OnTick].
type Server struct {
	cfg    Config
	tls    *tls.Config  // nil: no TLS
	ln     net.Listener // nil: in memory
	market *market
	start  time.Time

	done       chan struct{} // closed by Close
	goroutines sync.WaitGroup

	mu      sync.Mutex // never held while waiting for a peer
	closed  bool
	open    map[*Conn]struct{} // all sockets, those in their handshake too
	live    []*Conn            // past their handshake, in order of arrival
	dials   int
	nextID  int
	rejects []reject
	faults  Faults // of new connections

	heartbeats atomic.Uint64
}

// NewServer returns a server in memory, reached by [Server.Dial] alone. It is
// closed when the test ends. Inside a testing/synctest bubble it lives by the
// bubble's clock; it must be made inside the bubble then.
//
// A mistake in cfg ends the test. Where there is no test, as in an example, tb
// may be nil: then the caller must close the server, and a mistake panics.
func NewServer(tb testing.TB, cfg Config) *Server {
	if tb != nil {
		tb.Helper()
	}
	s, err := newServer(cfg)
	switch {
	case err != nil && tb != nil:
		tb.Fatal(err)
	case err != nil:
		panic(err)
	}
	s.run()
	if tb != nil {
		tb.Cleanup(func() { s.Close() })
	}
	return s
}

// Listen returns a server on a real TCP socket, with TLS if cfg.TLS is set.
// The caller must close it.
func Listen(cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	if s.ln, err = net.Listen("tcp", s.cfg.Addr); err != nil {
		return nil, err
	}
	s.run()
	s.goroutines.Go(s.accept)
	return s, nil
}

func newServer(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:    cfg,
		faults: cfg.Faults,
		start:  time.Now(),
		done:   make(chan struct{}),
		open:   make(map[*Conn]struct{}),
	}
	if cfg.TLS != nil {
		s.tls = cfg.TLS.Clone()
		s.tls.NextProtos = []string{"http/1.1"} // a WebSocket handshake is HTTP/1.1
	}
	var err error
	s.market, err = newMarket(s)
	return s, err
}

func (s *Server) run() {
	if s.cfg.Rate > 0 {
		s.goroutines.Go(s.market.run)
	}
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			select {
			case <-s.done:
				return
			case <-time.After(beat): // out of file descriptors: clients may close some
				s.cfg.Logger.Warn("accept failed", "err", err)
				continue
			}
		}
		s.serve(c)
	}
}

// serve gives a socket its goroutine, or closes it if the server is closed.
func (s *Server) serve(raw net.Conn) bool {
	c := newConn(s, raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		raw.Close()
		return false
	}
	s.open[c] = struct{}{}
	c.SetFaults(s.faults)
	s.goroutines.Go(c.serve)
	return true
}

// URL returns the address to connect to, without credentials: ws://host:port,
// or wss with TLS. For a server in memory it is a loopback address where
// nothing listens; use [Server.Dial] to connect.
func (s *Server) URL() string {
	scheme, host := "ws://", "127.0.0.1:1"
	if s.tls != nil {
		scheme = "wss://"
	}
	if s.ln != nil {
		addr := *s.ln.Addr().(*net.TCPAddr)
		if addr.IP.IsUnspecified() { // can be listened on, not dialed
			addr.IP = net.IPv4(127, 0, 0, 1)
		}
		host = addr.String()
	}
	return scheme + host
}

// Dial connects to the server, whatever network and addr say: it has the shape
// of net.Dialer.DialContext, for clients that take a dial function. It speaks
// no TLS: with [Config.TLS], the client does.
func (s *Server) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.ln != nil {
		return new(net.Dialer).DialContext(ctx, "tcp", s.ln.Addr().String())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, server := newPipe()
	if !s.serve(server) {
		return nil, &net.OpError{Op: "dial", Net: client.local.Network(), Addr: client.remote, Err: syscall.ECONNREFUSED}
	}
	return client, nil
}

// Close drops all sockets and waits for the server's goroutines to end, which
// does not depend on any client. It returns nil the first time,
// net.ErrClosed after.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.closed = true
	open := make([]*Conn, 0, len(s.open))
	for c := range s.open {
		open = append(open, c)
	}
	s.mu.Unlock()

	close(s.done)
	var err error
	if s.ln != nil {
		err = s.ln.Close()
	}
	for _, c := range open {
		c.end(errServerClosed)
	}
	s.goroutines.Wait()
	return err
}

var errServerClosed = errors.New("kitetest: server closed")

// Conns returns the live connections in order of arrival.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.live)
}

// ConnOf returns the live connection that is subscribed to token, nil if none
// is. If there are several it is the one that came first.
func (s *Server) ConnOf(token uint32) *Conn {
	conns := s.Conns()
	s.market.gate.lock()
	defer s.market.gate.unlock()
	for _, c := range conns {
		if _, ok := c.subs[token]; ok {
			return c
		}
	}
	return nil
}

// forget frees the slot of c, which has ended. It reports whether c was live.
func (s *Server) forget(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	s.live = slices.DeleteFunc(s.live, func(other *Conn) bool { return other == c })
	return c.req != nil
}

// Dials returns how many handshakes the server has seen, rejected ones too.
func (s *Server) Dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// SetFaults changes the faults of all connections, live and future.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	for c := range s.open {
		c.SetFaults(f)
	}
}

// SendText sends a text message on every live connection.
func (s *Server) SendText(text string) {
	for _, c := range s.Conns() {
		c.SendText(text)
	}
}
