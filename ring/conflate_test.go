package ring_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// fillItem makes the item with a number of a key. Each word says both, so no
// mix of two items passes checkItem.
func fillItem(t *tick, key, number int) {
	for i := range t {
		t[i] = (uint64(key)<<32+uint64(number))*31 + uint64(i)
	}
}

// checkItem returns the number of an item of key, or false if it is torn or of
// another key.
func checkItem(t *tick, key int) (number int, ok bool) {
	number = int(t[0]/31 - uint64(key)<<32)
	var want tick
	fillItem(&want, key, number)
	return number, *t == want
}

// commit puts an item into a conflating ring.
func commit(p *ring.ConflatingProducer[tick], key, number int, marks uint8) {
	fillItem(p.Reserve(), key, number)
	p.Commit(key, marks)
}

// wantUpdate takes an item and compares it.
func wantUpdate(t *testing.T, c *ring.ConflatingConsumer[tick], want ring.Update, number int) {
	t.Helper()
	var item tick
	got, ok := c.Take(&item)
	if !ok || got != want {
		t.Errorf("Take gives %+v, %v, want %+v", got, ok, want)
	} else if n, whole := checkItem(&item, got.Key); !whole || n != number {
		t.Errorf("the item of key %d has number %d (whole: %v), want %d", got.Key, n, whole, number)
	}
}

func wantNothing(t *testing.T, c *ring.ConflatingConsumer[tick]) {
	t.Helper()
	var item tick
	if u, ok := c.Take(&item); ok || item != (tick{}) {
		t.Errorf("Take gives %+v, %v, and writes to the item: %v; want nothing", u, ok, item != tick{})
	}
}

func TestConflate(t *testing.T) {
	ps, c := ring.NewConflating[tick](1)
	p := ps[0]
	wantNothing(t, c)
	commit(p, 7, 1, 0b001)
	commit(p, 3, 1, 0)
	wantNothing(t, c) // not published
	commit(p, 7, 2, 0b100)
	commit(p, 7, 3, 0)
	p.Publish()
	if got := c.Len(); got != 2 {
		t.Errorf("Len() is %d with two keys waiting", got)
	}
	wantUpdate(t, c, ring.Update{Key: 7, Replaced: 2, Marks: 0b101}, 3)
	commit(p, 3, 2, 0) // waits already: seen at once
	commit(p, 7, 4, 0) // was taken: waits for the next sweep
	p.Publish()
	wantUpdate(t, c, ring.Update{Key: 3, Replaced: 1}, 2)
	wantUpdate(t, c, ring.Update{Key: 7}, 4)
	wantNothing(t, c)
	if got := c.Len(); got != 0 {
		t.Errorf("Len() is %d with nothing waiting", got)
	}
}

// A sweep takes what waits when it begins, each key once, and what comes later
// has to wait for the next: no key starves behind a busy one.
func TestConflateSweeps(t *testing.T) {
	const keys = 200
	ps, c := ring.NewConflating[tick](2)
	for sweep := range 5 {
		for key := range keys {
			for range key%3 + 1 {
				commit(ps[key%2], key, sweep, 0)
			}
		}
		ps[0].Publish()
		ps[1].Publish()
		if sweep == 0 {
			commit(ps[0], 0, sweep, 0) // waits: replaced, not queued again
			ps[0].Publish()
		}
		seen := map[int]bool{}
		var item tick
		for range keys {
			u, ok := c.Take(&item)
			n, whole := checkItem(&item, u.Key)
			if !ok || seen[u.Key] || !whole || n < sweep {
				t.Fatalf("sweep %d takes %+v, %v (seen: %v) with item %d (whole: %v)", sweep, u, ok, seen[u.Key], n, whole)
			}
			seen[u.Key] = true
			if u.Key < 10 { // a busy key
				commit(ps[u.Key%2], u.Key, sweep+1, 0)
				ps[u.Key%2].Publish()
			}
		}
	}
}

