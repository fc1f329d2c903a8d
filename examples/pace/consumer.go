package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/stats"
)

// consumer reads one stream at its own pace, and keeps books.
type consumer struct {
	cfg    kiteticker.StreamConfig
	loop   func(*consumer) // each or batches
	rest   func()          // called before each tick: what makes the consumer slow
	stream *kiteticker.TickStream

	// Told by the stream. Its goroutine writes, the screen reads.
	received, lost, replaced stats.Counter
	ages                     stats.Histogram // of ticks when they were read, ns

	got map[uint32][]seen // by instrument; its goroutine's until that has ended
	digester
}

const (
	cost    = time.Millisecond // of a tick, for the slow ones
	blocked = 2 * time.Second  // how long the recorder stands still, and then does not
	small   = 512              // ring of the stream that drops
)

// attach makes the four consumers.
func attach(client *kiteticker.Client, ring int) (all []*consumer, err error) {
	slow := func() { time.Sleep(cost) }
	var recorder stall
	all = []*consumer{
		{cfg: kiteticker.StreamConfig{Name: "fast"}, loop: (*consumer).batches, rest: func() {}},
		{cfg: kiteticker.StreamConfig{Name: "dropping", Capacity: small}, loop: (*consumer).batches, rest: slow},
		{cfg: kiteticker.StreamConfig{Name: "conflating", Overflow: kiteticker.Conflate}, loop: (*consumer).each, rest: slow},
		{cfg: kiteticker.StreamConfig{Name: "blocking", Overflow: kiteticker.Block, Capacity: ring}, loop: (*consumer).batches, rest: recorder.rest},
	}
	for _, c := range all {
		c.got = map[uint32][]seen{}
		if c.stream, err = client.Ticks(c.cfg); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// batches reads until the client has stopped and everything was delivered. The
// last loss of all has no tick behind it, and comes with an empty batch.
func (c *consumer) batches() {
	for ticks, lost := range c.stream.Batches(context.Background()) {
		c.lost.Add(lost)
		for i := range ticks {
			c.take(&ticks[i], c.stream.ReplacedBy(i))
		}
	}
}

// each reads one tick at a time. That is the loop for a slow reader of a stream
// that conflates: what has not been taken yet can still become newer.
func (c *consumer) each() {
	for t := range c.stream.All(context.Background()) {
		c.take(t, c.stream.ReplacedBy(0))
	}
}

func (c *consumer) take(t *kiteticker.Tick, replaced uint32) {
	c.rest()
	c.ages.Record(time.Now().UnixNano() - t.ReceivedAt)
	c.got[t.Token] = append(c.got[t.Token], seen{c.digest(t), replaced})
	c.replaced.Add(uint64(replaced))
	c.received.Add(1)
}

// stall is a consumer that works for a while and then stands still as long, as
// one does that waits for a disk.
type stall struct{ until time.Time }

func (s *stall) rest() {
	now := time.Now()
	if s.until.IsZero() {
		s.until = now.Add(blocked)
	}
	if now.After(s.until) {
		time.Sleep(blocked)
		s.until = time.Now().Add(blocked)
	}
}

// check compares the books with those of the exchange, and says everything that
// is wrong. The consumer must have ended.
func (c *consumer) check(sent *tape, total uint64) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(c.cfg.Name+": "+format, args...))
	}
	received, lost, replaced := c.received.Load(), c.lost.Load(), c.replaced.Load()
	if sum := received + lost + replaced; sum != total {
		bad("%d sent, but %d received + %d lost + %d replaced = %d", total, received, lost, replaced, sum)
	}
	if n := c.stream.Len(); n != 0 {
		bad("%d still wait", n)
	}
	if lost != c.stream.Lost() || replaced != c.stream.Replaced() {
		bad("told of %d lost and %d replaced, but the stream counts %d and %d", lost, replaced, c.stream.Lost(), c.stream.Replaced())
	}
	if lost > 0 && c.cfg.Overflow != kiteticker.DropNewest {
		bad("%d lost, although its policy is %v", lost, c.cfg.Overflow)
	}
	gone, wrong := 0, 0
	for _, token := range slices.Sorted(maps.Keys(sent.packets)) {
		n, err := missing(sent.packets[token], c.got[token])
		if gone += n; err == nil {
			continue
		}
		if wrong++; wrong == 1 { // one is enough to begin the search with
			bad("instrument %d: %w", token, err)
		}
	}
	if wrong > 1 {
		bad("the same of %d instruments more", wrong-1)
	}
	if wrong == 0 && uint64(gone) != lost {
		bad("%d are missing, and %d were told lost", gone, lost)
	}
	return errors.Join(errs...)
}
