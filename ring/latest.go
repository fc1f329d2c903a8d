package ring

import (
	"runtime"
	"sync/atomic"
)

// Latest holds the last value of each key, for any goroutine to read at any
// time. Keys are small ints from 0, and each is written by one goroutine at a
// time. See the package's manual for how it works.
type Latest[T any] struct {
	cells  chunkList[[]atomic.Uint64] // chunks of chunkKeys cells
	stride int                        // words of a cell: its version, the item, and padding
}

// lineWords is how many words a cache line has where it is shortest.
const lineWords = 64 / wordSize

// NewLatest returns room for the last values of keys 0 to keys-1. The number of
// keys is rounded up to a multiple of 64. A value takes the size of T and 8
// bytes, and up to a quarter more where that keeps two keys from sharing a cache
// line: 256 bytes for a T of 208.
//
// Like make, it panics if keys is negative, more than 1<<23, or cannot be
// allocated. It also panics if T has pointers or its size is not a multiple of 8.
func NewLatest[T any](keys int) *Latest[T] {
	mustBeWords[T]()
	stride := 1 + len(words(new(T)))
	if lines := (stride + lineWords - 1) / lineWords * lineWords; lines-stride <= stride/4 {
		stride = lines
	}
	l := &Latest[T]{stride: stride}
	l.Grow(keys)
	return l
}

// Grow makes room for at least the keys 0 to keys-1. From any goroutine, while
// others store and load. It panics as [NewLatest] does.
func (l *Latest[T]) Grow(keys int) { l.cells.grow(keys, l.newChunk) }

func (l *Latest[T]) newChunk(int) []atomic.Uint64 {
	return make([]atomic.Uint64, chunkKeys*l.stride)
}

// Len returns how many keys there is room for: at least as many as were asked
// for, stored or not. From any goroutine.
func (l *Latest[T]) Len() int { return len(l.cells.all()) * chunkKeys }

// cell returns the words of a key: the version and then the item. It returns nil
// if there is no room for the key.
func (l *Latest[T]) cell(key int) []atomic.Uint64 {
	chunks := l.cells.all()
	if i := uint(key) / chunkKeys; i < uint(len(chunks)) {
		first := int(uint(key)%chunkKeys) * l.stride
		return chunks[i][first : first+l.stride]
	}
	return nil
}

// Store makes *v the last value of key. It is for the one goroutine that
// presently owns the key; another may take over by anything that synchronises
// the two. Store never waits. It writes only the words in which *v differs from
// the value before, since each costs an atomic store.
//
// A key beyond Len grows l first, which allocates: ask for room with Grow when
// keys become known. Store panics if key is negative or not less than 1<<23.
func (l *Latest[T]) Store(key int, v *T) {
	cell := l.cell(key)
	if cell == nil {
		l.cells.growFor(key, l.newChunk)
		cell = l.cell(key)
	}
	src := words(v)
	version, dst := &cell[0], cell[1:][:len(src)]
	at := version.Load()  // our own
	version.Store(at + 1) // odd: pairs with the second Load of the version in Load
	for i := range src {
		if w := src[i].get(); dst[i].Load() != w {
			dst[i].Store(w) // pairs with the Load of the word in Load
		}
	}
	version.Store(at + 2) // pairs with the first Load of the version in Load
}

// loadTries is how often Load starts over before it lets others run: for about
// as long as a Store takes, and then the writer must have lost its processor
// half-way.
const loadTries = 128

// Load copies the last value of key to *dst, or returns false, and leaves *dst
// alone, if the key was never stored. From any goroutine at any time, but not
// two with the same dst. The copy is one value, never a mix of two. A Load
// during which the same key is stored starts over, and after some tries lets
// other goroutines run in between.
func (l *Latest[T]) Load(key int, dst *T) bool {
	cell := l.cell(key)
	if cell == nil {
		return false
	}
	to := words(dst)
	version, from := &cell[0], cell[1:][:len(to)]
	for try := 1; ; try++ {
		// Pairs with the second Store of the version in Store: the words are
		// at least as new.
		before := version.Load()
		if before <= 1 { // never stored, or the first Store has not ended
			return false
		}
		if before%2 == 0 {
			for i := range to {
				to[i].set(from[i].Load())
			}
			// Pairs with the first Store of the version in Store: had we seen a
			// word of a later value, we would see its odd version here.
			if version.Load() == before {
				return true
			}
		}
		if try >= loadTries {
			runtime.Gosched()
		}
	}
}
