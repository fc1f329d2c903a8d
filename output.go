package kiteticker

import (
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// outputs is what a parser writes to. Attach and detach replace it whole, under
// the client's lock: the parser sees one or the other, never a mixture.
type outputs struct {
	ticks    []*tickOutput
	frames   []*frameOutput
	blocking bool // one of them may make the parser wait
}

// tickOutput is the parser's end of one stream.
type tickOutput struct {
	match *matcher
	ring  *ring.Producer[Tick]           // nil if the stream conflates
	slots *ring.ConflatingProducer[Tick] // nil if it does not
	open  bool                           // a slot is reserved
	seq   uint64                         // ticks owed to the stream so far
	gap   bool                           // ticks were lost since the last one committed
	lost  stats.Counter                  // all ticks lost
	unread
	patience
}

// patience is how an output waits for room, if its stream asked for that.
type patience struct {
	blocks bool
	over   <-chan struct{} // closed: wait no more, the stream is going away
	spent  bool            // it was closed
	waits  stats.Counter
	since  stats.Gauge // Unix nanoseconds; 0: not waiting
}

// await calls wait, which returns false if over is closed and there is no room.
func (p *patience) await(wait func(over <-chan struct{}) bool) {
	p.waits.Add(1)
	p.since.Store(time.Now().UnixNano())
	p.spent = !wait(p.over)
	p.since.Store(0)
}

// reserve returns the slot for the next tick, of the instrument with that
// number, or nil after counting it lost.
func (o *tickOutput) reserve(number int) *Tick {
	o.seq++
	if o.slots != nil && number != unnumbered {
		o.open = true
		return o.slots.Reserve()
	}
	if o.ring != nil {
		if t, ok := o.ring.Reserve(); ok {
			o.open = true
			return t
		}
	}
	o.gap = true
	o.lost.Add(1) // before the Publish that shows the gap: pairs with the Load in tickInput.take
	return nil
}

// abandon counts a tick that was reserved and not committed as lost.
func (o *tickOutput) abandon() {
	if o.open {
		o.open, o.gap = false, true
		o.lost.Add(1)
	}
}

// commit completes t, which reserve returned for the same number.
func (o *tickOutput) commit(t *Tick, number int) {
	t.Seq = o.seq
	o.open, o.fresh = false, true
	t.Flags &^= FlagLost
	if o.gap {
		t.Flags |= FlagLost
		o.gap = false
	}
	if o.slots != nil {
		// A gap is told even if a later tick replaces the first one after it.
		o.slots.Commit(number, uint8(t.Flags&(FlagGap|FlagLost)))
		return
	}
	o.ring.Commit()
}

// put is reserve, a copy of tick, and commit, for a tick that was decoded already:
// what each stream but the first costs. Nothing in it can panic half-way.
func (o *tickOutput) put(tick *Tick, number int) {
	if o.slots != nil || o.gap {
		if t := o.reserve(number); t != nil {
			*t = *tick
			o.commit(t, number)
		}
		return
	}
	o.seq++
	t, ok := o.ring.Reserve()
	if !ok {
		o.gap = true
		o.lost.Add(1) // as in reserve
		return
	}
	*t = *tick
	t.Seq = o.seq
	t.Flags &^= FlagLost
	o.fresh = true
	o.ring.Commit()
}

// owed reports whether the stream is to have a tick of token in mode.
func (o *tickOutput) owed(token uint32, mode Mode) bool {
	return o.match == nil || o.match.match(token, mode)
}

func (o *tickOutput) publish() (woke bool) {
	o.published()
	if o.slots != nil {
		return o.slots.Publish()
	}
	return o.ring.Publish()
}

// full reports whether the parser must wait for the stream's reader.
func (o *tickOutput) full() bool {
	if !o.blocks || o.spent {
		return false
	}
	_, ok := o.ring.Reserve()
	return !ok
}

// publish shows every stream what was committed, and reports whether one had
// to be woken.
func publish(outs []*tickOutput) (woke bool) {
	for _, out := range outs {
		if out.publish() {
			woke = true
		}
	}
	return woke
}

// change replaces the outputs by a copy that edit has changed. The client's
// lock is held.
func (p *pipeline) change(edit func(o *outputs)) {
	next := *p.outputs.Load()
	edit(&next)
	next.blocking = slices.ContainsFunc(next.ticks, func(o *tickOutput) bool { return o.blocks }) ||
		slices.ContainsFunc(next.frames, func(o *frameOutput) bool { return o.blocks })
	p.outputs.Store(&next)
}

// without returns a copy of list that lacks v.
func without[T comparable](list []T, v T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == v })
}
