package kiteticker

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// owners says for every token which connection delivers it, and on which of
// that connection's sockets it ticked last. Parsers ask for every tick, without
// a lock; the client writes when it places or moves a token.
//
// It is an open-addressed table of one word per token, never more than half
// full, so the answer is one multiplication and mostly one load:
//
//	63        32 31     24 23        0
//	│  token    │  conn   │ session  │      0: free
//
// A session is the number of a connection's socket, from 1; 0 says that the
// token has not ticked yet.
type owners struct {
	mu    sync.Mutex // held to insert, to change an owner and to grow
	used  int
	table atomic.Pointer[[]atomic.Uint64]
}

const (
	sessionMask  = 1<<24 - 1
	movedSession = sessionMask // ticked before, on another connection
	minOwners    = 1 << 10
)

// verdict is what a parser does with a tick.
type verdict uint8

const (
	deliver         verdict = iota
	deliverAfterGap         // the first one after an outage or a move
	supersede               // the token is another connection's by now
)

func newOwners() *owners {
	o := &owners{}
	table := make([]atomic.Uint64, minOwners)
	o.table.Store(&table)
	return o
}

func word(token uint32, conn uint8, session uint32) uint64 {
	return uint64(token)<<32 | uint64(conn)<<24 | uint64(session&sessionMask)
}

// find returns the slot of token, or the free one where it would go, and what
// is in it.
func find(table []atomic.Uint64, token uint32) (slot *atomic.Uint64, v uint64) {
	mask := len(table) - 1
	shift := 32 - bits.TrailingZeros32(uint32(len(table)))
	for i := int(token * 0x9e3779b1 >> shift); ; i++ { // Fibonacci hashing spreads what tokens have in common
		slot = &table[i&mask]
		if v = slot.Load(); v == 0 || uint32(v>>32) == token {
			return slot, v
		}
	}
}

// nextSession numbers a connection's sockets.
func nextSession(session uint32) uint32 { return session%(movedSession-1) + 1 }

// admit decides on a tick of token that came on a connection's present socket.
func (o *owners) admit(token uint32, conn uint8, session uint32) verdict {
	if token == 0 { // no instrument, and a free slot's word: the server's mistake is passed on as it is
		return deliver
	}
	want := word(token, conn, session)
	for {
		slot, v := find(*o.table.Load(), token)
		switch {
		case v == want:
			return deliver
		case v == 0:
			o.place(conn, token) // not ours by any subscription: whoever brings it first has it
		case uint8(v>>24) != conn:
			return supersede
		case slot.CompareAndSwap(v, want):
			if v&sessionMask == 0 {
				return deliver
			}
			return deliverAfterGap
		}
	}
}

// place gives tokens to conn. What ticked elsewhere before will be told to have
// a gap.
func (o *owners) place(conn uint8, tokens ...uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, token := range tokens {
		for {
			slot, v := find(*o.table.Load(), token)
			switch {
			case v == 0:
				if o.used++; o.used > len(*o.table.Load())/2 {
					o.grow()
					slot, _ = find(*o.table.Load(), token)
				}
				slot.Store(word(token, conn, 0))
			case uint8(v>>24) == conn:
			case v&sessionMask == 0:
				if !slot.CompareAndSwap(v, word(token, conn, 0)) {
					continue // a parser just marked it
				}
			default:
				if !slot.CompareAndSwap(v, word(token, conn, movedSession)) {
					continue
				}
			}
			break
		}
	}
}

// owner returns the connection that delivers token, false if it was never
// placed.
func (o *owners) owner(token uint32) (conn int, ok bool) {
	_, v := find(*o.table.Load(), token)
	return int(uint8(v >> 24)), v != 0
}

// again notes that tokens are about to be subscribed again on a socket where
// they ticked before: whether they tick is an open question once more. What they
// missed meanwhile is no gap: it was not wanted.
func (o *owners) again(conn uint8, session uint32, tokens ...uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, token := range tokens {
		if slot, v := find(*o.table.Load(), token); v == word(token, conn, session) {
			slot.CompareAndSwap(v, word(token, conn, 0))
		}
	}
}

// grow doubles the table. A mark that a parser sets in the old one meanwhile is
// lost: its next tick is marked again, at worst as one after a gap.
func (o *owners) grow() {
	old := *o.table.Load()
	table := make([]atomic.Uint64, 2*len(old))
	for i := range old {
		if v := old[i].Load(); v != 0 {
			slot, _ := find(table, uint32(v>>32))
			slot.Store(v)
		}
	}
	o.table.Store(&table)
}

// ticked reports whether token ticked on this socket of conn.
func (o *owners) ticked(token uint32, conn uint8, session uint32) bool {
	_, v := find(*o.table.Load(), token)
	return v == word(token, conn, session)
}
