package ring_test

import (
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker/ring"
)

func TestDoneEndsTheSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
		done := make(chan struct{})
		steps := s.untilParked(t, done)
		close(done)
		s.wantAwake(t, false)
		// And it stays so.
		for range 100 {
			if !s.idle(done) || s.last {
				t.Fatal("after done, Idle parks or returns true")
			}
		}
		s.w.Wake() // nobody waits: must leave no token
		if n := s.untilParked(t, nil); n != steps {
			t.Errorf("after done, Idle parks after %d polls, want %d", n, steps)
		}
		s.w.Wake()
		s.wantAwake(t, true)
	})
}

// Done is noticed at whatever poll it comes, and leaves the Waiter at rest.
func TestDoneBetweenPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := stepsToPark(t)
		for k := range steps + 1 {
			s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
			done := make(chan struct{})
			for range k {
				s.idle(done)
			}
			close(done)
			s.idle(done)
			s.wantAwake(t, false)
			s.w.Wake() // nobody waits: must leave no token
			if n := s.untilParked(t, nil); n != steps {
				t.Errorf("after done at poll %d, Idle parks after %d polls, want %d", k, n, steps)
			}
			s.w.Wake()
			s.wantAwake(t, true)
		}
	})
}

// Done and a token at once: either may be seen first, the end comes next.
func TestDoneWithTokenPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := stepsToPark(t)
		for range 50 {
			s := &sleeper{w: ring.NewWaiter(ring.WaitPark)}
			done := make(chan struct{})
			for range steps {
				s.idle(done)
			}
			s.w.Wake()
			close(done)
			if !s.idle(done) {
				t.Fatal("Idle parks though done is closed")
			}
			if s.last && (!s.idle(done) || s.last) {
				t.Fatal("the second Idle after done does not return false")
			}
		}
	})
}

func TestDoneBefore(t *testing.T) {
	done := make(chan struct{})
	close(done)
	for _, strategy := range strategies {
		w := ring.NewWaiter(strategy)
		for range 100 {
			if w.Idle(done) {
				t.Errorf("strategy=%v: Idle returns true though done was closed before", strategy)
			}
		}
	}
}
