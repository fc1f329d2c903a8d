package kitetest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeLimit is how many unread bytes one direction of a pipe holds before its
// writer blocks: about what two loopback TCP buffers hold.
const pipeLimit = 4 << 20

// pipeConn is one end of an in-memory connection. Unlike net.Pipe it is
// buffered, so that a write does not wait for its reader, as on TCP. Blocked
// calls wait in sync.Cond, which lets the clock of a synctest bubble advance.
type pipeConn struct {
	in, out       *half
	local, remote pipeAddr
}

// newPipe returns the two ends of an in-memory connection.
func newPipe() (client, server *pipeConn) {
	up, down := newHalf(), newHalf()
	client = &pipeConn{in: down, out: up, local: "client", remote: "server"}
	server = &pipeConn{in: up, out: down, local: "server", remote: "client"}
	return client, server
}

// Read reads what the peer wrote. After the peer closed, it first drains what
// was written before, then returns io.EOF.
func (p *pipeConn) Read(b []byte) (int, error) { return p.in.read(b) }

// Write returns once all of b is buffered.
func (p *pipeConn) Write(b []byte) (int, error) { return p.out.write(b) }

// Close closes both directions. The peer still reads what was written.
func (p *pipeConn) Close() error {
	p.in.close(readerClosed)
	p.out.close(writerClosed)
	return nil
}

// reset closes both directions as a TCP RST does: unread bytes are gone.
func (p *pipeConn) reset() {
	p.in.close(readerClosed)
	p.out.close(writerClosed | wasReset)
}

func (p *pipeConn) LocalAddr() net.Addr  { return p.local }
func (p *pipeConn) RemoteAddr() net.Addr { return p.remote }

func (p *pipeConn) SetDeadline(t time.Time) error {
	p.in.reader.setDeadline(t)
	p.out.writer.setDeadline(t)
	return nil
}

func (p *pipeConn) SetReadDeadline(t time.Time) error {
	p.in.reader.setDeadline(t)
	return nil
}

func (p *pipeConn) SetWriteDeadline(t time.Time) error {
	p.out.writer.setDeadline(t)
	return nil
}

type pipeAddr string

func (pipeAddr) Network() string  { return "kitetest" }
func (a pipeAddr) String() string { return string(a) }

// pipeState says which ends of a half are closed.
type pipeState uint8

const (
	readerClosed pipeState = 1 << iota
	writerClosed
	wasReset
)

// half is one direction: bytes written and not yet read.
type half struct {
	mu             sync.Mutex // held only to move bytes, never while waiting
	buf            []byte
	off            int // buf[off:] is unread
	state          pipeState
	reader, writer side
}

// side is what one end of a half waits with.
type side struct {
	half     *half
	changed  sync.Cond
	deadline time.Time
	timer    *time.Timer // wakes the side at its deadline; made at the first wait
}

func newHalf() *half {
	h := new(half)
	for _, s := range []*side{&h.reader, &h.writer} {
		s.half = h
		s.changed.L = &h.mu
	}
	return h
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.state&readerClosed != 0:
			return 0, net.ErrClosed
		case h.state&wasReset != 0:
			return 0, syscall.ECONNRESET
		case h.reader.expired():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case h.off < len(h.buf):
			n := copy(b, h.buf[h.off:])
			if h.off += n; h.off == len(h.buf) {
				h.buf, h.off = h.buf[:0], 0
			}
			h.writer.changed.Broadcast()
			return n, nil
		case h.state&writerClosed != 0:
			return 0, io.EOF
		}
		h.reader.wait()
	}
}

func (h *half) write(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.state&writerClosed != 0:
			return n, net.ErrClosed
		case h.state&readerClosed != 0:
			return n, syscall.EPIPE
		case h.writer.expired():
			return n, os.ErrDeadlineExceeded
		}
		k := min(len(b)-n, pipeLimit-(len(h.buf)-h.off))
		if k > 0 {
			h.compact(k)
			h.buf = append(h.buf, b[n:n+k]...)
			n += k
			h.reader.changed.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		h.writer.wait()
	}
}

// compact moves the unread bytes to the front when that makes room for k more.
func (h *half) compact(k int) {
	if h.off > 0 && len(h.buf)+k > cap(h.buf) {
		h.buf = h.buf[:copy(h.buf, h.buf[h.off:])]
		h.off = 0
	}
}

func (h *half) close(s pipeState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state |= s
	if s&(readerClosed|wasReset) != 0 {
		h.buf, h.off = nil, 0
	}
	for _, s := range []*side{&h.reader, &h.writer} {
		if s.timer != nil {
			s.timer.Stop()
		}
		s.changed.Broadcast()
	}
}

// expired reports whether the deadline has passed. The caller holds half.mu.
func (s *side) expired() bool {
	return !s.deadline.IsZero() && !time.Now().Before(s.deadline)
}

// wait blocks until something changed or the deadline has passed. The caller
// holds half.mu.
func (s *side) wait() {
	if !s.deadline.IsZero() {
		if s.timer == nil {
			s.timer = time.AfterFunc(time.Until(s.deadline), s.wake)
		} else {
			s.timer.Reset(time.Until(s.deadline))
		}
	}
	s.changed.Wait()
}

func (s *side) wake() {
	// The lock makes sure that the waiter is inside Wait, not on its way there.
	s.half.mu.Lock()
	defer s.half.mu.Unlock()
	s.changed.Broadcast()
}

func (s *side) setDeadline(t time.Time) {
	s.half.mu.Lock()
	defer s.half.mu.Unlock()
	s.deadline = t
	s.changed.Broadcast()
}
