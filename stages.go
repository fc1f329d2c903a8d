package kiteticker

import (
	"encoding/binary"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// Stages says where the messages with ticks of a connection spend their time,
// in nanoseconds, if Config.Stages is set. What comes after them is
// [StreamStats.Delivery].
type Stages struct {
	Read   stats.Distribution // from the socket read that completed a message to the frame ring
	Queue  stats.Distribution // from there to the parser; with Inline there is no such stage
	Decode stats.Distribution // from there to the publish of the message's last tick
}

// stages measures for one connection. Where it can it reads the monotonic clock
// alone, as time since it was made: half the cost of time.Now.
type stages struct {
	made   time.Time
	read   stats.Histogram // written by the reader, or by the parser if it is inline
	queue  stats.Histogram // by the parser
	decode stats.Histogram // by the parser
	began  time.Duration   // when the parser took the present message, since made
	inline bool
}

// stampedSink puts behind each message when it entered the ring, for the parser
// to take off again: 8 bytes.
type stampedSink struct {
	conn.Sink
	stages  *stages
	claimed []byte
}

const stampSize = 8

func (s *stampedSink) Claim(n int) ([]byte, error) {
	buf, err := s.Sink.Claim(n + stampSize)
	if err != nil {
		return nil, err
	}
	s.claimed = buf
	return buf[:n], nil
}

func (s *stampedSink) Commit(n int, kind ring.Kind, at int64) {
	now := time.Now()
	binary.NativeEndian.PutUint64(s.claimed[n:], uint64(now.Sub(s.stages.made)))
	if timed(kind, n) {
		s.stages.read.Record(now.UnixNano() - at)
	}
	s.Sink.Commit(n+stampSize, kind, at)
}

func (s *stampedSink) Wait(done <-chan struct{}, n int) bool { return s.Sink.Wait(done, n+stampSize) }
func (s *stampedSink) MaxRecord() int                        { return s.Sink.MaxRecord() - stampSize }

// timed reports whether a message is one that carries ticks.
func timed(kind ring.Kind, size int) bool { return kind == conn.KindBinary && size > 1 }

// begin notes that the parser has taken rec, and returns it without its stamp.
func (s *stages) begin(rec ring.Record) ring.Record {
	if s.inline {
		now := time.Now()
		s.began = now.Sub(s.made)
		if timed(rec.Kind, len(rec.Data)) {
			s.read.Record(now.UnixNano() - rec.At)
		}
		return rec
	}
	s.began = time.Since(s.made)
	n := len(rec.Data) - stampSize
	if timed(rec.Kind, n) {
		s.queue.Record(int64(s.began) - int64(binary.NativeEndian.Uint64(rec.Data[n:])))
	}
	rec.Data = rec.Data[:n]
	return rec
}

// Snapshot copies what was measured so far; nil has measured nothing.
func (s *stages) Snapshot() (out Stages) {
	if s != nil {
		out = Stages{Read: s.read.Snapshot(), Queue: s.queue.Snapshot(), Decode: s.decode.Snapshot()}
	}
	return out
}

// unread says since when ticks wait for a stream's reader: since the parser took
// their message, for looking at the clock again at each publish would cost more
// than decoding what is published. Zero: none wait, or it is not known, for a
// publish just while the reader comes goes unmeasured.
type unread struct {
	stages *stages     // of the connection; nil: nobody measures
	fresh  bool        // something is committed and not published
	since  stats.Gauge // nanoseconds after stages.made, plus 1
}

// published notes a publish that is about to happen.
func (u *unread) published() {
	if u.stages != nil && u.fresh {
		u.fresh = false
		if u.since.Load() == 0 {
			u.since.Store(int64(u.stages.began) + 1)
		}
	}
}

// fetched returns how long the oldest of what the reader comes for has waited,
// and starts over; false if that is not known.
func (u *unread) fetched() (ago time.Duration, ok bool) {
	since := u.since.Load()
	if since == 0 {
		return 0, false
	}
	u.since.Store(0)
	return time.Since(u.stages.made) - time.Duration(since-1), true
}
