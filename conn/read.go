package conn

import (
	"bufio"
	"errors"
	"io"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/valyala/bytebufferpool"

	"github.com/kiteticker/kiteticker/internal/sock"
	"github.com/kiteticker/kiteticker/ring"
)

// readBufferSize bounds one read from the socket. Small frames arrive many to
// a read; a payload longer than what is buffered is read straight into the
// sink's memory.
const readBufferSize = 64 << 10

// source reads the socket, stamps each read and counts its bytes.
type source struct {
	s    *session
	at   int64  // wall clock of the last read, Unix nanoseconds
	head []byte // came with the handshake, before anything the socket has
	dry  bool   // a polled socket under TLS had nothing
	left int    // bytes that this visit may still take from a polled socket
}

func (r *source) Read(p []byte) (int, error) {
	open := r.s.sock
	if r.s.polled() {
		if r.left == 0 {
			return 0, sock.ErrWouldBlock // for this visit: the socket, or TLS, may have more
		}
		p = p[:min(len(p), r.left)]
	}
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		r.left -= n
		return n, nil
	}
	if r.dry && open.poll.Idle() {
		// crypto/tls allocates for each read in vain, thousands of times for a
		// message when polled. It has nothing of its own left: it was dry.
		return 0, sock.ErrWouldBlock
	}
	n, err := open.Read(p)
	r.left -= n
	r.dry = n == 0 && open.polledTLS() && errors.Is(err, sock.ErrWouldBlock)
	if n > 0 {
		now := time.Now()
		r.at = now.UnixNano()
		r.s.heard(now, n)
	}
	return n, err
}

// heard notes that the server is alive: any byte counts.
func (s *session) heard(now time.Time, n int) {
	s.c.counters.Bytes.Add(uint64(n))
	s.c.counters.LastRead.Store(now.UnixNano())
	s.lastHeard.Store(int64(now.Sub(s.opened))) // pairs with the Load in watch
}

// errDry ends a visit to a polled socket: it has nothing to read now, or has
// given all that one visit may take.
var errDry = errors.New("conn: nothing to read now")

// read moves data messages from the socket into the sink until the session
// ends, and says why it did; or, if the socket is polled, until this visit is
// over. Nothing in it allocates while messages are whole frames.
func (s *session) read() error {
	for {
		if err := s.readFrame(); err != nil {
			return err
		}
		if s.polled() && s.br.Buffered() == 0 {
			return errDry // as far as we know: asking again is left to the next visit
		}
	}
}

// readFrame reads one frame, or the rest of one.
func (s *session) readFrame() (err error) {
	f := &s.frame
	if !f.begun {
		h, err := s.readHeader()
		if err != nil {
			return s.lost(err)
		}
		if err := s.checkHeader(h); err != nil {
			return s.refuse(err)
		}
		*f = frame{Header: h, begun: true}
	}
	switch {
	case f.OpCode.IsControl():
		err = s.readControl(f)
	case f.Fin && s.fragments == nil:
		err = s.readMessage(f)
	default:
		err = s.readFragment(f)
	}
	if err == nil {
		f.begun = false
	}
	return err
}

// readMessage reads an unfragmented message straight into the sink.
func (s *session) readMessage(f *frame) (err error) {
	if !s.claimed {
		if f.body, err = s.claim(int(f.Length)); err != nil {
			return err
		}
	}
	for f.got < len(f.body) {
		n, err := s.br.Read(f.body[f.got:])
		f.got += n
		if err != nil {
			return s.lost(err)
		}
	}
	return s.commit(f.OpCode, f.body)
}

