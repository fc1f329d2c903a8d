package kiteticker

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/ring"
)

// StreamConfig says what a stream receives and how it waits.
type StreamConfig struct {
	Name string // for Stats; "" is fine
	// Conns lists the connections to receive from; empty means all of them.
	Conns []int
	// Capacity of the stream's ring for each connection: in ticks for Ticks, in
	// bytes for Frames. 0 means Config.TickRing and Config.FrameRing.
	Capacity int
	// Wait is how the stream's reader waits; default ring.WaitPark.
	Wait ring.WaitStrategy
}

// inlet is what tick and frame streams share: the reader's side of a set of
// rings, one per connection, with one waiter for all of them.
type inlet struct {
	name    string
	waiter  *ring.Waiter
	done    chan struct{} // closed when nothing more will be published
	once    sync.Once
	reading atomic.Bool // one goroutine at a time reads
	next    int         // input to look at first, so that none starves
}

func newInlet(name string, wait ring.WaitStrategy) inlet {
	return inlet{name: name, waiter: ring.NewWaiter(wait), done: make(chan struct{})}
}

// Name returns the name the stream was given.
func (s *inlet) Name() string { return s.name }

// Format prints the stream's name, whatever the verb: its fields lead to the
// client and its credentials.
func (s *inlet) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "kiteticker stream %q", s.name) }

func (s *inlet) end() { s.once.Do(func() { close(s.done) }) }

// enter claims the reading side. A ring has one consumer; a second one would
// corrupt it, so it is told loudly.
func (s *inlet) enter() {
	if !s.reading.CompareAndSwap(false, true) {
		panic("kiteticker: stream " + s.name + " is read by two goroutines at once")
	}
}

func (s *inlet) leave() { s.reading.Store(false) }

// pump calls poll until it reports the end. poll says whether it found
// something and whether to go on; in between pump waits as the stream's wait
// strategy says. It returns when ctx is done, or the stream has ended and poll
// finds nothing more: then it calls last.
func (s *inlet) pump(ctx context.Context, poll func() (found, more bool), last func()) {
	s.enter()
	defer s.leave()
	stop := context.AfterFunc(ctx, func() { s.waiter.Wake() }) // a parked reader notices ctx too
	defer stop()
	for ended := false; ctx.Err() == nil; {
		found, more := poll()
		switch {
		case !more:
			return
		case found:
			s.waiter.Reset()
		case ended:
			last()
			return
		default:
			ended = !s.waiter.Idle(s.done) // once done: one more poll sees what was published before
		}
	}
}

// TickStream delivers decoded ticks to one goroutine. See [Client.Ticks].
type TickStream struct {
	inlet
	client *Client
	inputs []tickInput
	lease  *tickInput // input whose slots are lent out, nil if none
	leased int
}

// tickInput is the stream's end of the ring from one connection.
type tickInput struct {
	conn int
	ring *ring.Consumer[Tick]
	out  *tickOutput // the other end: its lost counter, and what to detach
	seq  uint64      // Seq of the last tick delivered
	told uint64      // ticks of which the reader was told that they are lost

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

// Poll returns the ticks of one connection that wait, at most max of them (0:
// all), and how many ticks were lost just before the first. It never blocks:
// when nothing waits it returns nil. The slice is lent until Release or the
// next Poll.
func (s *TickStream) Poll(max int) (ticks []Tick, lost uint64) {
	s.enter()
	defer s.leave()
	return s.poll(max)
}

func (s *TickStream) poll(max int) (ticks []Tick, lost uint64) {
	s.giveBack()
	for range s.inputs {
		in := &s.inputs[s.next]
		if s.next++; s.next == len(s.inputs) {
			s.next = 0
		}
		if ticks, lost = in.take(max); len(ticks) > 0 {
			s.lease, s.leased = in, len(ticks)
			in.seq = ticks[len(ticks)-1].Seq
			in.taken += uint64(len(ticks))
			return ticks, lost
		}
	}
	return nil, 0
}

// Release gives the slots of the last Poll back. Without it the next Poll does.
func (s *TickStream) Release() {
	s.enter()
	defer s.leave()
	s.giveBack()
}

func (s *TickStream) giveBack() {
	if s.lease != nil {
		s.lease.ring.AdvanceN(s.leased)
		s.lease.ring.Release()
		s.lease = nil
	}
}

// Batches yields slices of ticks, each from one connection and in the order
// received, with the number of ticks lost just before the slice:
//
//	for ticks, lost := range stream.Batches(ctx) {
//
// A loss shows when a tick follows it, or else at the end, with an empty slice.
// The loop body is the lease: the slots are reused after it. Batches ends when
// ctx is done, the stream is closed, or the client has stopped and everything
// was delivered; why the client stopped is what Run returns.
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
		lost += in.out.lost.Load() - in.told
		in.told = in.out.lost.Load()
	}
	return lost
}

// batch yields the ticks of one poll and gives them back.
func (s *TickStream) batch(yield func([]Tick, uint64) bool) (found, more bool) {
	ticks, lost := s.poll(0)
	if len(ticks) == 0 {
		return false, true
	}
	defer s.giveBack() // also when the loop body panics: what it was lent is spent
	return true, yield(ticks, lost)
}

// All yields ticks one at a time; each is lent for the loop body. A tick that
// follows a loss has [FlagLost], and the gap in Seq says how many are missing.
// All ends as Batches does. Breaking out of the loop loses nothing: the ticks
// not yet yielded wait for the next reader.
func (s *TickStream) All(ctx context.Context) iter.Seq[*Tick] {
	return func(yield func(*Tick) bool) {
		s.pump(ctx, func() (found, more bool) { return s.each(yield) }, func() {})
	}
}

// each yields the ticks of one poll and gives back what was yielded.
func (s *TickStream) each(yield func(*Tick) bool) (found, more bool) {
	ticks, _ := s.poll(0)
	n := 0
	defer func() { // a break or a panic in the body keeps the rest
		if n > 0 {
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

// Len returns how many ticks wait to be read, about: it may be called from any
// goroutine while others add and take.
func (s *TickStream) Len() int {
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

// Close detaches the stream; other streams do not notice. A reader in Batches
// or All gets what was published before, and ends.
func (s *TickStream) Close() error {
	s.client.detachTicks(s)
	s.end()
	return nil
}

// pickConns checks a stream's list of connections.
func pickConns(conns []int, total int) ([]int, error) {
	if len(conns) == 0 {
		conns = make([]int, total)
		for i := range conns {
			conns[i] = i
		}
		return conns, nil
	}
	conns = slices.Clone(conns)
	slices.Sort(conns)
	for i, id := range conns {
		if id < 0 || id >= total {
			return nil, fmt.Errorf("kiteticker: StreamConfig.Conns has %d, want 0 to %d", id, total-1)
		}
		if i > 0 && id == conns[i-1] {
			return nil, fmt.Errorf("kiteticker: StreamConfig.Conns has %d twice", id)
		}
	}
	return conns, nil
}
