package ring_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker/ring"
)

// A goroutine that waits on a ring is durably blocked, so that a test's clock
// moves on.
func TestWaitersLetTheClockMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := ring.New[time.Time](1)
		start := time.Now()
		go func() {
			for range 3 {
				time.Sleep(time.Hour)
				p.Wait(nil)
				p.TryEnqueue(time.Now())
			}
		}()
		for i := range 3 {
			c.Wait(nil)
			got, _ := c.TryDequeue()
			if want := start.Add(time.Duration(i+1) * time.Hour); !got.Equal(want) {
				t.Errorf("item %d was published at %v, want %v", i, got, want)
			}
		}
	})
}

// blocked starts wait in a goroutine and returns a function that tells whether
// it still waits, and what it returned.
func blocked(wait func() bool) func() (waiting, result bool) {
	result := make(chan bool, 1)
	go func() { result <- wait() }()
	return func() (bool, bool) {
		synctest.Wait()
		select {
		case r := <-result:
			return false, r
		default:
			return true, false
		}
	}
}

func wantState(t *testing.T, what string, state func() (bool, bool), waiting, result bool) {
	t.Helper()
	if w, r := state(); w != waiting || r != result {
		t.Errorf("%s: waiting %v, result %v, want %v, %v", what, w, r, waiting, result)
	}
}

func TestProducerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := ring.New[int](2)
		if !p.Wait(nil) {
			t.Error("Wait on an empty ring returns false")
		}
		p.CommitN(len(p.ReserveN(2))) // not published: Wait must do it
		state := blocked(func() bool { return p.Wait(nil) })
		wantState(t, "full", state, true, false)
		if _, ok := c.Peek(); !ok {
			t.Fatal("a waiting producer keeps its committed items to itself")
		}
		c.Advance()
		wantState(t, "advanced past, but not released", state, true, false)
		c.Release()
		wantState(t, "released", state, false, true)

		p.TryEnqueue(3)
		done := make(chan struct{})
		state = blocked(func() bool { return p.Wait(done) })
		wantState(t, "full again", state, true, false)
		close(done)
		wantState(t, "done", state, false, false)
		c.TryDequeue()
		if !p.Wait(done) {
			t.Error("with a free slot, Wait returns false because done is closed")
		}
	})
}

func TestConsumerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := ring.New[int](2)
		state := blocked(func() bool { return c.Wait(nil) })
		wantState(t, "empty", state, true, false)
		p.Reserve()
		p.Commit()
		wantState(t, "committed, but not published", state, true, false)
		p.Publish()
		wantState(t, "published", state, false, true)

		c.TryDequeue()
		done := make(chan struct{})
		state = blocked(func() bool { return c.Wait(done) })
		wantState(t, "empty again", state, true, false)
		close(done)
		wantState(t, "done", state, false, false)
		p.TryEnqueue(1)
		if !c.Wait(done) {
			t.Error("with an item, Wait returns false because done is closed")
		}
	})
}

func TestBytesProducerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := ring.NewBytes(64)
		for range 2 {
			p.Claim(16)
			p.Commit(16, kindTest, 0) // not published: Wait must do it
		}
		state := blocked(func() bool { return p.Wait(nil, 1) })
		wantState(t, "full", state, true, false)
		if _, ok := c.Peek(); !ok {
			t.Fatal("a waiting producer keeps its committed records to itself")
		}
		c.Advance()
		wantState(t, "advanced past, but not released", state, true, false)
		c.Release()
		wantState(t, "released", state, false, true)

		// 32 bytes are free; a record without data takes 16 of them.
		if _, err := p.Claim(0); err != nil {
			t.Fatal(err)
		}
		p.Commit(0, kindTest, 0)
		if !p.Wait(nil, 0) {
			t.Error("Wait(0) with 16 bytes free returns false")
		}
		done := make(chan struct{})
		state = blocked(func() bool { return p.Wait(done, 16) })
		wantState(t, "not enough room", state, true, false)
		close(done)
		wantState(t, "done", state, false, false)
	})
}

func TestBytesConsumerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := ring.NewBytes(64)
		state := blocked(func() bool { return c.Wait(nil) })
		wantState(t, "empty", state, true, false)
		p.Claim(1)
		p.Commit(1, kindTest, 0)
		wantState(t, "committed, but not published", state, true, false)
		p.Publish()
		wantState(t, "published", state, false, true)

		done := make(chan struct{})
		c.Peek()
		c.Advance()
		c.Release()
		state = blocked(func() bool { return c.Wait(done) })
		wantState(t, "empty again", state, true, false)
		close(done)
		wantState(t, "done", state, false, false)
	})
}

// One goroutine, three rings of two kinds, one Waiter.
func TestSharedWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := ring.NewWaiter(ring.WaitPark)
		p1, c1 := ring.New[int](4)
		p2, c2 := ring.New[int](4)
		p3, c3 := ring.NewBytes(64)
		c1.WaitOn(w)
		c2.WaitOn(w)
		c3.WaitOn(w)
		done := make(chan struct{})
		var got []string
		poll := func() bool {
			before := len(got)
			if v, ok := c1.TryDequeue(); ok {
				got = append(got, fmt.Sprint("one ", v))
			}
			if v, ok := c2.TryDequeue(); ok {
				got = append(got, fmt.Sprint("two ", v))
			}
			if r, ok := c3.Peek(); ok {
				got = append(got, fmt.Sprint("three ", string(r.Data)))
				c3.Advance()
				c3.Release()
			}
			return len(got) > before
		}
		state := blocked(func() bool {
			for {
				if poll() {
					w.Reset()
				} else if !w.Idle(done) {
					return poll()
				}
			}
		})
		want := func(items ...string) {
			t.Helper()
			wantState(t, "all rings empty", state, true, false)
			if fmt.Sprint(got) != fmt.Sprint(items) {
				t.Errorf("got %q, want %q", got, items)
			}
		}
		want()
		p2.TryEnqueue(1)
		want("two 1")
		p1.TryEnqueue(2)
		want("two 1", "one 2")
		buf, _ := p3.Claim(1)
		buf[0] = '3'
		p3.Commit(1, kindTest, 0)
		p3.Publish()
		want("two 1", "one 2", "three 3")
		close(done)
		wantState(t, "done", state, false, false)
	})
}
