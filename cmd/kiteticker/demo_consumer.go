package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/stats"
)

// consumer is what a trading engine would be: one goroutine that reads the
// ticks of one connection. It times and accounts for each of them.
type consumer struct {
	stream  *kiteticker.TickStream
	ticks   stats.Counter   // checked so far
	latency stats.Histogram // from the exchange's write to here, ns

	task // what follows is its own until it has ended

	entries map[uint32]*kitetest.Entry
	packet  []byte // reused
	seq     uint64 // of the last tick
	jumps   uint64 // ticks whose Seq did not follow the last one's
}

func newConsumer(client *kiteticker.Client, conn int) (*consumer, error) {
	stream, err := client.Ticks(kiteticker.StreamConfig{Name: fmt.Sprintf("demo %d", conn), Conns: []int{conn}})
	return &consumer{stream: stream, entries: map[uint32]*kitetest.Entry{}}, err
}

// start reads until the client has stopped and everything was delivered.
func (c *consumer) start() { c.task.start(c.run) }

func (c *consumer) run() error {
	for ticks, _ := range c.stream.Batches(context.Background()) {
		for i := range ticks {
			c.check(&ticks[i])
		}
		c.ticks.Add(uint64(len(ticks))) // last: whoever sees them counted finds them recorded
	}
	return nil
}

func (c *consumer) check(t *kiteticker.Tick) {
	if sent, ok := kitetest.SentAt(t); ok {
		c.latency.Record(time.Now().UnixNano() - sent)
	}
	if c.seq++; t.Seq != c.seq {
		c.jumps++
		c.seq = t.Seq
	}
	e := c.entries[t.Token]
	if e == nil { // its first tick, in the first snapshot
		e = new(kitetest.Entry)
		c.entries[t.Token] = e
	}
	c.packet = kitetest.AppendPacket(c.packet[:0], t)
	e.Add(c.packet)
}

// received returns the ledger of all consumers, which must be done. Each token
// belongs to one connection: should it come on two, no digest fits.
func (d *demo) received() map[uint32]kitetest.Entry {
	ledger := make(map[uint32]kitetest.Entry, d.instruments)
	for _, c := range d.consumers {
		for token, e := range c.entries {
			sum := ledger[token]
			sum.Ticks += e.Ticks
			sum.Digest += e.Digest
			ledger[token] = sum
		}
	}
	return ledger
}
