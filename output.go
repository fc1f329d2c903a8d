package kiteticker

import (
	"slices"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// tickOutput is the parser's end of one stream's ring.
type tickOutput struct {
	ring *ring.Producer[Tick]
	open bool          // a slot is reserved
	seq  uint64        // ticks owed to the stream so far
	gap  bool          // ticks were lost since the last one committed
	lost stats.Counter // all ticks lost
}

// reserve returns the slot for the next tick, or nil after counting it lost.
func (o *tickOutput) reserve() *Tick {
	o.seq++
	t, ok := o.ring.Reserve()
	if !ok {
		o.gap = true
		o.lost.Add(1) // before the Publish that shows the gap: pairs with the Load in tickInput.take
		return nil
	}
	o.open = true
	return t
}

// abandon counts a tick that was reserved and not committed as lost, and
// reports whether there was one.
func (o *tickOutput) abandon() bool {
	if !o.open {
		return false
	}
	o.open, o.gap = false, true
	o.lost.Add(1)
	return true
}

// commit completes t, which reserve returned.
func (o *tickOutput) commit(t *Tick) {
	t.Seq = o.seq
	o.open = false
	t.Flags &^= FlagLost
	if o.gap {
		t.Flags |= FlagLost
		o.gap = false
	}
	o.ring.Commit()
}

// publish shows every stream what was committed, and reports whether one had
// to be woken.
func publish(outs []*tickOutput) (woke bool) {
	for _, out := range outs {
		if out.ring.Publish() {
			woke = true
		}
	}
	return woke
}

// add and remove replace a list of outputs; the client's lock orders them, and
// the parser sees the old list or the new one, never a mixture.
func add[T any](list *atomic.Pointer[[]*T], out *T) {
	next := append(slices.Clip(*list.Load()), out)
	list.Store(&next)
}

func remove[T any](list *atomic.Pointer[[]*T], out *T) {
	next := without(*list.Load(), out)
	list.Store(&next)
}

// without returns a copy of list that lacks v.
func without[T comparable](list []T, v T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == v })
}
