package ring_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker/ring"
)

// tally is what a consumer knows of the keys: the laws of a conflating ring.
type tally struct {
	t        *testing.T
	last     []int // number of the last item taken, by key
	taken    []int
	replaced []int
	marks    []int // how often a mark came, by key
}

func newTally(t *testing.T, keys int) *tally {
	return &tally{t: t, last: make([]int, keys), taken: make([]int, keys), replaced: make([]int, keys), marks: make([]int, keys)}
}

// add checks an item: whole, newer than the one before of its key, and by
// exactly as many as were replaced. Numbers begin at 1.
func (l *tally) add(u ring.Update, item *tick) {
	n, whole := checkItem(item, u.Key)
	if !whole || n != l.last[u.Key]+1+int(u.Replaced) {
		l.t.Errorf("key %d: %+v with item %d (whole: %v) after item %d", u.Key, u, n, whole, l.last[u.Key])
	}
	if wantMarks := marksOf(l.last[u.Key]+1, n); u.Marks != wantMarks {
		l.t.Errorf("key %d: marks of items %d to %d are %#b, want %#b", u.Key, l.last[u.Key]+1, n, u.Marks, wantMarks)
	}
	l.last[u.Key] = n
	l.taken[u.Key]++
	l.replaced[u.Key] += int(u.Replaced)
}

// markOf is the mark of an item: a few have one.
func markOf(number int) uint8 {
	if number%5 == 0 {
		return 1 << (number / 5 % 8)
	}
	return 0
}

func marksOf(from, to int) (marks uint8) {
	for n := from; n <= min(to, from+40); n++ { // 40 in a row have all marks
		marks |= markOf(n)
	}
	return marks
}

// pause stalls a goroutine now and then, for longer or shorter.
func pause(rng *rand.Rand) {
	if rng.IntN(8) == 0 {
		for range rng.IntN(20) {
			runtime.Gosched()
		}
	}
}

// Laws: committed = taken + replaced, for each key; items are whole; each is
// newer than the one before; the last is the newest there was.
func TestStressConflate(t *testing.T) {
	for _, strategy := range strategies {
		for _, keys := range []int{1, 3, 100} {
			for _, producers := range []int{1, 3} {
				t.Run(fmt.Sprintf("wait=%v/keys=%d/producers=%d", strategy, keys, producers), func(t *testing.T) {
					needsTwoPs(t, strategy)
					stressConflate(t, strategy, keys, producers)
				})
			}
		}
	}
}

func stressConflate(t *testing.T, strategy ring.WaitStrategy, keys, producers int) {
	const commits = 5000
	ps, c := ring.NewConflating[tick](producers)
	c.WaitOn(ring.NewWaiter(strategy))
	numbers := make([]int, keys) // of the last item committed, by key; each producer has its own keys
	var wg sync.WaitGroup
	for id, p := range ps {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(id), uint64(keys)))
			own := (keys - id + producers - 1) / producers
			if own == 0 {
				return
			}
			for sent := 0; sent < commits; {
				for range min(1+rng.IntN(20), commits-sent) {
					key := rng.IntN(own)*producers + id
					numbers[key]++
					commit(p, key, numbers[key], markOf(numbers[key]))
					sent++
				}
				p.Publish()
				pause(rng)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()

	l := newTally(t, keys)
	rng := rand.New(rand.NewPCG(0, 1))
	var item tick
	for c.Wait(done) && !t.Failed() {
		for range 1 + rng.IntN(30) {
			u, ok := c.Take(&item)
			if !ok {
				break
			}
			l.add(u, &item)
		}
		if n := c.Len(); n < 0 || n > 2*keys {
			t.Errorf("Len() is %d with %d keys", n, keys)
		}
		pause(rng)
	}
	for key, n := range numbers {
		if l.last[key] != n || l.taken[key]+l.replaced[key] != n {
			t.Errorf("key %d: last item %d, %d taken + %d replaced, want %d", key, l.last[key], l.taken[key], l.replaced[key], n)
		}
	}
}

