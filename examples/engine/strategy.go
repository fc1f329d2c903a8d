package main

import (
	"context"
	"sync/atomic"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/ring"
)

const (
	fraction = 16            // bits after the binary point of an average
	fastBits = 4             // a tick has a weight of 1/16 in the fast average
	slowBits = 6             // and of 1/64 in the slow one
	warmUp   = 1 << slowBits // ticks before an average means anything
)

// trend is what the strategy remembers of one instrument: two exponential
// moving averages of the last price. They are whole numbers in the price units
// of the wire times 2^fraction, so a tick costs two shifts and no rounding that
// depends on the machine.
type trend struct {
	fast, slow int64
	ticks      int32 // since the start or the last gap; stops at warmUp
	side       side  // of the fast average, seen from the slow one
}

// add takes in the next price and reports whether the averages crossed. The
// side found first is where the trend begins, not a crossing.
func (t *trend) add(price int32) (crossed bool) {
	p := int64(price) << fraction
	if t.ticks == 0 {
		t.fast, t.slow = p, p
	}
	t.fast += (p - t.fast) >> fastBits
	t.slow += (p - t.slow) >> slowBits
	if t.ticks < warmUp {
		t.ticks++
		return false
	}
	now := t.side
	switch {
	case t.fast > t.slow:
		now = long
	case t.fast < t.slow:
		now = short
	}
	crossed = now != t.side && t.side != flat
	t.side = now
	return crossed
}

// strategy trades the instruments of one connection. Everything in it but gaps
// belongs to the goroutine in run until that has returned, so a tick meets no
// lock and no other strategy.
type strategy struct {
	stream *kiteticker.TickStream
	trends map[uint32]*trend // by token; filled before run, and only read there
	slots  []trend           // what trends points into
	out    *ring.Producer[decision]

	gaps atomic.Uint32 // outages and damaged messages, counted by the reader of events
	seen uint32        // gaps that were dealt with

	ticks   uint64
	lost    uint64
	forgot  int // times that all averages were given up
	dropped int // decisions for which the desk had no room
}

func newStrategy(stream *kiteticker.TickStream, tokens []uint32, out *ring.Producer[decision]) *strategy {
	s := &strategy{
		stream: stream,
		trends: make(map[uint32]*trend, len(tokens)),
		slots:  make([]trend, len(tokens)),
		out:    out,
	}
	for i, token := range tokens {
		s.trends[token] = &s.slots[i]
	}
	return s
}

// run reads ticks until the client has stopped and all were delivered.
func (s *strategy) run() {
	for ticks, lost := range s.stream.Batches(context.Background()) {
		s.batch(ticks, lost)
	}
}

// batch takes in what arrived together. The ticks are lent: nothing of them
// is kept but what was computed or copied.
func (s *strategy) batch(ticks []kiteticker.Tick, lost uint64) {
	s.lost += lost
	if gaps := s.gaps.Load(); lost > 0 || gaps != s.seen {
		s.seen = gaps
		s.forget()
	}
	for i := range ticks {
		s.tick(&ticks[i])
	}
	s.out.Publish()
}

// forget gives up every average of this connection. Nobody can say which
// instruments the missing ticks belonged to, and an average over a gap is a
// number that means nothing: better to trade nothing until it is warm again.
func (s *strategy) forget() {
	clear(s.slots)
	s.forgot++
}

func (s *strategy) tick(t *kiteticker.Tick) {
	s.ticks++
	trend := s.trends[t.Token]
	if trend == nil || !trend.add(t.LastPrice) {
		return
	}
	d, ok := s.out.Reserve()
	if !ok {
		// A decision is a position to have, not a step to take, so the next one
		// of this instrument makes up for a dropped one.
		s.dropped++
		return
	}
	*d = decision{token: t.Token, want: trend.side, price: t.LastPrice, decimals: t.Decimals}
	s.out.Commit()
}
