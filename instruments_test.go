package kiteticker

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// instruments has no public door of its own; what it decides shows in streams, but
// its growth and its races do not show reliably there.
func TestInstruments(t *testing.T) {
	o := newInstruments()
	want := func(token uint32, conn uint8, session uint32, v verdict) {
		t.Helper()
		if _, got := o.admit(token, conn, session); got != v {
			t.Errorf("admit(%d, %d, %d) is %d, want %d", token, conn, session, got, v)
		}
	}
	o.place(1, 7, 8)
	want(7, 1, 1, deliver)
	want(7, 1, 1, deliver)
	want(7, 0, 1, supersede)
	want(7, 1, 2, deliverAfterGap)
	want(7, 1, 2, deliver)
	o.place(1, 7) // placed where it is: nothing changes
	want(7, 1, 2, deliver)
	o.place(2, 7, 8)
	want(7, 1, 2, supersede)
	want(7, 2, 2, deliverAfterGap)
	want(8, 2, 2, deliver) // never ticked before the move
	o.place(1, 7)
	want(7, 2, 2, supersede)
	want(7, 1, 2, deliverAfterGap)
	o.again(1, 2, 7, 12345)
	if o.ticked(7, 1, 2) {
		t.Error("a token that is subscribed again counts as ticked")
	}
	want(7, 1, 2, deliver)
	o.place(2, 7)
	o.again(2, 2, 7) // it has not ticked there: the gap of its move stays
	want(7, 2, 2, deliverAfterGap)
	o.place(1, 7)
	want(7, 1, 2, deliverAfterGap)
	want(99, 0, 5, deliver) // never placed
	want(99, 1, 5, supersede)
	if !o.ticked(7, 1, 2) || o.ticked(7, 1, 3) || o.ticked(5, 1, 1) {
		t.Error("ticked is wrong")
	}
}

func TestInstrumentsGrowth(t *testing.T) {
	o := newInstruments()
	const n = 20_000
	for token := range uint32(n) {
		o.place(uint8(token%3), token+1)
	}
	for token := range uint32(n) {
		if _, v := o.admit(token+1, uint8(token%3), 1); v != deliver {
			t.Fatalf("token %d: %d", token+1, v)
		}
		if _, v := o.admit(token+1, uint8(token%3)+1, 1); v != supersede {
			t.Fatalf("token %d on another connection: %d", token+1, v)
		}
	}
}

// A token belongs to one connection at every moment: parsers of two
// connections and a mover race, and no tick of a former owner passes after the
// move was done.
func TestInstrumentsUnderRace(t *testing.T) {
	o := newInstruments()
	const token = 408065
	o.place(0, token)
	var parsers sync.WaitGroup
	stop := make(chan struct{})
	for conn := range uint8(2) {
		parsers.Go(func() {
			for i := uint32(0); ; i++ {
				select {
				case <-stop:
					return
				default:
					o.admit(token, conn, 1+i/1000)
					o.admit(rand.Uint32()|1, conn, 1) // growth at the same time
				}
			}
		})
	}
	for i := range 2000 {
		owner := uint8(i % 2)
		o.place(owner, token)
		if _, v := o.admit(token, 1-owner, 1); v != supersede {
			t.Fatalf("move %d: a tick of the former owner is %d", i, v)
		}
	}
	close(stop)
	parsers.Wait()
}

func BenchmarkAdmit(b *testing.B) {
	o := newInstruments()
	tokens := make([]uint32, 9000)
	for i := range tokens {
		tokens[i] = rand.Uint32() | 1
		o.place(0, tokens[i])
	}
	i := 0
	for b.Loop() {
		o.admit(tokens[i], 0, 1)
		if i++; i == len(tokens) {
			i = 0
		}
	}
}
