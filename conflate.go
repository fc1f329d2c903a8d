package kiteticker

import (
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// conflateBatch is how many ticks a conflating stream lends at once by default:
// 53 kB, so that they are still in the cache when the reader comes to the last.
const conflateBatch = 256

// conflated is the reader's side of a conflating stream. The ticks are copied
// out, for a slot must go back before its instrument's next one can be taken.
type conflated struct {
	ring  *ring.ConflatingConsumer[Tick]
	batch []Tick   // lent
	folds []uint32 // of each: how many updates it replaced
	total stats.Counter
}

// take fills the batch with at most max of the waiting ticks, all that fit if
// max is 0.
func (c *conflated) take(max int) []Tick {
	if max <= 0 || max > cap(c.batch) {
		max = cap(c.batch)
	}
	c.batch, c.folds = c.batch[:0], c.folds[:0]
	var replaced uint64
	for len(c.batch) < max {
		n := len(c.batch)
		t := &c.batch[:n+1][n]
		update, ok := c.ring.Take(t)
		if !ok {
			break
		}
		t.Flags |= Flags(update.Marks)
		c.batch, c.folds = c.batch[:n+1], append(c.folds, update.Replaced)
		replaced += uint64(update.Replaced)
	}
	if replaced > 0 {
		c.total.Add(replaced)
	}
	if len(c.batch) == 0 {
		return nil
	}
	return c.batch
}

func newConflated(batch int) *conflated {
	return &conflated{batch: make([]Tick, 0, batch), folds: make([]uint32, 0, batch)}
}
