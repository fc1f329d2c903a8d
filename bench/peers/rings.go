package main

import (
	"github.com/puzpuzpuz/xsync/v4"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
)

// A queue brings n ticks from one goroutine to another, filled and read, and
// returns how many were read.
type queue struct {
	name string
	run  func(n int) int
}

// queueItems is how many ticks each queue holds.
const queueItems = 1024

// ringQueues returns what is compared: our ring, published after each tick and
// after 16; a channel; the SPSC queue of xsync, which has no way to wait, so its
// ends idle as the ring's would with WaitYield; and, as the floor, a slice of as many slots that one goroutine
// writes and reads alone.
func ringQueues() []queue {
	return []queue{
		{"same goroutine", copyQueue},
		{"ring, publish 16", func(n int) int { return ringQueue(n, 16) }},
		{"ring, publish 1", func(n int) int { return ringQueue(n, 1) }},
		{"channel", channelQueue},
		{"xsync.SPSCQueue", xsyncQueue},
	}
}

// fill writes what a reader looks for.
func fill(t *decode.Tick, i int) { *t = decode.Tick{Seq: uint64(i), LastPrice: 1} }

// look reads the first and the last word of a tick. It returns 1 for what fill
// wrote.
func look(t *decode.Tick, i int) int {
	if t.Seq != uint64(i) {
		return 0
	}
	return int(t.LastPrice)
}

func copyQueue(n int) (sum int) {
	slots := make([]decode.Tick, queueItems)
	for i := range n {
		fill(&slots[i%queueItems], i)
		sum += look(&slots[i%queueItems], i)
	}
	return sum
}

// across runs the two ends of a queue on two goroutines.
func across(produce func(), consume func() int) int {
	sum := make(chan int)
	go func() { sum <- consume() }()
	produce()
	return <-sum
}

func ringQueue(n, batch int) int {
	p, c := ring.New[decode.Tick](queueItems)
	return across(func() {
		for i := range n {
			t, ok := p.Reserve()
			if !ok {
				p.Publish()
				p.Wait(nil)
				t, _ = p.Reserve()
			}
			fill(t, i)
			p.Commit()
			if i%batch == batch-1 {
				p.Publish()
			}
		}
		p.Publish()
	}, func() (sum int) {
		for i := 0; i < n && c.Wait(nil); {
			for t, ok := c.Peek(); ok; t, ok = c.Peek() {
				sum += look(t, i)
				i++
				c.Advance()
			}
			c.Release()
		}
		return sum
	})
}

func channelQueue(n int) int {
	ch := make(chan decode.Tick, queueItems)
	return across(func() {
		for i := range n {
			var t decode.Tick
			fill(&t, i)
			ch <- t
		}
	}, func() (sum int) {
		for i := range n {
			t := <-ch
			sum += look(&t, i)
		}
		return sum
	})
}

func xsyncQueue(n int) int {
	q := xsync.NewSPSCQueue[decode.Tick](queueItems)
	return across(func() {
		w := ring.NewWaiter(ring.WaitYield)
		for i := range n {
			var t decode.Tick
			fill(&t, i)
			for ; !q.TryEnqueue(t); w.Idle(nil) {
			}
			w.Reset()
		}
	}, func() (sum int) {
		w := ring.NewWaiter(ring.WaitYield)
		for i := range n {
			t, ok := q.TryDequeue()
			for ; !ok; t, ok = q.TryDequeue() {
				w.Idle(nil)
			}
			w.Reset()
			sum += look(&t, i)
		}
		return sum
	})
}