// Keys go from producer to producer, waiting or not, and new ones appear all the
// time, while the consumer takes.
func TestStressConflateMove(t *testing.T) {
	const producers, items, keys = 3, 300, 300
	ps, c := ring.NewConflating[tick](producers)
	type ball struct{ key, number int }
	circle := make([]chan ball, producers) // each key goes round
	for i := range circle {
		circle[i] = make(chan ball, keys)
	}
	var wg sync.WaitGroup
	final := make(chan ball, keys)
	next := keys / 2 // the first keys; the rest comes later
	for key := range next {
		circle[key%producers] <- ball{key, 0}
	}
	for id, p := range ps {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(id), 2))
			for b := range circle[id] {
				for range rng.IntN(3) + 1 {
					b.number++
					commit(p, b.key, b.number, markOf(b.number))
				}
				if rng.IntN(50) == 0 {
					p.Grow(b.key * 2)
				}
				p.Publish() // before the key is another's
				pause(rng)
				if b.number > items {
					final <- b
				} else {
					circle[(id+1)%producers] <- b
				}
			}
		})
	}
	go func() {
		for key := next; key < keys; key++ {
			circle[0] <- ball{key, 0}
		}
	}()
	done := make(chan struct{})
	numbers := make([]int, keys)
	go func() {
		for range keys {
			b := <-final
			numbers[b.key] = b.number
		}
		for _, ch := range circle {
			close(ch)
		}
		wg.Wait()
		close(done)
	}()
	l := newTally(t, keys)
	var item tick
	for c.Wait(done) && !t.Failed() {
		for u, ok := c.Take(&item); ok; u, ok = c.Take(&item) {
			l.add(u, &item)
		}
	}
	for key, n := range numbers {
		if l.last[key] != n || l.taken[key]+l.replaced[key] != n {
			t.Errorf("key %d: last item %d, %d taken + %d replaced, want %d", key, l.last[key], l.taken[key], l.replaced[key], n)
		}
	}
}

// A consumer that is always at the inbox, and a producer that fills it with one
// key at a time: each empties what the other is about to add to.
func TestStressConflateInbox(t *testing.T) {
	const keys, items = 64, 100_000
	ps, c := ring.NewConflating[tick](1)
	c.WaitOn(ring.NewWaiter(ring.WaitYield))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range items {
			key := i % keys
			ps[0].Reserve()[0] = uint64(i / keys)
			ps[0].Commit(key, 0)
			ps[0].Publish()
		}
	}()
	next := make([]uint64, keys)
	sum := 0
	var item tick
	for c.Wait(done) {
		u, _ := c.Take(&item)
		if item[0] != next[u.Key]+uint64(u.Replaced) {
			t.Fatalf("%+v with item %d, want item %d or one later for each replaced", u, item[0], next[u.Key])
		}
		next[u.Key] = item[0] + 1
		sum += 1 + int(u.Replaced)
	}
	if sum != items {
		t.Errorf("%d items were taken or replaced, want %d", sum, items)
	}
}

// Strict alternation, as in TestNoWakeUpIsLost.
func TestConflateNoWakeUpIsLost(t *testing.T) {
	const producers, rounds = 3, 2000
	synctest.Test(t, func(t *testing.T) {
		ps, c := ring.NewConflating[tick](producers)
		var wg sync.WaitGroup
		backs := make([]*ring.Producer[int], producers)
		for id, p := range ps {
			ackP, ackC := ring.New[int](1)
			backs[id] = ackP
			wg.Go(func() {
				for i := range rounds {
					for range (i * (id + 1)) % 40 {
						runtime.Gosched()
					}
					commit(p, id, i, 0)
					p.Publish()
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
			var item tick
			for c.Wait(done) {
				u, _ := c.Take(&item)
				n, _ := checkItem(&item, u.Key)
				backs[u.Key].TryEnqueue(n)
			}
		})
		wg.Wait()
		close(done)
		consumer.Wait()
	})
}

func TestConflateWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps, c := ring.NewConflating[tick](2)
		state := blocked(func() bool { return c.Wait(nil) })
		wantState(t, "empty", state, true, false)
		commit(ps[1], 1, 1, 0)
		wantState(t, "committed, but not published", state, true, false)
		if !ps[1].Publish() {
			t.Error("Publish says it woke nobody, but the consumer was parked")
		}
		wantState(t, "published", state, false, true)
		commit(ps[1], 1, 2, 0)
		if ps[1].Publish() {
			t.Error("Publish says it woke a consumer that does not wait")
		}
		wantUpdate(t, c, ring.Update{Key: 1, Replaced: 1}, 2)

		done := make(chan struct{})
		state = blocked(func() bool { return c.Wait(done) })
		wantState(t, "empty again", state, true, false)
		close(done)
		wantState(t, "done", state, false, false)
		commit(ps[0], 0, 1, 0)
		commit(ps[1], 1, 3, 0)
		ps[0].Publish()
		ps[1].Publish()
		for key := range 2 {
			if !c.Wait(done) {
				t.Errorf("with items, Wait returns false because done is closed")
			}
			wantUpdate(t, c, ring.Update{Key: key}, 1+2*key)
		}
		if c.Wait(done) {
			t.Error("Wait returns true though all is taken")
		}
	})
}
