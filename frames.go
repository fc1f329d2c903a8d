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
	Data       []byte // lent for the loop body
}

// FrameStream delivers raw messages to one goroutine, to record or to decode
// elsewhere. See [Client.Frames].
type FrameStream struct {
	inlet
	client *Client
	inputs []frameInput
}

type frameInput struct {
	conn int
	ring *ring.BytesConsumer
	out  *frameOutput
	seq  uint64 // Seq of the last frame delivered
}

// frameOutput is the parser's end of one stream's ring. A record is the
// frame's Seq, 8 bytes, and its payload, so that a gap in Seq tells the reader
// exactly how many it missed.
type frameOutput struct {
	ring *ring.BytesProducer
	seq  uint64
	lost stats.Counter
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

// All yields messages, in order for each connection, with the number lost just
// before each because the reader was too slow:
//
//	for frame, lost := range stream.All(ctx) {
//
// Frame.Data is lent for the loop body. All ends when ctx is done, the stream
// is closed, or the client has stopped and everything was delivered.
func (s *FrameStream) All(ctx context.Context) iter.Seq2[Frame, uint64] {
	return func(yield func(Frame, uint64) bool) {
		s.pump(ctx, func() (found, more bool) {
			for range s.inputs {
				in := &s.inputs[s.next]
				if s.next++; s.next == len(s.inputs) {
					s.next = 0
				}
				if rec, ok := in.ring.Peek(); ok {
					return true, in.deliver(rec, yield)
				}
			}
			return false, true
		}, func() {})
	}
}

func (in *frameInput) deliver(rec ring.Record, yield func(Frame, uint64) bool) (more bool) {
	defer func() { // also when the loop body panics
		in.ring.Advance()
		in.ring.Release()
	}()
	seq := binary.NativeEndian.Uint64(rec.Data)
	lost := seq - in.seq - 1
	in.seq = seq
	return yield(Frame{
		Conn:       in.conn,
		Text:       rec.Kind == conn.KindText,
		ReceivedAt: rec.At,
		Seq:        seq,
		Data:       rec.Data[seqSize:],
	}, lost)
}

// Len returns how many bytes wait to be read, about.
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
	s.client.detachFrames(s)
	s.end()
	return nil
}
