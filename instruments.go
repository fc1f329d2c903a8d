package kiteticker

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// instruments numbers every instrument, densely and for the client's life, and
// says which connection delivers it and on which of that connection's sockets
// it ticked last. Parsers ask for every tick, without a lock; the client writes
// when it places or moves a token.
//
// It is an open-addressed table, never more than three quarters full, so the
// answer is one multiplication and mostly one cache line:
//
//	word                                   number
//	63        32 31     24 23        0     of the instrument, from 0;
//	│  token    │  conn   │ session  │     set before the word, then constant
//
// A word of 0 is free. A session is the number of a connection's socket, from 1;
// 0 says that the token has not ticked yet.
type instruments struct {
	mu    sync.Mutex // held to insert, to change an owner and to grow
	used  int
	table atomic.Pointer[[]instrument]
}

type instrument struct {
	word   atomic.Uint64
	number int
}

const (
	sessionMask    = 1<<24 - 1
	movedSession   = sessionMask // ticked before, on another connection
	minInstruments = 1 << 10     // slots to begin with
	// maxUnasked bounds the table against a server that sends tokens nobody
	// subscribed: past it they are delivered without a number.
	maxUnasked = 1 << 18
	unnumbered = -1
)

// verdict is what a parser does with a tick.
type verdict uint8

const (
	deliver         verdict = iota
	deliverAfterGap         // the first one after an outage or a move
	supersede               // the token is another connection's by now
)

func newInstruments() *instruments {
	in := &instruments{}
	table := make([]instrument, minInstruments)
	in.table.Store(&table)
	return in
}

func word(token uint32, conn uint8, session uint32) uint64 {
	return uint64(token)<<32 | uint64(conn)<<24 | uint64(session&sessionMask)
}

// scatter spreads what tokens have in common over 32 bits: Fibonacci hashing.
func scatter(token uint32) uint32 { return token * 0x9e3779b1 }

// find returns the slot of token, or the free one where it would go, and its
// word.
func find(table []instrument, token uint32) (slot *instrument, v uint64) {
	mask := len(table) - 1
	shift := 32 - bits.TrailingZeros32(uint32(len(table)))
	for i := int(scatter(token) >> shift); ; i++ {
		slot = &table[i&mask]
		if v = slot.word.Load(); v == 0 || uint32(v>>32) == token {
			return slot, v
		}
	}
}

// nextSession numbers a connection's sockets.
func nextSession(session uint32) uint32 { return session%(movedSession-1) + 1 }

// admit decides on a tick of token that came on a connection's present socket,
// and gives the instrument's number: unnumbered if it has none.
func (in *instruments) admit(token uint32, conn uint8, session uint32) (int, verdict) {
	if token == 0 { // no instrument, and a free slot's word: the server's mistake is passed on as it is
		return unnumbered, deliver
	}
	want := word(token, conn, session)
	for {
		table := *in.table.Load()
		slot, v := find(table, token)
		switch {
		case v == want:
			return slot.number, deliver
		case v == 0:
			// Not ours by any subscription: whoever brings it first has it.
			if len(table) > maxUnasked {
				return unnumbered, deliver
			}
			in.bring(conn, token)
		case uint8(v>>24) != conn:
			return slot.number, supersede
		case slot.word.CompareAndSwap(v, want):
			if v&sessionMask == 0 {
				return slot.number, deliver
			}
			return slot.number, deliverAfterGap
		}
	}
}

// bring gives token to conn if it is nobody's, and returns whose it is.
func (in *instruments) bring(conn uint8, token uint32) (owner int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if _, v := find(*in.table.Load(), token); v != 0 {
		return int(uint8(v >> 24))
	}
	in.assign(conn, token)
	return int(conn)
}

// place gives tokens to conn, while the parser of the connection they are with
// stands between two packets. What ticked elsewhere before will be told to have
// a gap.
func (in *instruments) place(conn uint8, tokens ...uint32) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, token := range tokens {
		for !in.assign(conn, token) {
			// a parser just marked it
		}
	}
}

// assign gives token to conn, or returns false if a parser was faster to change
// its word. The lock is held.
func (in *instruments) assign(conn uint8, token uint32) bool {
	table := *in.table.Load()
	slot, v := find(table, token)
	switch {
	case v == 0:
		if in.used+1 > len(table)/4*3 {
			in.grow()
			slot, _ = find(*in.table.Load(), token)
		}
		slot.number = in.used // before the Store that a parser's Load in find pairs with
		in.used++
		slot.word.Store(word(token, conn, 0))
		return true
	case uint8(v>>24) == conn:
		return true
	case v&sessionMask == 0:
		return slot.word.CompareAndSwap(v, word(token, conn, 0))
	default:
		return slot.word.CompareAndSwap(v, word(token, conn, movedSession))
	}
}

// count returns how many instruments have a number.
func (in *instruments) count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.used
}

// lookup returns the number of token and the connection that delivers it, false
// if it was never placed.
func (in *instruments) lookup(token uint32) (number, conn int, ok bool) {
	slot, v := find(*in.table.Load(), token)
	if v == 0 || token == 0 {
		return unnumbered, 0, false
	}
	return slot.number, int(uint8(v >> 24)), true
}

// again notes that tokens are about to be subscribed again on a socket where
// they ticked before: whether they tick is an open question once more. What they
// missed meanwhile is no gap: it was not wanted.
func (in *instruments) again(conn uint8, session uint32, tokens ...uint32) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, token := range tokens {
		if slot, v := find(*in.table.Load(), token); v == word(token, conn, session) {
			slot.word.CompareAndSwap(v, word(token, conn, 0))
		}
	}
}

// grow doubles the table. A mark that a parser sets in the old one meanwhile is
// lost: its next tick is marked again, at worst as one after a gap.
func (in *instruments) grow() {
	old := *in.table.Load()
	table := make([]instrument, 2*len(old))
	for i := range old {
		if v := old[i].word.Load(); v != 0 {
			slot, _ := find(table, uint32(v>>32))
			slot.number = old[i].number
			slot.word.Store(v)
		}
	}
	in.table.Store(&table)
}

// ticked reports whether token ticked on this socket of conn.
func (in *instruments) ticked(token uint32, conn uint8, session uint32) bool {
	_, v := find(*in.table.Load(), token)
	return v == word(token, conn, session)
}
