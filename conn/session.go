package conn

import (
	"bufio"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/valyala/bytebufferpool"

	"github.com/kiteticker/kiteticker/internal/role"
)

// session is one socket's life: three goroutines, the reader (the caller of
// Run, or whoever polls), the writer and the watchdog, which all end before it
// does.
type session struct {
	c      *Conn
	sock   *socket
	opened time.Time

	// Reader's.
	src        source
	br         *bufio.Reader
	hdr        [ws.MaxHeaderSize]byte
	control    [ws.MaxControlFramePayloadSize]byte
	frame      frame
	fragments  *bytebufferpool.ByteBuffer // of a fragmented message in progress, nil if none
	fragmentOp ws.OpCode
	claimed    bool // a record of the sink is open

	// Whoever has the turn is the reader.
	turn     sync.Mutex
	finished bool          // it will read no more; guarded by turn
	last     error         // why; guarded by turn
	over     chan struct{} // closed when finished

	// Shared.
	out       outbox
	lastHeard atomic.Int64 // last byte, monotonic nanoseconds since opened
	blocked   atomic.Bool  // the reader waits for the sink, not for the socket
	cause     atomic.Pointer[error]
	ended     sync.Once
	done      chan struct{} // closed when nobody must wait for the socket or the sink any more
	written   chan struct{} // closed when the writer has ended
}

// lingerTimeout bounds the wait for a server to close after our Close frame.
const lingerTimeout = time.Second

// session opens a socket and serves it until it ends. It returns how long the
// socket was open, and why it is not any more.
func (c *Conn) session(ctx context.Context) (lived time.Duration, err error) {
	c.to(StateDialing, nil, 0)
	c.counters.Dials.Add(1)
	sock, err := c.dial(ctx)
	if err != nil {
		var he *HandshakeError
		if errors.As(err, &he) && he.Permanent() {
			c.counters.Refused.Add(1)
		}
		return 0, err
	}
	s := &session{c: c, sock: sock, opened: time.Now(), done: make(chan struct{}), written: make(chan struct{}), over: make(chan struct{})}
	s.out.wake = make(chan struct{}, 1)
	s.src = source{s: s, at: s.opened.UnixNano(), head: unread(sock.leftover)}
	s.br = bufio.NewReaderSize(&s.src, readBufferSize)
	c.counters.Sessions.Add(1)
	c.counters.LastRead.Store(s.opened.UnixNano())
	c.counters.LastMessage.Store(s.opened.UnixNano()) // from here on the server has its time
	c.present.Store(s)
	c.to(StateLive, nil, 0)
	if s.polled() { // not before: Notify has the sink to itself
		c.offered.Store(s) // pairs with the Load in Poll
		c.cfg.Pollable()
	}

	var others sync.WaitGroup
	others.Go(func() {
		defer close(s.written)
		role.Do("writer", c.cfg.ID, func() { s.guard("writer", func() { s.write(ctx) }) })
	})
	others.Go(func() {
		role.Do("watchdog", c.cfg.ID, func() { s.guard("watchdog", func() { s.watch(ctx) }) })
	})
	err = s.serve()
	if s.polled() {
		s.sock.poll.Wait() // for linger, which does
	}
	if cause := s.cause.Load(); cause != nil && !final(err) {
		err = *cause
	}
	if s.claimed {
		c.cfg.Sink.Abort()
	}
	s.linger()
	s.end()
	others.Wait()
	c.present.Store(nil)
	c.offered.Store(nil)
	return time.Since(s.opened), err
}

// final reports whether err, of a reader, says all there is to say: the server
// closed or broke the protocol. Otherwise the reader stopped because another
// goroutine had a reason.
func final(err error) bool {
	var ce *CloseError
	return err != nil && err != errEnded && !(errors.As(err, &ce) && ce.Err != nil)
}

// guard runs one of the session's goroutines. A panic ends the session, not the
// process: the next socket starts afresh.
func (s *session) guard(where string, run func()) {
	defer func() {
		if v := recover(); v != nil {
			s.c.counters.Panics.Add(1)
			s.fail(NewPanicError(where, v, s.c.token))
		}
	}()
	run()
}

// fail ends the session for err, from any goroutine; the first cause wins.
func (s *session) fail(err error) {
	s.cause.CompareAndSwap(nil, &err)
	s.end()
}

// hangUp ends the session after a failed write, but lets the reader have what
// came before: the server may have sent orders, and its reason, before it left.
func (s *session) hangUp(err error) {
	err = &CloseError{Code: ws.StatusAbnormalClosure, Err: err}
	s.cause.CompareAndSwap(nil, &err)
	if s.sock.SetReadDeadline(time.Now().Add(lingerTimeout)) != nil {
		s.end()
	}
}

// end releases everybody. It closes the raw socket: TLS would wait to say
// goodbye to a dead peer.
func (s *session) end() {
	s.ended.Do(func() {
		close(s.done)
		s.sock.raw.Close()
	})
}

// linger lets our Close frame arrive. Closing a TCP socket with unread bytes
// in it sends a reset, which can destroy the frame on its way, so what still
// comes is read and dropped until the server closes or lingerTimeout passes.
func (s *session) linger() {
	if !s.out.closing() {
		return
	}
	deadline := time.Now().Add(lingerTimeout)
	t := time.NewTimer(lingerTimeout)
	defer t.Stop()
	select {
	case <-s.written:
	case <-t.C:
		return
	}
	if cw, ok := s.sock.raw.(interface{ CloseWrite() error }); ok {
		_ = cw.CloseWrite() // best effort: a server that sees our end closes sooner
	}
	if s.sock.raw.SetReadDeadline(deadline) != nil {
		return
	}
	for {
		if _, err := s.sock.raw.Read(s.control[:]); err != nil {
			return
		}
	}
}
