package kiteticker

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// TickStream delivers decoded ticks to one goroutine. See [Client.Ticks].
type TickStream struct {
	inlet
	client   *Client
	overflow Overflow
	inputs   []tickInput
	slots    *conflated // nil unless the stream conflates: then the inputs have no rings
	lease    *tickInput // input whose slots are lent out, nil if none
	leased   int
	lent     bool // Poll lent ticks that Release has not given back

	timed    bool
	delivery stats.Histogram
}

// tickInput is the stream's end of the ring from one connection.
type tickInput struct {
	conn int
	ring *ring.Consumer[Tick] // nil if the stream conflates
	out  *tickOutput          // the other end: its lost counter, and what to detach
	seq  uint64               // Seq of the last tick delivered
	told uint64               // ticks of which the reader was told that they are lost

	held  atomic.Pointer[hold] // what may not be read yet; nil: all may
	taken uint64               // position: ticks handed out so far
}

// take returns at most max of the waiting ticks, all of them if max is 0, and
// how many were lost just before them. The slice ends where the next loss is.
func (in *tickInput) take(max int) (ticks []Tick, lost uint64) {
	ticks = in.free(in.ring.PeekN(max))
	if len(ticks) == 0 {
		return nil, 0
	}
	// Loaded after PeekN: a tick that follows a loss became visible after the
	// loss was counted, so no difference means no loss in this slice.
	if in.out.lost.Load() != in.told {
		lost = ticks[0].Seq - in.seq - 1
		in.told += lost
		for i := 1; i < len(ticks); i++ {
			if ticks[i].Flags&FlagLost != 0 {
				ticks = ticks[:i]
				break
			}
		}
	}
	return ticks, lost
}

// Poll returns the ticks of one connection that wait, at most max of them (all
// if max is not positive), and how many ticks were lost just before the first.
// It never blocks: when nothing waits it returns nil. The slice is lent until
// [TickStream.Release]; without it the next Poll panics, for it cannot tell a
// Release forgotten from a second reader. A conflating stream gives ticks of
// all its connections, at most StreamConfig.Capacity.
//
// When the stream has ended ([TickStream.Done]) and nothing waits any more, Poll
// gives no ticks but, once, the number lost after the last one.
func (s *TickStream) Poll(max int) (ticks []Tick, lost uint64) {
	s.enter()
	over := s.over()
	ticks, lost = s.poll(max)
	if len(ticks) == 0 && s.assist != nil {
		s.assist()
		ticks, lost = s.poll(max)
	}
	if s.lent = len(ticks) > 0; !s.lent {
		if over {
			lost = s.untold()
		}
		s.leave()
	}
	return ticks, lost
}

// poll needs the last lease given back.
func (s *TickStream) poll(max int) (ticks []Tick, lost uint64) {
	if s.slots != nil {
		if ticks = s.slots.take(max); len(ticks) > 0 {
			lost = s.untold()
			if s.timed {
				for i := range s.inputs {
					s.measure(&s.inputs[i])
				}
			}
		}
		return ticks, lost
	}
	for range s.inputs {
		in := &s.inputs[s.next]
		if s.next++; s.next == len(s.inputs) {
			s.next = 0
		}
		if ticks, lost = in.take(max); len(ticks) > 0 {
			s.lease, s.leased = in, len(ticks)
			in.seq = ticks[len(ticks)-1].Seq
			in.taken += uint64(len(ticks))
			if s.timed {
				s.measure(in)
			}
			return ticks, lost
		}
	}
	return nil, 0
}

// measure records how long the reader took to come for what in has.
func (s *TickStream) measure(in *tickInput) {
	if ago, ok := in.out.fetched(); ok {
		s.delivery.Record(int64(ago))
	}
}

// Release gives back what the last Poll lent. If that was nothing, it does
// nothing.
func (s *TickStream) Release() {
	if s.lent {
		s.lent = false
		s.giveBack()
		s.leave()
	}
}

func (s *TickStream) giveBack() {
	if s.lease != nil {
		s.lease.ring.AdvanceN(s.leased)
		s.lease.ring.Release()
		s.lease = nil
	}
}

// ReplacedBy returns how many updates of its instrument the i-th tick that is
// lent now replaced: of the slice that Poll or Batches gave, and with All, which
// lends one at a time, the 0th. It is 0 for streams that do not conflate.
func (s *TickStream) ReplacedBy(i int) uint32 {
	if s.slots == nil {
		return 0
	}
	return s.slots.folds[i]
}

