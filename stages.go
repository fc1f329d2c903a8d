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

// stages measures for one connection.
type stages struct {
	read   stats.Histogram // written by the reader, or by the parser if it is inline
	queue  stats.Histogram // by the parser
	decode stats.Histogram // by the parser
	began  int64           // when the parser took the present message
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
	now := time.Now().UnixNano()
	binary.NativeEndian.PutUint64(s.claimed[n:], uint64(now))
	if timed(kind, n) {
		s.stages.read.Record(now - at)
	}
	s.Sink.Commit(n+stampSize, kind, at)
}

func (s *stampedSink) Wait(done <-chan struct{}, n int) bool { return s.Sink.Wait(done, n+stampSize) }
func (s *stampedSink) MaxRecord() int                        { return s.Sink.MaxRecord() - stampSize }

// timed reports whether a message is one that carries ticks.
func timed(kind ring.Kind, size int) bool { return kind == conn.KindBinary && size > 1 }

// begin notes that the parser has taken rec, and returns it without its stamp.
func (s *stages) begin(rec ring.Record) ring.Record {
	s.began = time.Now().UnixNano()
	n := len(rec.Data) - stampSize
	if s.inline {
		n += stampSize
	}
	switch {
	case !timed(rec.Kind, n):
	case s.inline:
		s.read.Record(s.began - rec.At)
	default:
		s.queue.Record(s.began - int64(binary.NativeEndian.Uint64(rec.Data[n:])))
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

// unread is when the oldest publish happened that a stream's reader has not
// come for yet. Zero: none, or not known, for a publish just while the reader
// comes goes unmeasured.
type unread struct {
	timed bool
	fresh bool // something is committed and not published
	since stats.Gauge
}

// published notes a publish that is about to happen.
func (u *unread) published() {
	if u.timed && u.fresh {
		u.fresh = false
		if u.since.Load() == 0 {
			u.since.Store(time.Now().UnixNano())
		}
	}
}

// fetched returns when the oldest publish happened that the reader comes for
// now, and starts over.
func (u *unread) fetched() (since int64) {
	if since = u.since.Load(); since != 0 {
		u.since.Store(0)
	}
	return since
}
