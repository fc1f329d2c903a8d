package ring

import (
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// NewConflating returns the ends of a conflating ring for items of type T: one
// consumer, and as many producers as asked for. Items have keys, small ints from
// 0. An item waits until it is taken or until a newer one of its key replaces it,
// so the ring is never full, and a slow consumer gets the newest of each key
// instead of all.
//
// Each end is for one goroutine at a time, and so is each key: of all producers,
// one commits for it. To let another producer go on with a key, publish what the
// first has committed, and synchronise the two.
//
// The memory is one T per key, one per producer and one for the consumer, and
// 16 bytes per key; the number of keys is rounded up to a multiple of 64. It
// begins with no keys: see Grow.
//
// Like make, it panics if producers is less than 1 or more than 1024.
func NewConflating[T any](producers int) ([]*ConflatingProducer[T], *ConflatingConsumer[T]) {
	if producers < 1 || producers > maxProducers {
		panic(fmt.Sprintf("ring: number of producers is %d, want 1 to %d", producers, maxProducers))
	}
	s := &conflation[T]{spares: make([]T, producers+1), consumer: NewWaiter(WaitPark)}
	c := &ConflatingConsumer[T]{end: conflateEnd[T]{shared: s}}
	c.end.own(spare(producers))
	for i := range producers {
		p := &ConflatingProducer[T]{end: conflateEnd[T]{shared: s}}
		p.end.own(spare(i))
		c.producers = append(c.producers, p)
	}
	return append([]*ConflatingProducer[T](nil), c.producers...), c
}

// ConflatingProducer is a writing end of a conflating ring. Its methods, except
// Grow, must not be called by two goroutines at once.
type ConflatingProducer[T any] struct {
	_        cpu.Pad
	end      conflateEnd[T]
	first    uint32        // the batch of keys that were clean and are not published: its first, plus 1
	last     *conflatedKey // its last
	fresh    uint32        // how many there are
	reserved bool
	_        cpu.Pad
	inbox    atomic.Uint64 // keys:32 | first key of the newest batch, plus 1:32 of a stack of batches; 0 if empty
	_        cpu.Pad
}

// ConflatingConsumer is the reading end of a conflating ring. Its methods, except
// Len, must not be called by two goroutines at once.
type ConflatingConsumer[T any] struct {
	_         cpu.Pad
	end       conflateEnd[T]
	producers []*ConflatingProducer[T]
	batch     uint32 // what is left of a batch: its first key, plus 1
	sweep     uint32 // the stack of batches that come after it: the first key of the oldest, plus 1
	_         cpu.Pad
	left      atomic.Int64 // how many keys both have; stored by the consumer alone
	_         cpu.Pad
}

const (
	_ = uint(unsafe.Offsetof(ConflatingProducer[int]{}.end) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(ConflatingProducer[int]{}.inbox) - unsafe.Offsetof(ConflatingProducer[int]{}.reserved) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(ConflatingProducer[int]{}) - unsafe.Offsetof(ConflatingProducer[int]{}.inbox) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(ConflatingConsumer[int]{}.end) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(ConflatingConsumer[int]{}.left) - unsafe.Offsetof(ConflatingConsumer[int]{}.sweep) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(ConflatingConsumer[int]{}) - unsafe.Offsetof(ConflatingConsumer[int]{}.left) - cpu.CacheLine)
)

// Grow makes room for at least the keys 0 to keys-1. From any goroutine, while
// the ring is in use. It panics if keys is negative or more than 1<<23.
func (p *ConflatingProducer[T]) Grow(keys int) {
	p.end.shared.chunks.grow(keys, p.end.shared.newChunk)
}

// Reserve returns the slot for the next item. There always is one. It holds
// whatever its last use left there. Until Commit it stays the next slot: to give
// it up, do nothing.
func (p *ConflatingProducer[T]) Reserve() *T {
	p.reserved = true
	return p.end.slot
}

// Commit makes the reserved slot the newest item of key, in place of one that
// still waits, if any. The item's marks are kept with those of the items it
// replaces, so whatever must not be lost with an item belongs there. Commit never
// waits. The consumer may see the item at once; it must see it after Publish.
//
// A key that is not there yet is added first, which allocates and may wait for
// a Grow elsewhere: ask for room with Grow when keys become known. Commit panics
// if no slot is reserved, and if key is negative or not less than 1<<23.
func (p *ConflatingProducer[T]) Commit(key int, marks uint8) {
	if !p.reserved {
		panic("ring: Commit without Reserve")
	}
	p.reserved = false
	if uint(key)/chunkKeys >= uint(len(p.end.chunks)) {
		p.end.add(key)
	}
	k := p.end.key(uint32(key))
	// Pairs with the Swap in Take: the slot in it is free, and so is next.
	old := k.state.Load()
	if isClean(old) || !k.state.CompareAndSwap(old, fold(old, marks, p.end.number)) {
		p.commitClean(k, uint32(key), marks)
		return
	}
	// The CAS pairs with the Swap in Take: our slot is complete.
	p.end.own(slotOf(old))
}

// commitClean is Commit for a key that was clean, or was taken meanwhile. Nobody
// else touches it: the consumer takes keys from batches, and this one is in none.
func (p *ConflatingProducer[T]) commitClean(k *conflatedKey, key uint32, marks uint8) {
	old := k.state.Load() // as above
	if !isClean(old) {
		panic("ring: Commit by two producers for one key")
	}
	k.state.Store(fold(old, marks, p.end.number)) // pairs with the Swap in Take: our slot is complete
	p.end.own(slotOf(old))
	k.next = 0
	if p.fresh == 0 {
		p.first = key + 1
	} else {
		p.last.next = key + 1
	}
	p.last = k
	p.fresh++
}

// Publish shows the consumer what was committed, wakes it if it is parked, and
// reports whether it was: see [Producer.Publish]. It never waits. Once per batch
// is cheapest; publish before doing anything that may block.
func (p *ConflatingProducer[T]) Publish() bool {
	if p.fresh == 0 {
		return false // all have replaced items that the consumer has been told of
	}
	first := p.end.key(p.first - 1)
	old := p.inbox.Load()
	first.then = uint32(old)
	// Pairs with the Swap in gather: the batch is complete, and so are its items.
	if !p.inbox.CompareAndSwap(old, old&^math.MaxUint32+uint64(p.fresh)<<32|uint64(p.first)) {
		// The consumer has emptied it, and it is empty until we store.
		first.then = 0
		p.inbox.Store(uint64(p.fresh)<<32 | uint64(p.first)) // as the CAS
	}
	p.fresh = 0
	return p.end.shared.consumer.Wake()
}

// Update is what is known of an item besides itself.
type Update struct {
	Key      int
	Replaced uint32 // how many items of the key it replaced since the last one taken
	Marks    uint8  // its marks and theirs
}

// Take copies the next item to *dst, or returns false if none waits. Items come
// in sweeps: one sweep takes each key that waits when it begins, once, in the
// order in which they began to wait, one producer's after the other's; what
// comes later is for the next sweep. An item is always the newest of its key at
// that moment. Take never waits.
func (c *ConflatingConsumer[T]) Take(dst *T) (Update, bool) {
	if c.batch == 0 && !c.open() {
		return Update{}, false
	}
	key := c.batch - 1
	k := c.end.key(key)
	c.batch = k.next
	// Pairs with the CAS or Store in Commit: its slot is complete. And with the
	// Load in Commit: we are done with our slot, and with next and then.
	state := k.state.Swap(uint64(c.end.number))
	c.end.own(slotOf(state))
	c.left.Store(c.left.Load() - 1) // for Len
	*dst = *c.end.slot
	return Update{Key: int(key), Replaced: uint32(state>>32) - 1, Marks: uint8(state >> slotBits)}, true
}

// open goes on to the next batch.
func (c *ConflatingConsumer[T]) open() bool {
	if c.sweep == 0 && !c.gather() {
		return false
	}
	c.batch = c.sweep
	c.sweep = c.end.key(c.batch - 1).then
	return true
}

// gather begins a sweep: it empties all inboxes. They have the newest batch on
// top, the sweep is to have the oldest, so the stacks are turned over.
func (c *ConflatingConsumer[T]) gather() bool {
	keys := uint64(0)
	for i := len(c.producers) - 1; i >= 0; i-- {
		inbox := &c.producers[i].inbox
		if inbox.Load() == 0 {
			continue
		}
		stack := inbox.Swap(0) // pairs with the CAS or Store in Publish: the batches are complete
		keys += stack >> 32
		for batch := uint32(stack); batch != 0; {
			first := c.end.key(batch - 1)
			batch, first.then, c.sweep = first.then, c.sweep, batch
		}
	}
	if keys > 0 {
		c.left.Store(int64(keys))
	}
	return keys > 0
}

func (c *ConflatingConsumer[T]) empty() bool {
	if c.batch|c.sweep != 0 {
		return false
	}
	for _, p := range c.producers {
		if p.inbox.Load() != 0 { // pairs with the CAS or Store in Publish
			return false
		}
	}
	return true
}

// Wait returns true as soon as an item waits. It returns false if done is closed
// and none does: the ring is drained before its end is seen.
func (c *ConflatingConsumer[T]) Wait(done <-chan struct{}) bool {
	return c.batch != 0 || c.end.shared.consumer.wait(done, func() bool { return !c.empty() })
}

// WaitOn makes w what the consumer waits on and what the producers wake. Call it
// before the ring is in use.
func (c *ConflatingConsumer[T]) WaitOn(w *Waiter) { c.end.shared.consumer = w }

// Len returns how many items are published and not yet taken. From any
// goroutine; while others are at work it is an estimate.
func (c *ConflatingConsumer[T]) Len() int {
	n := c.left.Load()
	for _, p := range c.producers {
		n += int64(p.inbox.Load() >> 32)
	}
	return int(n)
}
