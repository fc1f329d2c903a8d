package ring_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker/ring"
)

var strategies = []ring.WaitStrategy{ring.WaitPark, ring.WaitYield, ring.WaitSpin}

func TestWaitStrategyText(t *testing.T) {
	for i, name := range []string{"park", "yield", "spin"} {
		s := ring.WaitStrategy(i)
		if text, err := s.MarshalText(); s.String() != name || string(text) != name || err != nil {
			t.Errorf("strategy %d is %q, as text %q, %v, want %q", i, s, text, err, name)
		}
		var back ring.WaitStrategy
		if err := back.UnmarshalText([]byte(name)); err != nil || back != s {
			t.Errorf("%q reads back as %v, %v", name, back, err)
		}
	}
	s := ring.WaitStrategy(3)
	if _, err := s.MarshalText(); err == nil || s.String() != "WaitStrategy(3)" {
		t.Errorf("an unknown strategy is %q and has a text (%v)", s, err)
	}
	for _, bad := range []string{"", "Park", "sleep"} {
		s := ring.WaitSpin
		if err := s.UnmarshalText([]byte(bad)); err == nil || s != ring.WaitSpin {
			t.Errorf("%q was read as %v, %v", bad, s, err)
		}
	}
	wantPanic(t, "strategy", func() { ring.NewWaiter(3) })
}

// sleeper is a goroutine that calls Idle, poll by poll, in a bubble.
type sleeper struct {
	w    *ring.Waiter
	last bool // what the last call of Idle returned
	busy bool // a call has not returned
}

// idle calls Idle once, and reports whether it returned rather than parked.
func (s *sleeper) idle(done <-chan struct{}) bool {
	s.busy = true
	go func() {
		s.last = s.w.Idle(done)
		s.busy = false
	}()
	synctest.Wait()
	return !s.busy
}

// untilParked calls Idle until it parks, and returns how many calls did not.
func (s *sleeper) untilParked(t *testing.T, done <-chan struct{}) int {
	t.Helper()
	for n := range 10_000 {
		if !s.idle(done) {
			return n
		}
	}
	t.Fatal("10,000 empty polls, and Idle does not park")
	return 0
}

// stepsToPark returns after how many calls of Idle the next one parks.
func stepsToPark(t *testing.T) int {
	t.Helper()
	s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
	n := s.untilParked(t, nil)
	s.w.Wake()
	s.wantAwake(t, true)
	return n
}

func (s *sleeper) wantAwake(t *testing.T, want bool) {
	t.Helper()
	synctest.Wait()
	if s.busy {
		t.Fatal("still parked")
	}
	if s.last != want {
		t.Errorf("Idle returned %v, want %v", s.last, want)
	}
}

func TestWakeEndsTheSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
		first := s.untilParked(t, nil)
		for range 3 {
			s.w.Wake()
			s.wantAwake(t, true)
			if n := s.untilParked(t, nil); n != first {
				t.Errorf("after a wake-up Idle parks after %d polls, at first after %d", n, first)
			}
		}
		s.w.Wake()
		s.wantAwake(t, true)
	})
}

// The window between arming and parking is where wake-ups get lost: wake at
// each poll on the way.
func TestWakeBeforeTheSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := stepsToPark(t)
		for k := range steps + 1 {
			s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
			for range k {
				s.idle(nil)
			}
			s.w.Wake()
			if k == steps { // armed: this Wake must be felt by the next Idle
				if !s.idle(nil) {
					t.Errorf("a Wake between arming and parking is lost")
					s.w.Wake()
					synctest.Wait()
				}
				continue
			}
			// Not armed: it must leave nothing behind.
			if n := s.untilParked(t, nil); n != steps-k {
				t.Errorf("after a Wake at poll %d, Idle parks after %d more, want %d", k, n, steps-k)
			}
			s.w.Wake()
			s.wantAwake(t, true)
		}
	})
}

// A goroutine arms, is woken, but its re-check has found the item: the token
// stays behind. However often that happens, it may end one later sleep, and no
// more.
func TestStaleTokenCostsOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := stepsToPark(t)
		s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
		for range 3 {
			for range steps {
				s.idle(nil)
			}
			s.w.Wake()
			s.w.Reset()
		}
		if n, limit := s.untilParked(t, nil), 2*steps+1; n > limit {
			t.Errorf("with a token left over Idle parks after %d polls, want at most %d", n, limit)
		}
		s.w.Wake()
		s.wantAwake(t, true)
	})
}

func TestResetWhileArmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := stepsToPark(t)
		for k := range steps + 1 {
			s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
			for range k {
				s.idle(nil)
			}
			s.w.Reset()
			s.w.Wake() // nobody waits: must leave no token
			if n := s.untilParked(t, nil); n != steps {
				t.Errorf("after Reset at poll %d, Idle parks after %d polls, want %d", k, n, steps)
			}
			s.w.Wake()
			s.wantAwake(t, true)
		}
	})
}

func TestManyWakersWakeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
		steps := s.untilParked(t, nil)
		for range 50 {
			var wg sync.WaitGroup
			var winners atomic.Int32
			for range 8 {
				wg.Go(func() {
					if s.w.Wake() {
						winners.Add(1)
					}
				})
			}
			wg.Wait()
			if n := winners.Load(); n != 1 {
				t.Errorf("%d of 8 wakers say that they woke the sleeper, want 1", n)
			}
			s.wantAwake(t, true)
			// All wakers came after one arming, so there was one token.
			if n := s.untilParked(t, nil); n != steps {
				t.Errorf("after a crowd of wakers Idle parks after %d polls, want %d", n, steps)
			}
		}
		s.w.Wake()
		s.wantAwake(t, true)
	})
}

func TestOnlyParkParks(t *testing.T) {
	for _, strategy := range []ring.WaitStrategy{ring.WaitYield, ring.WaitSpin} {
		w := ring.NewWaiter(strategy)
		for range 1<<20 + 1 { // past the spinner's rare yield
			if !w.Idle(nil) {
				t.Fatalf("strategy=%v: Idle returns false without done", strategy)
			}
		}
		w.Wake() // nobody is parked: must not block
	}
}

func TestWaiterAllocatesNothing(t *testing.T) {
	w := ring.NewWaiter(ring.WaitPark)
	if got := testing.AllocsPerRun(1000, func() {
		for range 10 {
			w.Idle(nil)
			w.Wake()
		}
		w.Reset()
	}); got != 0 {
		t.Errorf("Idle, Wake and Reset allocate %v times, want 0", got)
	}
}

// wantPanic fails the test unless f panics with a message of this package that
// contains text.
func wantPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		got := fmt.Sprint(recover())
		if !strings.HasPrefix(got, "ring: ") || !strings.Contains(got, text) {
			t.Errorf("got panic %q, want one of package ring about %q", got, text)
		}
	}()
	f()
}
