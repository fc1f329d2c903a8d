package conn

import (
	"fmt"
	"runtime"
)

// Polled is what [Conn.Poll] found.
type Polled uint8

const (
	NoSocket Polled = iota // nothing to poll: no socket is open, or it is read without polling
	Busy                   // another goroutine is reading just now
	Empty                  // no message was whole yet
	Found                  // at least one message went into the sink
)

var polledNames = [...]string{"no socket", "busy", "empty", "found"}

func (p Polled) String() string {
	if int(p) < len(polledNames) {
		return polledNames[p]
	}
	return fmt.Sprintf("Polled(%d)", uint8(p))
}

// Poll reads what the socket has, without waiting, on the calling goroutine, and
// puts it into the sink. It is for a Config with BusyPoll, whose owner must call
// it again and again as long as Run runs: nobody else reads. Any goroutine may
// call it, for one at a time is the reader: the others get Busy.
//
// A call takes 64 KiB from the socket at most, however fast the server sends:
// whoever polls many sockets shall not stay with one that floods it. It stops
// inside a message if need be, and the next call goes on there. What it puts into
// the sink is those 64 KiB and what had come of one message before.
func (c *Conn) Poll() Polled {
	s := c.offered.Load() // pairs with the Store in session
	if s == nil {
		return NoSocket
	}
	if !s.turn.TryLock() {
		return Busy
	}
	defer s.turn.Unlock()
	if !s.finished { // or the next session counts already
		c.counters.Polls.Add(1)
	}
	return s.visit()
}

// polled reports whether the session's socket is read by Poll.
func (s *session) polled() bool { return s.sock.poll != nil }

// visit reads until the socket has nothing more, the visit has had its 64 KiB or
// the session ends: where it is not polled, all its life. The caller has the turn.
func (s *session) visit() Polled {
	if s.finished {
		return NoSocket
	}
	before := s.c.counters.Messages.Load()
	s.src.left = readBufferSize
	var err error // stays nil after a panic, whose error is the session's cause
	s.guard("reader", func() { err = s.read() })
	if err != errDry {
		s.last, s.finished = err, true
		close(s.over)
	}
	if s.c.counters.Messages.Load() == before {
		return Empty
	}
	return Found
}

// serve reads until the session ends, or waits while others poll.
func (s *session) serve() error {
	if s.polled() {
		select {
		case <-s.over:
		case <-s.done:
		}
	}
	// For the last, also where others may not come any more: the socket is
	// closed then, and the next read knows.
	for {
		s.turn.Lock()
		found := s.visit()
		s.turn.Unlock()
		if found == NoSocket {
			return s.last
		}
		runtime.Gosched()
	}
}
