package ring_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker/ring"
)

// A pattern says how many items a side handles between two publications.
type pattern struct{ produce, consume int }

var patterns = []pattern{{1, 1}, {1, 16}, {7, 3}, {64, 64}}

// stream sends n items through a ring, each filled from its number, and fails
// the test if they do not arrive in order, complete and whole. Both sides wait
// as strategy says. Odd batches go one by one, even ones as slices.
func stream[T any](t *testing.T, n, capacity int, strategy ring.WaitStrategy, pat pattern, fill func(*T, int), check func(*T, int) bool) {
	t.Helper()
	p, c := ring.New[T](capacity)
	p.WaitOn(ring.NewWaiter(strategy))
	c.WaitOn(ring.NewWaiter(strategy))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sent, batch := 0, 0; sent < n; batch++ {
			p.Wait(nil)
			want := min(pat.produce, n-sent)
			if batch%2 == 0 {
				run := p.ReserveN(want)
				for i := range run {
					fill(&run[i], sent+i)
				}
				p.CommitN(len(run))
				sent += len(run)
			} else {
				for range want {
					slot, ok := p.Reserve()
					if !ok {
						break
					}
					fill(slot, sent)
					p.Commit()
					sent++
				}
			}
			p.Publish()
		}
	}()
	got := 0
	verify := func(item *T) {
		if !check(item, got) {
			t.Errorf("item %d arrived as %v", got, *item)
		}
		got++
	}
	for batch := 0; c.Wait(done) && !t.Failed(); batch++ {
		if batch%2 == 0 {
			run := c.PeekN(pat.consume)
			for i := range run {
				verify(&run[i])
			}
			c.AdvanceN(len(run))
		} else {
			for range pat.consume {
				item, ok := c.Peek()
				if !ok {
					break
				}
				verify(item)
				c.Advance()
			}
		}
		c.Release()
	}
	if got != n {
		t.Errorf("%d items arrived, want %d", got, n)
	}
}

func fillTick(t *tick, n int) {
	for i := range t {
		t[i] = uint64(n)<<8 + uint64(i)
	}
}

func checkTick(t *tick, n int) bool {
	var want tick
	fillTick(&want, n)
	return *t == want
}

func TestStressSPSC(t *testing.T) {
	for _, strategy := range strategies {
		for _, capacity := range []int{1, 2, 64, 1024} {
			for _, pat := range patterns {
				t.Run(fmt.Sprintf("wait=%v/capacity=%d/produce=%d/consume=%d", strategy, capacity, pat.produce, pat.consume), func(t *testing.T) {
					needsTwoPs(t, strategy)
					n := items(strategy, capacity)
					stream(t, n, capacity, strategy, pat, fillTick, checkTick)
					stream(t, n, capacity, strategy, pat,
						func(b *[3]byte, n int) { *b = [3]byte{byte(n), byte(n >> 8), byte(n >> 16)} },
						func(b *[3]byte, n int) bool { return *b == [3]byte{byte(n), byte(n >> 8), byte(n >> 16)} })
					stream(t, n, capacity, strategy, pat,
						func(*struct{}, int) {}, func(*struct{}, int) bool { return true })
				})
			}
		}
	}
}

// items is how many items to send through a ring: a few hundred turns of the
// small ones, where every item changes hands, enough to wrap the large ones. On
// a busy machine a spinner may wait a whole time slice for the other side, so
// it gets fewer.
func items(strategy ring.WaitStrategy, capacity int) int {
	turns := 200
	if strategy == ring.WaitSpin {
		turns = 40
	}
	return turns*min(capacity, 16) + 4*capacity
}

// needsTwoPs skips a test of spinners that would share a P: each turn takes as
// long as the runtime lets a goroutine run. TestOneP has a few such turns.
func needsTwoPs(t *testing.T, strategy ring.WaitStrategy) {
	if strategy == ring.WaitSpin && runtime.GOMAXPROCS(0) == 1 {
		t.Skip("one P is not enough for two goroutines that spin")
	}
}

// Strict alternation: each side sleeps until the other has moved, so a single
// lost wake-up stops everything. In a bubble that is a failure at once.
func TestNoWakeUpIsLost(t *testing.T) {
	const producers, rounds = 3, 3000
	synctest.Test(t, func(t *testing.T) {
		w := ring.NewWaiter(ring.WaitPark)
		var in []*ring.Consumer[int]
		var back []*ring.Producer[int]
		var wg sync.WaitGroup
		for id := range producers {
			p, c := ring.New[int](1)
			ackP, ackC := ring.New[int](1)
			c.WaitOn(w)
			in, back = append(in, c), append(back, ackP)
			wg.Go(func() {
				for i := range rounds {
					// Vary where in the other side's steps the wake-up falls.
					for range (i * (id + 1)) % 40 {
						runtime.Gosched()
					}
					p.TryEnqueue(i)
					ackC.Wait(nil)
					if got, ok := ackC.TryDequeue(); !ok || got != i {
						t.Errorf("producer %d: acknowledgement %d is %d, %v", id, i, got, ok)
						return
					}
				}
			})
		}
		done := make(chan struct{})
		var consumer sync.WaitGroup
		consumer.Go(func() {
			for {
				found := false
				for i, c := range in {
					if v, ok := c.TryDequeue(); ok {
						back[i].TryEnqueue(v)
						found = true
					}
				}
				if found {
					w.Reset()
				} else if !w.Idle(done) {
					return
				}
			}
		})
		wg.Wait()
		close(done)
		consumer.Wait()
	})
}

// With one P a spinner must let the other side run.
func TestOneP(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, strategy := range strategies {
		t.Run(fmt.Sprintf("wait=%v", strategy), func(t *testing.T) {
			stream(t, 64, 16, strategy, pattern{16, 16}, fillTick, checkTick)
		})
	}
}

// Len is for gauges: any goroutine may call it at any time, and it never
// leaves 0 to Cap.
func TestLenFromAnywhere(t *testing.T) {
	p, c := ring.New[uint64](8)
	bp, bc := ring.NewBytes(64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50_000 {
			for _, n := range []int{p.Len(), c.Len(), bp.Len() / 8, bc.Len() / 8} {
				if n < 0 || n > 8 {
					t.Errorf("Len() is %d, want 0 to 8", n)
					return
				}
			}
		}
	}()
	for {
		select {
		case <-done:
			return
		default:
			p.TryEnqueue(0)
			c.TryDequeue()
			put(t, bp, nil, kindTest, 0)
			take(t, bc)
		}
	}
}