// readFragment collects a fragmented message aside, since its length is known
// only at its end, and then copies it into the sink. Kite is not known to
// fragment, so this path may allocate.
func (s *session) readFragment(f *frame) error {
	if s.fragments == nil {
		s.fragments, s.fragmentOp = bytebufferpool.Get(), f.OpCode
	}
	// LimitReader and ReadFrom grow the buffer as bytes arrive: a length that
	// the server only announced costs nothing.
	n, err := s.fragments.ReadFrom(io.LimitReader(s.br, f.Length-int64(f.got)))
	f.got += int(n)
	if err == nil && int64(f.got) < f.Length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return s.lost(err)
	}
	if !f.Fin {
		return nil
	}
	buf, err := s.claim(len(s.fragments.B))
	if err != nil {
		return err
	}
	copy(buf, s.fragments.B)
	op := s.fragmentOp
	s.dropFragments()
	return s.commit(op, buf)
}

// claim reserves n bytes of the sink, until commit or the session's end. When
// the sink is full it waits: orders ride the same socket, so nothing may be
// skipped, and TCP pushes back. Whoever polls does not wait but comes again.
func (s *session) claim(n int) ([]byte, error) {
	sink := s.c.cfg.Sink
	buf, err := sink.Claim(n)
	if errors.Is(err, ring.ErrFull) {
		if !s.blocked.Load() {
			s.c.counters.Waits.Add(1)
			s.blocked.Store(true) // pairs with the Load in watch: silence is now our own
		}
		if s.polled() {
			select {
			case <-s.done:
				return nil, errEnded
			default:
				return nil, errDry
			}
		}
		if !sink.Wait(s.done, n) {
			return nil, errEnded
		}
		buf, err = sink.Claim(n)
	}
	if s.blocked.Load() {
		s.lastHeard.Store(int64(time.Since(s.opened))) // not a byte, but no silence either
		s.blocked.Store(false)
	}
	s.claimed = err == nil
	return buf, err
}

// commit completes a message in the sink and makes it visible at once: the
// next read may block, and half a frame must not delay a whole one.
func (s *session) commit(op ws.OpCode, buf []byte) error {
	kind := KindBinary
	if op == ws.OpText {
		kind = KindText
	}
	sink := s.c.cfg.Sink
	s.claimed = false
	sink.Commit(len(buf), kind, s.src.at)
	// Checked between Commit and Publish, while the bytes are still ours.
	bad := kind == KindText && !utf8.Valid(buf)
	woke := sink.Publish()
	s.c.counters.Messages.Add(1)
	s.c.counters.LastMessage.Store(s.src.at)
	if woke && !s.polled() && s.br.Buffered() == 0 {
		// The next thing we do is ask the kernel for more, and mostly in vain.
		// Whoever waits for this message runs before that: it takes a tenth off
		// the way of a lone tick (BenchmarkPipeline). Not where we are polled:
		// the goroutine may be the user's, and keeps the turn from others.
		runtime.Gosched()
	}
	if bad {
		return s.refuse(ErrInvalidUTF8) // delivered all the same: a damaged text is better than a lost order
	}
	return nil
}

// lost explains a failed read. Where another goroutine ended the session, its
// cause takes this one's place.
func (s *session) lost(err error) error {
	if errors.Is(err, sock.ErrWouldBlock) {
		return errDry
	}
	if errors.Is(err, ws.ErrHeaderLengthMSB) || errors.Is(err, ws.ErrHeaderLengthUnexpected) {
		return s.refuse(protocolError("a frame's length has its top bit set"))
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the stream ended without a Close frame
	}
	return &CloseError{Code: ws.StatusAbnormalClosure, Err: err}
}

func (s *session) fragmentBytes() int {
	if s.fragments == nil {
		return 0
	}
	return len(s.fragments.B)
}

func (s *session) dropFragments() {
	if s.fragments != nil {
		bytebufferpool.Put(s.fragments)
		s.fragments = nil
	}
}

// unread takes what came with the handshake out of its reader, nil if there is
// none: it may hold the first frame.
func unread(r *bufio.Reader) []byte {
	if r == nil {
		return nil
	}
	head := make([]byte, r.Buffered())
	_, _ = io.ReadFull(r, head) // served from its buffer: cannot fail
	ws.PutReader(r)
	return head
}