// The slots only change places: however much is committed, each key, each
// producer and the consumer has one.
func TestConflateMemory(t *testing.T) {
	const keys, producers = 64, 3
	ps, c := ring.NewConflating[tick](producers)
	ps[0].Grow(keys)
	slots := map[*tick]bool{}
	var item tick
	for i := range 100_000 {
		key := i * 7919 % keys
		p := ps[key%producers]
		slots[p.Reserve()] = true
		commit(p, key, i, 0)
		p.Publish()
		if i%3 == 0 {
			c.Take(&item)
		}
	}
	if got := len(slots); got != keys+producers+1 {
		t.Errorf("%d slots are in use, want %d keys + %d producers + 1", got, keys, producers)
	}
	if got := c.Len(); got < 0 || got > keys {
		t.Errorf("Len() is %d, want 0 to %d", got, keys)
	}
}

func TestConflateItemTypes(t *testing.T) {
	ps, c := ring.NewConflating[string](1)
	for _, s := range []string{"a", "b"} {
		*ps[0].Reserve() = s
		ps[0].Commit(0, 0)
	}
	ps[0].Publish()
	var s string
	if u, ok := c.Take(&s); !ok || s != "b" || u.Replaced != 1 {
		t.Errorf("Take gives %q, %+v, %v", s, u, ok)
	}
	empty, into := ring.NewConflating[struct{}](1)
	empty[0].Reserve()
	empty[0].Commit(5, 9)
	empty[0].Publish()
	if u, ok := into.Take(&struct{}{}); !ok || u != (ring.Update{Key: 5, Marks: 9}) {
		t.Errorf("an item without size gives %+v, %v", u, ok)
	}
}

func TestConflatePanics(t *testing.T) {
	for _, n := range []int{0, -1, 1025, math.MaxInt} {
		wantPanic(t, "producers", func() { ring.NewConflating[int](n) })
	}
	ps, _ := ring.NewConflating[int](1024)
	for _, n := range []int{-1, 1<<23 + 1, math.MinInt, math.MaxInt} {
		wantPanic(t, "number of keys", func() { ps[0].Grow(n) })
	}
	for _, key := range []int{-1, 1 << 23, math.MinInt, math.MaxInt} {
		ps[0].Reserve()
		wantPanic(t, "key is", func() { ps[0].Commit(key, 0) })
	}
	ps[0].Grow(0)
	ps[1].Reserve()
	ps[1].Commit(0, 0)
	wantPanic(t, "without Reserve", func() { ps[1].Commit(0, 0) })
}

func TestConflateAllocs(t *testing.T) {
	ps, c := ring.NewConflating[tick](1)
	p := ps[0]
	p.Grow(100)
	i := 0
	if got := testing.AllocsPerRun(1000, func() {
		for range 3 {
			p.Reserve()[0]++
			p.Commit(i%100, 1)
			i += 37
		}
		p.Publish()
	}); got != 0 {
		t.Errorf("Reserve, Commit and Publish allocate %v times, want 0", got)
	}
	var item tick
	if got := testing.AllocsPerRun(1000, func() {
		p.Reserve()
		p.Commit(5, 0)
		p.Publish()
		c.Wait(nil)
		c.Take(&item)
	}); got != 0 {
		t.Errorf("Wait and Take allocate %v times, want 0", got)
	}
}

// Growing keeps what waits, wherever its slot has gone.
func TestConflateGrow(t *testing.T) {
	ps, c := ring.NewConflating[tick](2)
	for keys := 1; keys <= 3000; keys *= 3 {
		t.Run(fmt.Sprintf("keys=%d", keys), func(t *testing.T) {
			for key := range keys {
				commit(ps[key%2], key, 1, 0)
				commit(ps[key%2], key, 2, 0)
			}
			ps[1].Grow(2 * keys)
			for key := range keys {
				commit(ps[key%2], key, 3, 0)
			}
			ps[0].Publish()
			ps[1].Publish()
			for key := 0; key < keys; key += 2 {
				wantUpdate(t, c, ring.Update{Key: key, Replaced: 2}, 3)
			}
			for key := 1; key < keys; key += 2 {
				wantUpdate(t, c, ring.Update{Key: key, Replaced: 2}, 3)
			}
			wantNothing(t, c)
		})
	}
}
