package ring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

func TestLatest(t *testing.T) {
	l := ring.NewLatest[tick](10)
	if got := l.Len(); got != 64 {
		t.Errorf("Len() is %d after NewLatest(10), want 64", got)
	}
	got := tick{5: 5}
	for _, key := range []int{0, 9, 63, 64, -1, math.MinInt, math.MaxInt} {
		if l.Load(key, &got) || got != (tick{5: 5}) {
			t.Errorf("Load(%d) of a key never stored returns true or writes", key)
		}
	}
	var v tick
	l.Store(3, &v) // the value that memory has anyway
	if !l.Load(3, &got) || got != v {
		t.Error("a stored zero value does not come back")
	}
	if l.Load(2, &got) || l.Load(4, &got) {
		t.Error("a neighbour of a stored key is there")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	want := map[int]tick{3: v}
	for range 3000 {
		key := rng.IntN(100)
		v := want[key]
		for range rng.IntN(3) {
			v[rng.IntN(len(v))] = rng.Uint64()
		}
		l.Store(key, &v)
		want[key] = v
		key = rng.IntN(100)
		got := tick{1: 2}
		wanted, stored := want[key]
		if !stored {
			wanted = got
		}
		if ok := l.Load(key, &got); ok != stored || got != wanted {
			t.Fatalf("Load(%d) gives %v, %v, want %v, %v", key, got, ok, wanted, stored)
		}
	}
	if got := l.Len(); got != 128 {
		t.Errorf("Len() is %d after a Store for key 99, want 128", got)
	}
}

func TestLatestTypes(t *testing.T) {
	type mixed struct {
		a uint8
		b float32
		c [2]struct{ d uint64 }
	}
	m := ring.NewLatest[mixed](1)
	v := mixed{1, 2, [2]struct{ d uint64 }{{3}, {4}}}
	m.Store(0, &v)
	var got mixed
	if !m.Load(0, &got) || got != v {
		t.Errorf("Load gives %v, want %v", got, v)
	}
	small := ring.NewLatest[uint64](1)
	for key := range 64 { // next to each other
		n := uint64(key)
		small.Store(key, &n)
	}
	for key := range 64 {
		if got := uint64(0); !small.Load(key, &got) || got != uint64(key) {
			t.Errorf("Load(%d) gives %d", key, got)
		}
	}
	bytes := ring.NewLatest[[16]byte](1)
	at := [17]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
	for first := range 2 { // aligned, and not
		bytes.Store(first, (*[16]byte)(at[first:]))
		var got [17]byte
		if to := (*[16]byte)(got[first:]); !bytes.Load(first, to) || *to != [16]byte(at[first:]) {
			t.Errorf("Load gives %v, want %v", *to, at[first:][:16])
		}
	}
	wantPanic(t, "pointers", func() { ring.NewLatest[struct{ p, q *int64 }](1) })
	wantPanic(t, "pointers", func() { ring.NewLatest[[2]struct{ s string }](1) })
	wantPanic(t, "pointers", func() {
		ring.NewLatest[struct {
			n uint64
			s []byte
			m uintptr
		}](1)
	})
	wantPanic(t, "size", func() { ring.NewLatest[[3]uint32](1) })
	wantPanic(t, "size", func() { ring.NewLatest[struct{}](1) })
	for _, keys := range []int{-1, 1<<23 + 1, math.MaxInt} {
		wantPanic(t, "number of keys", func() { ring.NewLatest[uint64](keys) })
		wantPanic(t, "number of keys", func() { small.Grow(keys) })
	}
	for _, key := range []int{-1, 1 << 23, math.MinInt, math.MaxInt} {
		wantPanic(t, "key is", func() { small.Store(key, new(uint64)) })
	}
}

func TestLatestAllocs(t *testing.T) {
	l := ring.NewLatest[tick](100)
	var v, got tick
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		v[i%26]++
		l.Store(i%100, &v)
		l.Load(i*7%100, &got)
		i++
	}); n != 0 {
		t.Errorf("Store and Load allocate %v times, want 0", n)
	}
}

// Laws: a value loaded is one that was stored, whole, and never older than one
// loaded or stored before; keys may be added and change owners meanwhile.
func TestStressLatest(t *testing.T) {
	for _, procs := range []int{1, runtime.GOMAXPROCS(0)} {
		for _, keys := range []int{1, 100} {
			t.Run(fmt.Sprintf("procs=%d/keys=%d", procs, keys), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				stressLatest(t, keys)
			})
		}
	}
}

// A large value takes long to store, so that a reader in a hurry meets each store
// half-way, and has to wait for a writer that may not be running.
func TestLatestLarge(t *testing.T) {
	type large [2048]uint64
	const values = 200
	l := ring.NewLatest[large](1)
	seen := make(chan struct{}, 1)
	seen <- struct{}{}
	go func() {
		var v large
		for n := range uint64(values) {
			<-seen
			for i := range v {
				v[i] = n + 1
			}
			l.Store(0, &v)
		}
	}()
	var v large
	for last := uint64(0); last < values; {
		if !l.Load(0, &v) || v[0] == last {
			runtime.Gosched()
			continue
		}
		for i := range v {
			if v[i] != last+1 {
				t.Fatalf("after value %d: word %d is %d", last, i, v[i])
			}
		}
		last++
		seen <- struct{}{}
	}
}

func stressLatest(t *testing.T, keys int) {
	const owners, readers, rounds = 2, 3, 2500
	l := ring.NewLatest[tick](0)
	circle := make([]chan [2]int, owners) // key and number of its last item, going round
	for i := range circle {
		circle[i] = make(chan [2]int, keys)
	}
	for key := range keys {
		circle[key%owners] <- [2]int{key, 0}
	}
	final := make(chan [2]int, keys)
	for id := range owners {
		go func() {
			var v tick
			for b := range circle[id] {
				key, n := b[0], b[1]
				for range 1 + (key+n)%5 {
					n++
					fillItem(&v, key, n)
					l.Store(key, &v)
				}
				if n > rounds/min(keys, 10) {
					final <- [2]int{key, n}
				} else {
					circle[(id+1)%owners] <- [2]int{key, n}
				}
			}
		}()
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for id := range readers {
		wg.Go(func() {
			last := make([]int, keys)
			rng := rand.New(rand.NewPCG(uint64(id), 3))
			var v tick
			for !t.Failed() {
				select {
				case <-done:
					return
				default:
				}
				for range 20 {
					key := rng.IntN(keys)
					if !l.Load(key, &v) {
						if last[key] != 0 {
							t.Errorf("key %d is gone after item %d", key, last[key])
						}
						continue
					}
					n, whole := checkItem(&v, key)
					if !whole || n < last[key] {
						t.Errorf("key %d: item %d (whole: %v) after item %d", key, n, whole, last[key])
					}
					last[key] = n
				}
				l.Grow(rng.IntN(2 * keys))
				runtime.Gosched()
			}
		})
	}
	for range keys {
		b := <-final
		var v tick
		if n, whole := 0, false; !l.Load(b[0], &v) {
			t.Errorf("key %d is not there after item %d", b[0], b[1])
		} else if n, whole = checkItem(&v, b[0]); n != b[1] || !whole {
			t.Errorf("key %d: item %d (whole: %v), want %d", b[0], n, whole, b[1])
		}
	}
	for _, ch := range circle {
		close(ch)
	}
	close(done)
	wg.Wait()
}
