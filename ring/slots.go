package ring

import (
	"math"
	"sync/atomic"
)

// A state word says all about a key:
//
//	count:32 | marks:8 | slot:24
//
// count is how many updates were committed since the key was last taken, and
// stops at its largest value; marks are their marks OR-ed; slot is the number of
// the slot with the newest of them. A key whose count is 0 is clean, and its slot
// holds nothing of interest.
const (
	slotBits = 24
	slotMask = 1<<slotBits - 1
	oneMore  = 1 << 32
)

// maxProducers bounds the slots that do not belong to a key: spares are numbered
// from maxKeys.
const maxProducers = 1 << 10

func isClean(state uint64) bool { return state < oneMore }

func slotOf(state uint64) uint32 { return uint32(state & slotMask) }

// fold adds an update to a state.
func fold(state uint64, marks uint8, slot uint32) uint64 {
	if state < math.MaxUint32*oneMore {
		state += oneMore
	}
	return state&^slotMask | uint64(marks)<<slotBits | uint64(slot)
}

// conflatedKey is what a key has besides its slot.
type conflatedKey struct {
	state atomic.Uint64
	// A key is in exactly one batch while it is not clean, else in none. Whoever
	// has the batch has these two. They are keys plus 1, or 0 at the end.
	next uint32 // the next key of the batch
	then uint32 // of its first key: the first key of the next batch in the stack
}

type conflateChunk[T any] struct {
	keys  [chunkKeys]conflatedKey
	slots [chunkKeys]T // the keys' own at first; then they change places
}

// conflation is everything the ends of a conflating ring share, apart from the
// producers' inboxes.
type conflation[T any] struct {
	chunks   chunkList[*conflateChunk[T]]
	spares   []T     // the slots of the ends at first
	consumer *Waiter // woken by Publish
}

// spare returns the number of the slot that an end starts with.
func spare(end int) uint32 { return uint32(maxKeys + end) }

func (s *conflation[T]) newChunk(first int) *conflateChunk[T] {
	c := new(conflateChunk[T])
	for i := range c.keys {
		c.keys[i].state.Store(uint64(first + i))
	}
	return c
}

// conflateEnd is what each end has for itself: a slot, and a copy of the list of
// chunks, which is looked up again when it is too short.
type conflateEnd[T any] struct {
	shared *conflation[T]
	chunks []*conflateChunk[T]
	slot   *T     // ours alone
	number uint32 // of slot
}

// key returns a key that is there.
func (e *conflateEnd[T]) key(key uint32) *conflatedKey {
	if int(key/chunkKeys) >= len(e.chunks) {
		e.chunks = e.shared.chunks.all()
	}
	return &e.chunks[key/chunkKeys].keys[key%chunkKeys]
}

// add makes sure that a key is there.
func (e *conflateEnd[T]) add(key int) {
	if e.chunks = e.shared.chunks.all(); uint(key)/chunkKeys >= uint(len(e.chunks)) {
		e.shared.chunks.growFor(key, e.shared.newChunk)
	}
}

// own makes the numbered slot this end's.
func (e *conflateEnd[T]) own(number uint32) {
	e.number = number
	if i := number / chunkKeys; int(i) < len(e.chunks) {
		e.slot = &e.chunks[i].slots[number%chunkKeys]
	} else {
		e.ownFar(number)
	}
}

// ownFar does it for a slot that began as a spare, or that came from a chunk
// this end has not seen yet.
func (e *conflateEnd[T]) ownFar(number uint32) {
	if number >= maxKeys {
		e.slot = &e.shared.spares[number-maxKeys]
		return
	}
	e.chunks = e.shared.chunks.all()
	e.slot = &e.chunks[number/chunkKeys].slots[number%chunkKeys]
}
