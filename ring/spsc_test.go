package ring_test

import (
	"math"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// tick is as large as the item this ring was made for.
type tick [26]uint64

func TestNewCapacity(t *testing.T) {
	for _, tt := range []struct{ ask, want int }{
		{1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {1000, 1024}, {1024, 1024}, {1025, 2048},
	} {
		p, c := ring.New[int](tt.ask)
		if p.Cap() != tt.want || c.Cap() != tt.want {
			t.Errorf("New(%d): Cap() = %d and %d, want %d", tt.ask, p.Cap(), c.Cap(), tt.want)
		}
		for i := range tt.want {
			if !p.TryEnqueue(i) {
				t.Errorf("New(%d): full after %d items, want %d", tt.ask, i, tt.want)
			}
		}
		if p.TryEnqueue(-1) {
			t.Errorf("New(%d): takes more than %d items", tt.ask, tt.want)
		}
	}
	for _, bad := range []int{0, -1, math.MinInt, math.MaxInt} {
		wantPanic(t, "capacity", func() { ring.New[int](bad) })
	}
}

// Every slot is usable, and comes round in order, whatever the capacity.
func TestOrderAcrossWraps(t *testing.T) {
	for _, capacity := range []int{1, 2, 4, 64} {
		p, c := ring.New[int](capacity)
		next := 0
		for round := range 5 {
			for i := range capacity {
				if !p.TryEnqueue(round*capacity + i) {
					t.Fatalf("capacity=%d: full with %d items", capacity, i)
				}
			}
			if _, ok := p.Reserve(); ok {
				t.Fatalf("capacity=%d: Reserve succeeds on a full ring", capacity)
			}
			for range capacity {
				if got, ok := c.TryDequeue(); !ok || got != next {
					t.Fatalf("capacity=%d: got %d, %v, want %d", capacity, got, ok, next)
				}
				next++
			}
			if got, ok := c.TryDequeue(); ok {
				t.Fatalf("capacity=%d: got %d from an empty ring", capacity, got)
			}
		}
	}
}

func TestItemTypes(t *testing.T) {
	t.Run("type=struct{}", func(t *testing.T) {
		p, c := ring.New[struct{}](4)
		for range 4 {
			if !p.TryEnqueue(struct{}{}) {
				t.Fatal("full too early")
			}
		}
		if got := len(c.PeekN(0)); got != 4 || p.TryEnqueue(struct{}{}) {
			t.Errorf("a ring of 4 items without size holds %d", got)
		}
	})
	t.Run("type=string", func(t *testing.T) {
		p, c := ring.New[string](1)
		for _, want := range []string{"a", "", "b"} {
			p.TryEnqueue(want)
			if got, ok := c.TryDequeue(); !ok || got != want {
				t.Errorf("got %q, %v, want %q", got, ok, want)
			}
		}
	})
	t.Run("type=[1<<16]byte", func(t *testing.T) {
		p, c := ring.New[[1 << 16]byte](2)
		for i := range 5 {
			slot, _ := p.Reserve()
			slot[0], slot[1<<16-1] = byte(i), byte(i)
			p.Commit()
			p.Publish()
			got, _ := c.Peek()
			if got[0] != byte(i) || got[1<<16-1] != byte(i) {
				t.Errorf("item %d has %d and %d", i, got[0], got[1<<16-1])
			}
			c.Advance()
			c.Release()
		}
	})
}

func TestCommittedIsPrivateUntilPublish(t *testing.T) {
	p, c := ring.New[int](4)
	slot, _ := p.Reserve()
	*slot = 1
	p.Commit()
	if _, ok := c.Peek(); ok || c.Len() != 0 || p.Len() != 0 {
		t.Errorf("before Publish: Peek finds an item (%v), or Len is %d and %d", ok, p.Len(), c.Len())
	}
	p.Publish()
	if got, ok := c.Peek(); !ok || *got != 1 || c.Len() != 1 || p.Len() != 1 {
		t.Errorf("after Publish: Peek() = %v, %v, and Len is %d and %d", got, ok, p.Len(), c.Len())
	}
}

func TestAdvancedIsLeasedUntilRelease(t *testing.T) {
	p, c := ring.New[int](1)
	p.TryEnqueue(1)
	item, _ := c.Peek()
	c.Advance()
	if p.TryEnqueue(2) {
		t.Error("before Release: the producer got the slot")
	}
	if *item != 1 {
		t.Errorf("before Release: the item changed to %d", *item)
	}
	c.Release()
	if !p.TryEnqueue(2) {
		t.Error("after Release: the producer did not get the slot")
	}
}

func TestReserveUntilCommitIsTheSameSlot(t *testing.T) {
	p, _ := ring.New[int](4)
	first, _ := p.Reserve()
	if again, _ := p.Reserve(); again != first {
		t.Error("two Reserves without Commit gave two slots")
	}
	p.Commit()
	if next, _ := p.Reserve(); next == first {
		t.Error("Reserve after Commit gave the committed slot")
	}
}

// At the end of memory a batch stops short; the next one goes on at the start.
func TestBatchesStopAtTheEndOfMemory(t *testing.T) {
	p, c := ring.New[int](8)
	batch := func(n int) []int {
		t.Helper()
		run := p.ReserveN(n)
		for i := range run {
			run[i] = i
		}
		p.CommitN(len(run))
		p.Publish()
		return run
	}
	take := func(n int) []int {
		t.Helper()
		run := c.PeekN(n)
		c.AdvanceN(len(run))
		c.Release()
		return run
	}
	for i, want := range []int{5, 3, 5, 3} {
		if got := len(batch(5)); got != want {
			t.Errorf("ReserveN(5) #%d gave %d slots, want %d", i, got, want)
		}
		if got := len(take(0)); got != want {
			t.Errorf("PeekN(0) #%d gave %d items, want %d", i, got, want)
		}
	}
	if run := p.ReserveN(0); len(run) != 8 || cap(run) != 8 {
		t.Errorf("ReserveN(0) of an empty ring at its start gave %d slots, capacity %d, want 8", len(run), cap(run))
	}
	if run := p.ReserveN(3); len(run) != 3 || cap(run) != 3 {
		t.Errorf("ReserveN(3) gave %d slots with room for append up to %d", len(run), cap(run))
	}
	if run := c.PeekN(0); len(run) != 0 {
		t.Errorf("PeekN(0) of an empty ring gave %d items", len(run))
	}
	p.ReserveN(0)
	p.CommitN(8)
	p.Publish()
	if run := p.ReserveN(0); len(run) != 0 {
		t.Errorf("ReserveN(0) of a full ring gave %d slots", len(run))
	}
}

func TestSPSCMisuse(t *testing.T) {
	tests := map[string]func(*ring.Producer[int], *ring.Consumer[int]){
		"Commit without Reserve": func(p *ring.Producer[int], _ *ring.Consumer[int]) { p.Commit() },
		"Commit without Reserve, twice": func(p *ring.Producer[int], _ *ring.Consumer[int]) {
			p.Reserve()
			p.Commit()
			p.Commit()
		},
		"CommitN of more":     func(p *ring.Producer[int], _ *ring.Consumer[int]) { p.ReserveN(2); p.CommitN(3) },
		"CommitN of negative": func(p *ring.Producer[int], _ *ring.Consumer[int]) { p.ReserveN(2); p.CommitN(-1) },
		"Commit after full": func(p *ring.Producer[int], _ *ring.Consumer[int]) {
			p.ReserveN(4)
			p.CommitN(4)
			p.Reserve()
			p.Commit()
		},
		"Advance without Peek": func(p *ring.Producer[int], c *ring.Consumer[int]) { p.TryEnqueue(1); c.Advance() },
		"Advance without Peek, twice": func(p *ring.Producer[int], c *ring.Consumer[int]) {
			p.TryEnqueue(1)
			p.TryEnqueue(2)
			c.Peek()
			c.Advance()
			c.Advance()
		},
		"Advance past empty": func(_ *ring.Producer[int], c *ring.Consumer[int]) { c.Peek(); c.Advance() },
		"AdvanceN past more": func(p *ring.Producer[int], c *ring.Consumer[int]) {
			p.TryEnqueue(1)
			p.TryEnqueue(2)
			c.PeekN(1)
			c.AdvanceN(2)
		},
		"AdvanceN of negative": func(p *ring.Producer[int], c *ring.Consumer[int]) { p.TryEnqueue(1); c.PeekN(1); c.AdvanceN(-1) },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			p, c := ring.New[int](4)
			wantPanic(t, strings.Fields(name)[0], func() { f(p, c) })
		})
	}
}

func TestSPSCAllocatesNothing(t *testing.T) {
	p, c := ring.New[tick](64)
	closed := make(chan struct{})
	close(closed)
	for name, f := range map[string]func(){
		"one by one": func() {
			slot, _ := p.Reserve()
			slot[0]++
			p.Commit()
			p.Publish()
			item, _ := c.Peek()
			item[0]++
			c.Advance()
			c.Release()
		},
		"in batches": func() {
			p.CommitN(len(p.ReserveN(16)))
			p.Publish()
			c.AdvanceN(len(c.PeekN(0)))
			c.Release()
		},
		"by value":        func() { p.TryEnqueue(tick{}); c.TryDequeue() },
		"Wait with room":  func() { p.Wait(nil) },
		"Wait for nobody": func() { c.Wait(closed) },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}
