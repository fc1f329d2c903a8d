package kiteticker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// audit is what one reader has seen of a stream.
type audit struct {
	tb        testing.TB
	name      string
	stream    *kiteticker.TickStream
	conflates bool
	rounds    map[uint32]int // last round of each token
	seq       uint64
	delivered uint64
	lost      uint64 // told before a tick
	trailing  uint64 // told at the end
	replaced  uint64 // told
}

// take checks one slice.
func (a *audit) take(ticks []kiteticker.Tick, lost uint64, replacedBy func(int) uint32) {
	if len(ticks) == 0 {
		a.trailing += lost
	} else {
		a.lost += lost
	}
	for i := range ticks {
		t := &ticks[i]
		round := derivedFrom(a.tb, t)
		if round <= a.rounds[t.Token] {
			a.tb.Errorf("%s: round %d of token %d after round %d", a.name, round, t.Token, a.rounds[t.Token])
		}
		a.rounds[t.Token] = round
		if missing := t.Seq - a.seq - 1; !a.conflates && missing != lost {
			a.tb.Errorf("%s: tick %d follows tick %d, %d told lost", a.name, t.Seq, a.seq, lost)
		}
		if told := t.Flags&kiteticker.FlagLost != 0; told != (lost > 0) && !a.conflates {
			a.tb.Errorf("%s: tick %d after %d lost, FlagLost is %v", a.name, t.Seq, lost, told)
		}
		lost = 0
		a.seq = t.Seq
		a.delivered++
		a.replaced += uint64(replacedBy(i))
	}
}

// read reads in a random manner until the stream ends.
func (a *audit) read(rng *rand.Rand) {
	for again := true; again; {
		again = false
		stop := rng.IntN(50)
		func() {
			defer func() {
				if recover() != nil {
					again = true
				}
			}()
			for ticks, lost := range a.stream.Batches(context.Background()) {
				a.take(ticks, lost, a.stream.ReplacedBy)
				switch stop--; {
				case stop == 0 && rng.IntN(2) == 0:
					panic("a bug in the engine")
				case stop == 0:
					again = true
					return
				case rng.IntN(20) == 0:
					time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
				}
			}
		}()
		for range rng.IntN(5) { // its own duty cycle for a while
			ticks, lost := a.stream.Poll(rng.IntN(4))
			a.take(ticks, lost, a.stream.ReplacedBy)
			a.stream.Release()
			again = again || len(ticks) > 0
		}
	}
}

// Law: of every stream, what it was owed = delivered + told lost + replaced,
// whatever it and the others do; each instrument's ticks come whole and in order.
func TestEveryTickIsAccountedFor(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { accountedFor(t, seed) })
		})
	}
}

func accountedFor(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	tokens := slices.DeleteFunc(kitetest.Universe(60), func(token uint32) bool { return uint8(token) == 9 || uint8(token) == 13 })
	var readers sync.WaitGroup
	var whole []*audit // attached from the first tick to the last
	f := newFeed(t, kiteticker.Config{LastValues: seed%2 == 0, DrainTimeout: time.Hour}, tokens, func(*kiteticker.Client) {})
	f.round() // so that snapshots are of our making, too
	for o := kiteticker.DropNewest; o <= kiteticker.Conflate; o++ {
		cfg := kiteticker.StreamConfig{Name: o.String(), Overflow: o, Capacity: 32 << rng.IntN(6)}
		if o == kiteticker.Conflate {
			cfg.Capacity = 0
		}
		whole = append(whole, &audit{
			tb: t, name: cfg.Name, stream: ticks(t, f.client, cfg), conflates: o == kiteticker.Conflate, rounds: map[uint32]int{},
		})
	}
	for i, a := range whole {
		readers.Go(func() { a.read(rand.New(rand.NewPCG(seed, uint64(10+i)))) })
	}
	over := make(chan struct{})
	var visitors sync.WaitGroup
	for i := range 4 { // streams that come and go meanwhile
		visitors.Go(func() { visit(t, f.client, rand.New(rand.NewPCG(seed, uint64(20+i))), seed%2 == 0, over) })
	}
	for range 200 {
		f.send()
		if rng.IntN(10) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	close(over)
	visitors.Wait()
	if err := f.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	readers.Wait()
	sent := uint64((f.sent - 1) * len(tokens))
	for _, a := range whole {
		if a.delivered+a.lost+a.trailing+a.replaced != sent || a.lost+a.trailing != a.stream.Lost() || a.replaced != a.stream.Replaced() {
			t.Errorf("%s: %d sent, %d delivered, %d lost of %d, %d replaced of %d", a.name, sent,
				a.delivered, a.lost+a.trailing, a.stream.Lost(), a.replaced, a.stream.Replaced())
		}
		if a.stream.Lost() > 0 && a.name != "drop-newest" || a.replaced > 0 && !a.conflates {
			t.Errorf("%s: lost %d, replaced %d", a.name, a.lost, a.replaced)
		}
		for _, token := range tokens {
			if a.stream.Lost() == 0 && a.rounds[token] != f.sent {
				t.Errorf("%s: the last round of token %d is %d, want %d", a.name, token, a.rounds[token], f.sent)
			}
		}
	}
}

// visit attaches streams and closes them, under their readers' feet or after
// the readers have vanished.
func visit(t *testing.T, c *kiteticker.Client, rng *rand.Rand, snapshot bool, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		default:
		}
		o := kiteticker.Overflow(rng.IntN(3))
		s, err := c.Ticks(kiteticker.StreamConfig{Name: "visitor", Overflow: o, Snapshot: snapshot && rng.IntN(2) == 0})
		if err != nil {
			t.Errorf("Ticks: %v", err)
			return
		}
		a := &audit{tb: t, name: "visitor that is to " + o.String(), stream: s, conflates: o == kiteticker.Conflate, rounds: map[uint32]int{}}
		read := make(chan struct{})
		present, own := rng.IntN(4) > 0, rand.New(rand.NewPCG(rng.Uint64(), 0))
		go func() {
			defer close(read)
			if present {
				a.read(own)
			}
		}()
		time.Sleep(time.Duration(1+rng.IntN(30)) * time.Millisecond)
		s.Close()
		<-read
		if a.delivered > 0 && !a.conflates && a.seq != a.delivered+a.lost {
			t.Errorf("%s: last tick is number %d, but %d were delivered and %d lost", a.name, a.seq, a.delivered, a.lost)
		}
	}
}
