package ring

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Keys are dense: an instrument's number, from 0. What belongs to a key is kept
// in chunks of chunkKeys keys, which never move once they are there, so that
// keys can be added while others are in use.
const (
	chunkKeys = 64
	maxKeys   = 1 << 23 // half of what the slot number in a state word can tell apart
)

// chunkList is a list of chunks that any goroutine may read and make longer.
type chunkList[C any] struct {
	list atomic.Pointer[[]C] // the slice behind it is never written again
	mu   sync.Mutex          // held to grow
}

// all returns the chunks there are. It is a copy that stays right: chunks are
// only added.
func (l *chunkList[C]) all() []C {
	// Pairs with the Store in grow: the chunks in it are complete.
	if list := l.list.Load(); list != nil {
		return *list
	}
	return nil
}

// grow makes room for at least keys keys with what add returns for each new
// chunk. add is given the chunk's first key.
func (l *chunkList[C]) grow(keys int, add func(first int) C) {
	if keys < 0 || keys > maxKeys {
		panic(fmt.Sprintf("ring: number of keys is %d, want 0 to %d", keys, maxKeys))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.all()
	n := (keys + chunkKeys - 1) / chunkKeys
	if n <= len(old) {
		return
	}
	list := make([]C, n)
	for i := copy(list, old); i < n; i++ {
		list[i] = add(i * chunkKeys)
	}
	l.list.Store(&list) // pairs with the Load in all
}

// growFor makes room for key, which a caller used without asking for room.
func (l *chunkList[C]) growFor(key int, add func(first int) C) {
	if key < 0 || key >= maxKeys {
		panic(fmt.Sprintf("ring: key is %d, want 0 to %d", key, maxKeys-1))
	}
	l.grow(key+1, add)
}
