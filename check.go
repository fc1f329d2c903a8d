package kiteticker

import (
	"errors"
	"fmt"
	"time"
)

// Check returns nil if all is well: every connection is live, has heard from
// the server and got a message or heartbeat within maxSilence, has not been
// behind with telling it the subscriptions for longer than that, nor waiting
// for a stream that blocks, and the server has not complained. Otherwise it
// returns all findings joined, each an *[UnhealthyError].
//
// A connection that cannot read, because it waits for a stream's reader or its
// ring is full, is not said to be silent: that would blame the server.
//
// Check looks at s alone: the same snapshot always gets the same answer. Ticks
// that a stream lost, and events that nobody reads, are no findings: they are
// their readers' affair, and the feed is well.
func (s Stats) Check(maxSilence time.Duration) error {
	var errs []error
	for i := range s.Conns {
		for _, reason := range s.findings(&s.Conns[i], maxSilence) {
			errs = append(errs, &UnhealthyError{Conn: s.Conns[i].Conn, Reason: reason})
		}
	}
	return errors.Join(errs...)
}

// findings says what is wrong with connection c.
func (s Stats) findings(c *ConnStats, maxSilence time.Duration) (list []string) {
	bad := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if c.State != StateLive {
		bad("%v, not live", c.State)
		return list
	}
	waiting := false
	for i := range s.Streams {
		st := &s.Streams[i]
		for _, w := range st.Waiting {
			if w.Conn != c.Conn {
				continue
			}
			waiting = true
			if waited := s.At.Sub(w.Since); waited > maxSilence {
				bad("waiting for the reader of stream %q for %v", st.Name, waited.Round(time.Millisecond))
			}
		}
	}
	quiet, idle := s.At.Sub(c.LastByte), s.At.Sub(c.LastMessage)
	switch {
	case waiting: // what came meanwhile may be unread
	case quiet > maxSilence && c.ringFull():
		bad("not reading for %v, more than %v: %d bytes wait in its ring of %d",
			quiet.Round(time.Millisecond), maxSilence, c.RingLen, c.RingCap)
	case quiet > maxSilence:
		bad("silent for %v, more than %v", quiet.Round(time.Millisecond), maxSilence)
	case idle > maxSilence:
		bad("alive, but without a message for %v, more than %v", idle.Round(time.Millisecond), maxSilence)
	}
	if c.Rejected > 0 {
		bad("told by the server that subscriptions failed, %d times", c.Rejected)
	}
	if !c.BehindSince.IsZero() && s.At.Sub(c.BehindSince) > maxSilence {
		bad("carrying %d of its %d instruments", c.Sent, c.Instruments)
	}
	return list
}

// ringFull reports whether the reader may be waiting for room in its ring: a
// message takes at most a quarter of it, and as much again is skipped where the
// ring wraps around.
func (c *ConnStats) ringFull() bool { return c.RingCap > 0 && c.RingLen > c.RingCap/2 }
