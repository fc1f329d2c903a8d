package kiteticker

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// Frame is one complete WebSocket message as the server sent it, heartbeats
// and texts included.
type Frame struct {
	Conn       int
	Text       bool
	ReceivedAt int64  // wall clock at the socket read that completed it, Unix nanoseconds
	Seq        uint64 // number among the messages of this connection owed to the stream, from 1
	Data       []byte // lent for the loop body, or until Release
}

// FrameStream delivers raw messages to one goroutine, to record or to decode
// elsewhere. See [Client.Frames].
type FrameStream struct {
	inlet
	client   *Client
	overflow Overflow
	inputs   []frameInput
	lease    *frameInput // input whose frame Poll lent, nil if none
}

type frameInput struct {
	conn int
	ring *ring.BytesConsumer
	out  *frameOutput
	seq  uint64 // Seq of the last frame delivered
	lost uint64 // messages of which the reader was told that they are lost
}

// frameOutput is the parser's end of one stream's ring. A record is the
// frame's Seq, 8 bytes, and its payload, so that a gap in Seq tells the reader
// exactly how many it missed.
type frameOutput struct {
	ring *ring.BytesProducer
	seq  uint64
	lost stats.Counter
	patience
}

const seqSize = 8

// forward copies a message into the stream's ring, or counts it lost, and
// reports whether the stream's reader was woken.
func (o *frameOutput) forward(rec ring.Record) (woke bool) {
	o.seq++
	n := seqSize + len(rec.Data)
	buf, err := o.ring.Claim(n)
	if err != nil {
		o.lost.Add(1)
		return false
	}
	binary.NativeEndian.PutUint64(buf, o.seq)
	copy(buf[seqSize:], rec.Data)
	o.ring.Commit(n, rec.Kind, rec.At)
	return o.ring.Publish()
}

// full reports whether the parser must wait for the stream's reader before it
// forwards n bytes.
func (o *frameOutput) full(n int) bool {
	if !o.blocks || o.spent {
		return false
	}
	_, err := o.ring.Claim(seqSize + n)
	if err != nil {
		return true
	}
	o.ring.Abort()
	return false
}

// Poll returns the next message of one connection and how many were lost just
// before it; ok is false if none waits. It never blocks. The frame's Data is
// lent until [FrameStream.Release], without which the next Poll panics.
func (s *FrameStream) Poll() (f Frame, lost uint64, ok bool) {
	s.enter()
	in, rec := s.peek()
	if in == nil && s.assist != nil {
		s.assist()
		in, rec = s.peek()
	}
	if in == nil {
		s.leave()
		return Frame{}, 0, false
	}
	s.lease = in
	f, lost = in.frame(rec)
	return f, lost, true
}

// Release gives back what the last Poll lent. If that was nothing, it does
// nothing.
func (s *FrameStream) Release() {
	if in := s.lease; in != nil {
		s.lease = nil
		in.giveBack()
		s.leave()
	}
}

// peek returns the next input that has a message, nil if none has.
func (s *FrameStream) peek() (*frameInput, ring.Record) {
	for range s.inputs {
		in := &s.inputs[s.next]
		if s.next++; s.next == len(s.inputs) {
			s.next = 0
		}
		if rec, ok := in.ring.Peek(); ok {
			return in, rec
		}
	}
	return nil, ring.Record{}
}

// All yields messages, in order for each connection, with the number lost just
// before each because the reader was too slow:
//
//	for frame, lost := range stream.All(ctx) {
//
// Frame.Data is lent for the loop body. What is lost at the very end comes with
// a Frame that has no Data, one for each connection. All ends when ctx is done,
// the stream is closed, or the client has stopped and everything was delivered.
func (s *FrameStream) All(ctx context.Context) iter.Seq2[Frame, uint64] {
	return func(yield func(Frame, uint64) bool) {
		s.pump(ctx, func() (found, more bool) {
			in, rec := s.peek()
			if in == nil {
				return false, true
			}
			defer in.giveBack() // also when the loop body panics
			return true, yield(in.frame(rec))
		}, func() { s.untold(yield) })
	}
}

// untold tells what was lost after each connection's last message.
func (s *FrameStream) untold(yield func(Frame, uint64) bool) {
	for i := range s.inputs {
		in := &s.inputs[i]
		if lost := in.out.lost.Load() - in.lost; lost > 0 {
			in.lost += lost
			if !yield(Frame{Conn: in.conn}, lost) {
				return
			}
		}
	}
}

// frame makes a Frame of a record, and counts what was lost before it.
func (in *frameInput) frame(rec ring.Record) (f Frame, lost uint64) {
	seq := binary.NativeEndian.Uint64(rec.Data)
	lost = seq - in.seq - 1
	in.seq = seq
	in.lost += lost
	return Frame{
		Conn:       in.conn,
		Text:       rec.Kind == conn.KindText,
		ReceivedAt: rec.At,
		Seq:        seq,
		Data:       rec.Data[seqSize:],
	}, lost
}

func (in *frameInput) giveBack() {
	in.ring.Advance()
	in.ring.Release()
}

// Len returns how many bytes of messages wait, that of the one lent included,
// about: it may be called from any goroutine.
func (s *FrameStream) Len() int {
	n := 0
	for i := range s.inputs {
		n += s.inputs[i].ring.Len()
	}
	return n
}

// Lost returns how many messages the stream has lost so far. It may be called
// from any goroutine.
func (s *FrameStream) Lost() uint64 {
	var n uint64
	for i := range s.inputs {
		n += s.inputs[i].out.lost.Load()
	}
	return n
}

// Close detaches the stream. A reader in All gets what was published before,
// and ends.
func (s *FrameStream) Close() error {
	s.giveUp()
	s.client.detachFrames(s)
	s.end()
	return nil
}