// Batches yields slices of ticks, at most 1,024, each from one connection (from
// all, if the stream conflates) and in the order received, with the number of ticks lost just before the slice:
//
//	for ticks, lost := range stream.Batches(ctx) {
//
// A loss shows when a tick follows it, or else at the end, with an empty slice.
// The loop body is the lease: the slots are reused after it. Batches ends when
// ctx is done, the stream is closed, or the client has stopped and everything
// was delivered; why the client stopped is what Run returns. To see what the
// client still delivers while it stops, give Batches another context than Run.
func (s *TickStream) Batches(ctx context.Context) iter.Seq2[[]Tick, uint64] {
	return func(yield func([]Tick, uint64) bool) {
		s.pump(ctx, func() (found, more bool) { return s.batch(yield) }, func() {
			if lost := s.untold(); lost > 0 {
				yield(nil, lost)
			}
		})
	}
}

// untold counts the ticks that were lost after the last one delivered, and
// takes them as told.
func (s *TickStream) untold() (lost uint64) {
	for i := range s.inputs {
		in := &s.inputs[i]
		now := in.out.lost.Load() // once: it may grow meanwhile
		lost += now - in.told
		in.told = now
	}
	return lost
}

// batchRun and allRun are after how many ticks Batches and All give slots back
// at the latest: a loop that takes its time would otherwise keep a full ring full
// until it has seen the last of it.
const (
	batchRun = 1024
	allRun   = 64
)

// batch yields the ticks of one poll and gives them back.
func (s *TickStream) batch(yield func([]Tick, uint64) bool) (found, more bool) {
	ticks, lost := s.poll(batchRun)
	if len(ticks) == 0 {
		return false, true
	}
	defer s.giveBack() // also when the loop body panics: what it was lent is spent
	return true, yield(ticks, lost)
}

// All yields ticks one at a time; each is lent for the loop body. A tick that
// follows a loss has [FlagLost], and the gap in Seq says how many are missing.
// All ends as Batches does, without a word of what was lost after the last tick:
// see Lost. Breaking out of the loop loses nothing: the ticks
// not yet yielded wait for the next reader.
func (s *TickStream) All(ctx context.Context) iter.Seq[*Tick] {
	return func(yield func(*Tick) bool) {
		s.pump(ctx, func() (found, more bool) { return s.each(yield) }, func() {})
	}
}

// each yields the ticks of one poll and gives back what was yielded.
func (s *TickStream) each(yield func(*Tick) bool) (found, more bool) {
	max := allRun
	if s.slots != nil {
		max = 1 // the next one is taken when it is wanted, not before: it may change
	}
	ticks, _ := s.poll(max)
	n := 0
	defer func() { // a break or a panic in the body keeps the rest
		if n > 0 && s.lease != nil {
			s.lease.taken -= uint64(s.leased - n)
			s.leased = n
			s.lease.seq = ticks[n-1].Seq
			s.giveBack()
		}
	}()
	more = true
	for more && n < len(ticks) {
		n++
		more = yield(&ticks[n-1])
	}
	return n > 0, more
}

// Len returns how many ticks wait, those lent included, about: it may be called
// from any goroutine while others add and take.
func (s *TickStream) Len() int {
	if s.slots != nil {
		return s.slots.ring.Len()
	}
	n := 0
	for i := range s.inputs {
		n += s.inputs[i].ring.Len()
	}
	return n
}

// Lost returns how many ticks the stream has lost so far because its reader
// was too slow. It may be called from any goroutine.
func (s *TickStream) Lost() uint64 {
	var n uint64
	for i := range s.inputs {
		n += s.inputs[i].out.lost.Load()
	}
	return n
}

// Replaced returns how many ticks a conflating stream has replaced so far by
// newer ones. It may be called from any goroutine.
func (s *TickStream) Replaced() uint64 {
	if s.slots == nil {
		return 0
	}
	return s.slots.total.Load()
}

// Close detaches the stream; other streams do not notice. A reader in Batches
// or All gets what was published before, and ends.
func (s *TickStream) Close() error {
	s.giveUp()
	s.client.detachTicks(s)
	s.end()
	return nil
}
