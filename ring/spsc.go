package ring

import (
	"math/bits"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// maxSlots is the largest power of two an int can hold.
const maxSlots = 1 << (bits.UintSize - 2)

// New returns the two ends of a ring with room for at least capacity items of
// type T: capacity is rounded up to a power of two. Each end is for one
// goroutine at a time.
//
// Like make, it panics if capacity is less than 1 or the slots cannot be
// allocated.
func New[T any](capacity int) (*Producer[T], *Consumer[T]) {
	return NewIn[T](NormalPages, capacity)
}

// NewIn is New with memory of the given pages.
func NewIn[T any](pages Pages, capacity int) (*Producer[T], *Consumer[T]) {
	slots := allocate[T](pages, roundUp(capacity, maxSlots))
	mask := uint64(len(slots) - 1)
	s := newCursors()
	return &Producer[T]{slots: slots, mask: mask, shared: s}, &Consumer[T]{slots: slots, mask: mask, shared: s}
}

// Producer is the writing end of a ring of T. Its methods, except Len and Cap,
// must not be called by two goroutines at once.
type Producer[T any] struct {
	_         cpu.Pad
	slots     []T
	mask      uint64 // len(slots) - 1
	writePos  uint64 // end of what is committed
	readCache uint64 // the consumer's position when we last looked: it can only have grown
	reserved  uint64 // end of what may be committed
	shared    *cursors
	_         cpu.Pad
}

// Consumer is the reading end of a ring of T. Its methods, except Len and Cap,
// must not be called by two goroutines at once.
type Consumer[T any] struct {
	_          cpu.Pad
	slots      []T
	mask       uint64 // len(slots) - 1
	readPos    uint64 // end of what is advanced past
	writeCache uint64 // the producer's position when we last looked: it can only have grown
	peeked     uint64 // end of what may be advanced past
	shared     *cursors
	_          cpu.Pad
}

const (
	_ = uint(unsafe.Offsetof(Producer[int]{}.slots) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(Producer[int]{}) - unsafe.Offsetof(Producer[int]{}.shared) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(Consumer[int]{}.slots) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(Consumer[int]{}) - unsafe.Offsetof(Consumer[int]{}.shared) - cpu.CacheLine)
)

// Reserve returns the next free slot, or false if the ring is full. The slot
// holds whatever its last use left there. Until Commit it stays the next free
// slot: to give it up, do nothing.
func (p *Producer[T]) Reserve() (*T, bool) {
	if p.writePos-p.readCache > p.mask && p.full() { // full as far as we know, and really
		return nil, false
	}
	p.reserved = p.writePos + 1
	return &p.slots[p.writePos&p.mask], true
}

// ReserveN returns the next free slots: as many as are contiguous in memory,
// at most max if max is positive, none if the ring is full. Fewer than max does
// not mean that the ring is full: after the last slot in memory comes the first.
func (p *Producer[T]) ReserveN(max int) []T {
	free := p.mask + 1 - (p.writePos - p.readCache)
	if max <= 0 || free < uint64(max) {
		p.full() // look again
		free = p.mask + 1 - (p.writePos - p.readCache)
	}
	run := window(p.slots, p.writePos&p.mask, free, max)
	p.reserved = p.writePos + uint64(len(run))
	return run
}

// full asks the consumer's cursor.
func (p *Producer[T]) full() bool {
	// Pairs with the Store in Release: the consumer is done with the slots before it.
	p.readCache = p.shared.read.Load()
	return p.writePos-p.readCache > p.mask
}

// Commit marks the first reserved slot complete. The consumer sees it after
// Publish. It panics if no reserved slot is left.
func (p *Producer[T]) Commit() {
	if p.writePos == p.reserved {
		panic("ring: Commit without Reserve")
	}
	p.writePos++
}

// CommitN marks the first n reserved slots complete. Those left stay reserved.
// It panics if n is negative or more than are reserved.
func (p *Producer[T]) CommitN(n int) {
	if uint64(n) > p.reserved-p.writePos {
		panic("ring: CommitN of more slots than are reserved")
	}
	p.writePos += uint64(n)
}

// Publish makes everything committed visible to the consumer, wakes it if it is
// parked, and reports whether it was. Its atomic store costs several times a
// Commit, so commit a batch and publish once; and publish before doing anything
// that may block.
//
// A consumer just woken stands next in line for the producer's P. A producer
// that is about to make a system call anyway does well to let it run first,
// with runtime.Gosched.
func (p *Producer[T]) Publish() bool {
	// Pairs with the Load in empty: the slots before writePos are complete.
	p.shared.written.Store(p.writePos)
	return p.shared.consumer.Wake()
}

// Wait returns true as soon as a slot is free. It returns false if done is
// closed and the ring is still full. If it has to wait, it publishes first: the
// consumer cannot release what it cannot see.
func (p *Producer[T]) Wait(done <-chan struct{}) bool {
	return p.writePos-p.readCache <= p.mask || p.wait(done)
}

func (p *Producer[T]) wait(done <-chan struct{}) bool {
	if p.full() {
		p.Publish()
	}
	return p.shared.producer.wait(done, func() bool { return !p.full() })
}

// TryEnqueue publishes v, or returns false if the ring is full. It is Reserve,
// Commit and Publish in one, for tests and cold paths.
func (p *Producer[T]) TryEnqueue(v T) bool {
	slot, ok := p.Reserve()
	if ok {
		*slot = v
		p.Commit()
		p.Publish()
	}
	return ok
}

// WaitOn makes w what the producer waits on and what the consumer wakes. Call
// it before the ring is in use.
func (p *Producer[T]) WaitOn(w *Waiter) { p.shared.producer = w }

// Len returns how many items are published and not yet released. From any
// goroutine; the answer may be out of date by the time it arrives.
func (p *Producer[T]) Len() int { return p.shared.lag(p.mask + 1) }

// Published returns how many items have been published since the ring was made.
// From any goroutine.
func (p *Producer[T]) Published() uint64 { return p.shared.written.Load() }

// Cap returns how many items the ring has room for. From any goroutine.
func (p *Producer[T]) Cap() int { return len(p.slots) }

// Peek returns the next item, or false if the ring is empty. The item may be
// read and written until Release; until Advance it stays the next item.
func (c *Consumer[T]) Peek() (*T, bool) {
	if c.readPos == c.writeCache && c.empty() { // empty as far as we know, and really
		return nil, false
	}
	c.peeked = c.readPos + 1
	return &c.slots[c.readPos&c.mask], true
}

// PeekN returns the next items: as many as are contiguous in memory, at most
// max if max is positive, none if the ring is empty. Fewer than max does not
// mean that there are no more: after the last slot in memory comes the first.
func (c *Consumer[T]) PeekN(max int) []T {
	if max <= 0 || c.writeCache-c.readPos < uint64(max) {
		c.empty() // look again
	}
	run := window(c.slots, c.readPos&c.mask, c.writeCache-c.readPos, max)
	c.peeked = c.readPos + uint64(len(run))
	return run
}

// empty asks the producer's cursor.
func (c *Consumer[T]) empty() bool {
	// Pairs with the Store in Publish: the slots before it are complete.
	c.writeCache = c.shared.written.Load()
	return c.readPos == c.writeCache
}

// Advance steps past the first item peeked. The item stays valid until Release.
// It panics if every item peeked was stepped past.
func (c *Consumer[T]) Advance() {
	if c.readPos == c.peeked {
		panic("ring: Advance without Peek")
	}
	c.readPos++
}

// AdvanceN steps past the first n items peeked. It panics if n is negative or
// more than were peeked.
func (c *Consumer[T]) AdvanceN(n int) {
	if uint64(n) > c.peeked-c.readPos {
		panic("ring: AdvanceN past more items than were peeked")
	}
	c.readPos += uint64(n)
}

// Release gives everything advanced past back to the producer, and wakes it if
// it is parked. Those items must not be touched any more. Like Publish, once
// per batch is cheapest; and release before doing anything that may block, for
// the producer may be waiting.
func (c *Consumer[T]) Release() {
	// Pairs with the Load in full: we are done with the slots before readPos.
	c.shared.read.Store(c.readPos)
	c.shared.producer.Wake()
}

// Wait returns true as soon as there is an item. It returns false if done is
// closed and the ring is empty: a ring is drained before its end is seen. Call
// Release before, for the producer may be waiting for what you hold.
func (c *Consumer[T]) Wait(done <-chan struct{}) bool {
	return c.readPos != c.writeCache || c.wait(done)
}

func (c *Consumer[T]) wait(done <-chan struct{}) bool {
	return c.shared.consumer.wait(done, func() bool { return !c.empty() })
}

// TryDequeue returns the next item and releases it, or false if the ring is
// empty. It is Peek, Advance and Release in one, for tests and cold paths.
func (c *Consumer[T]) TryDequeue() (v T, ok bool) {
	slot, ok := c.Peek()
	if ok {
		v = *slot
		c.Advance()
		c.Release()
	}
	return v, ok
}

// WaitOn makes w what the consumer waits on and what the producer wakes. Call
// it before the ring is in use. Several rings with one consumer may share a
// Waiter: see the package's manual.
func (c *Consumer[T]) WaitOn(w *Waiter) { c.shared.consumer = w }

// Len returns how many items are published and not yet released. From any
// goroutine; the answer may be out of date by the time it arrives.
func (c *Consumer[T]) Len() int { return c.shared.lag(c.mask + 1) }

// Cap returns how many items the ring has room for. From any goroutine.
func (c *Consumer[T]) Cap() int { return len(c.slots) }

// window returns the first n slots from index, fewer at the end of memory and
// at most max if max is positive.
func window[T any](slots []T, index, n uint64, max int) []T {
	n = min(n, uint64(len(slots))-index)
	if max > 0 {
		n = min(n, uint64(max))
	}
	return slots[index : index+n : index+n]
}
