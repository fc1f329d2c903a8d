package bench

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
)

// How many instruments: those of one connection, and those of three.
var conflateKeys = []int{3000, 9000}

// conflateBatch is how many ticks are committed between two publications, as for
// a message of so many packets.
const conflateBatch = 16

// randomOrder returns the keys in an order that no prefetcher guesses.
func randomOrder(keys int) []int { return rand.New(rand.NewPCG(7, 7)).Perm(keys) }

// stepTick changes what changes from tick to tick: 8 of its 26 words.
func stepTick(t *decode.Tick, key, n int) {
	t.Token, t.LastPrice = uint32(key), int32(n) // one word
	t.Volume, t.TotalBuyQuantity = uint32(n), uint32(n)+1
	t.ExchangeTime = uint32(n)
	t.Bids[0].Quantity, t.Bids[0].Price = uint32(n), int32(n)
	t.Bids[1].Quantity, t.Asks[0].Quantity = uint32(n), uint32(n)
	t.ReceivedAt, t.Seq = int64(n), uint64(n)
}

// What it costs a producer to keep the newest tick of each key for a consumer
// that sleeps (state=waiting: every item replaces one) or has just taken it
// (state=clean), one item at a time, published in batches. via=copy is the floor:
// the same bytes into an array. via=mutex is what one would write without the
// ring; it keeps no list of what is new.
func BenchmarkConflateCommit(b *testing.B) {
	for _, keys := range conflateKeys {
		order := randomOrder(keys)
		src := tickOf(1)
		run := func(via string, commit func(key, n int)) {
			b.Run(fmt.Sprintf("via=%s/keys=%d", via, keys), func(b *testing.B) {
				for _, key := range order { // so that all are there
					commit(key, 0)
				}
				for n := 0; b.Loop(); {
					for _, key := range order {
						n++
						src.Seq = uint64(n)
						commit(key, n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*keys), "ns/item")
			})
		}
		array := make([]decode.Tick, keys)
		run("copy", func(key, _ int) { array[key] = src })

		ps, c := ring.NewConflating[decode.Tick](1)
		p := ps[0]
		p.Grow(keys)
		put := func(key, n int) {
			*p.Reserve() = src
			p.Commit(key, 0)
			if n%conflateBatch == 0 {
				p.Publish()
			}
		}
		run("ring/state=waiting", put)
		b.Run(fmt.Sprintf("via=ring/state=clean/keys=%d", keys), func(b *testing.B) {
			var t decode.Tick
			for b.Loop() {
				b.StopTimer()
				p.Publish()
				for _, ok := c.Take(&t); ok; {
					_, ok = c.Take(&t)
				}
				b.StartTimer()
				for n, key := range order {
					put(key, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*keys), "ns/item")
		})

		var mu sync.Mutex
		last := make(map[int]decode.Tick)
		run("mutex", func(key, _ int) {
			mu.Lock()
			last[key] = src
			mu.Unlock()
		})
	}
}

// What it costs to commit all keys, and then to take them all, in one goroutine:
// the way of one item from end to end. first-ns is how long the first of them
// takes, which begins the sweep. where=cross has a consumer on another core that
// takes as fast as it can: ns/item is the producer's time, and %replaced says how
// many items the consumer did not get. via=mutex is what one would write without
// the ring: a map that the consumer exchanges for an empty one.
func BenchmarkConflate(b *testing.B) {
	for _, keys := range conflateKeys {
		order := randomOrder(keys)
		src := tickOf(1)
		put := func(p *ring.ConflatingProducer[decode.Tick]) {
			for n, key := range order {
				*p.Reserve() = src
				p.Commit(key, 0)
				if n%conflateBatch == 0 {
					p.Publish()
				}
			}
			p.Publish()
		}
		b.Run(fmt.Sprintf("via=ring/where=same/keys=%d", keys), func(b *testing.B) {
			ps, c := ring.NewConflating[decode.Tick](1)
			ps[0].Grow(keys)
			var t decode.Tick
			sum, first := uint64(0), time.Duration(0)
			for b.Loop() {
				put(ps[0])
				start := time.Now()
				_, ok := c.Take(&t)
				for first += time.Since(start); ok; _, ok = c.Take(&t) {
					sum += readTick(&t)
				}
			}
			perItem(b, keys, sum)
			b.ReportMetric(float64(first)/float64(b.N), "first-ns")
		})
		b.Run(fmt.Sprintf("via=ring/where=cross/keys=%d", keys), func(b *testing.B) {
			ps, c := ring.NewConflating[decode.Tick](1)
			ps[0].Grow(keys)
			replaced := uint64(0)
			finish := consume(func(done <-chan struct{}) (sum uint64) {
				var t decode.Tick
				for c.Wait(done) {
					for u, ok := c.Take(&t); ok; u, ok = c.Take(&t) {
						sum += readTick(&t) + uint64(u.Replaced)
						replaced += uint64(u.Replaced)
					}
				}
				return sum
			})
			for b.Loop() {
				put(ps[0])
			}
			perItem(b, keys, finish())
			b.ReportMetric(100*float64(replaced)/float64(b.N*keys), "%replaced")
		})
		b.Run(fmt.Sprintf("via=mutex/where=cross/keys=%d", keys), func(b *testing.B) {
			type entry struct {
				tick     decode.Tick
				replaced uint64
			}
			var mu sync.Mutex
			waiting, spare := make(map[int]entry, keys), make(map[int]entry, keys)
			wake := make(chan struct{}, 1)
			replaced := uint64(0)
			finish := consume(func(done <-chan struct{}) (sum uint64) {
				for more := true; more; {
					select {
					case <-wake:
					case <-done:
						more = false
					}
					mu.Lock()
					waiting, spare = spare, waiting
					mu.Unlock()
					for _, e := range spare {
						sum += readTick(&e.tick) + e.replaced
						replaced += e.replaced
					}
					clear(spare)
				}
				return sum
			})
			for b.Loop() {
				for n, key := range order {
					mu.Lock()
					e, was := waiting[key]
					if e.tick = src; was {
						e.replaced++
					}
					waiting[key] = e
					mu.Unlock()
					if n%conflateBatch == 0 || n == keys-1 {
						select {
						case wake <- struct{}{}:
						default:
						}
					}
				}
			}
			perItem(b, keys, finish())
			b.ReportMetric(100*float64(replaced)/float64(b.N*keys), "%replaced")
		})
	}
}

// What an empty poll costs, which has to look at each producer's inbox.
func BenchmarkConflatePoll(b *testing.B) {
	for _, producers := range []int{1, 3} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			ps, c := ring.NewConflating[decode.Tick](producers)
			ps[0].Grow(9000)
			var t decode.Tick
			for b.Loop() {
				if _, ok := c.Take(&t); ok {
					b.Fatal("found something in an empty ring")
				}
			}
		})
	}
}

// What it costs to store a tick with 8 new words, and to load one, of random
// keys with nobody else about. via=copy is the floor, and via=mutex what one
// would write: a map and a lock for many readers.
func BenchmarkLatest(b *testing.B) {
	for _, keys := range conflateKeys {
		order := randomOrder(keys)
		run := func(name string, f func(key, n int)) {
			b.Run(fmt.Sprintf("%s/keys=%d", name, keys), func(b *testing.B) {
				for n := 1; b.Loop(); n++ {
					for _, key := range order {
						f(key, n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*keys), "ns/item")
			})
		}
		src, got, sum := tickOf(1), decode.Tick{}, uint64(0)
		array := make([]decode.Tick, keys)
		run("op=store/via=copy", func(key, n int) { stepTick(&src, key, n); array[key] = src })
		run("op=load/via=copy", func(key, _ int) { got = array[key]; sum += got.Seq })

		l := ring.NewLatest[decode.Tick](keys)
		run("op=store/via=latest", func(key, n int) { stepTick(&src, key, n); l.Store(key, &src) })
		run("op=load/via=latest", func(key, _ int) {
			if !l.Load(key, &got) {
				b.Fatal("a key is not there")
			}
			sum += got.Seq
		})

		var mu sync.RWMutex
		last := make(map[int]decode.Tick)
		run("op=store/via=mutex", func(key, n int) {
			stepTick(&src, key, n)
			mu.Lock()
			last[key] = src
			mu.Unlock()
		})
		run("op=load/via=mutex", func(key, _ int) {
			mu.RLock()
			got = last[key]
			mu.RUnlock()
			sum += got.Seq
		})
		if sum == 0 {
			b.Error("what was loaded was never read")
		}
	}
}

// What a reader on another core, which loads all the time, costs the writer, and
// how long one of its loads takes. The reader asks for a few keys again and again.
func BenchmarkLatestRead(b *testing.B) {
	const keys = 3000
	order := randomOrder(keys)
	run := func(via string, store func(key int, t *decode.Tick), load func(key int, t *decode.Tick)) {
		b.Run("via="+via, func(b *testing.B) {
			src := tickOf(1)
			for _, key := range order {
				store(key, &src)
			}
			var stop atomic.Bool
			loads := make(chan int)
			go func() {
				var got decode.Tick
				n := 0
				for !stop.Load() {
					for _, key := range order[:100] {
						load(key, &got)
						n++
					}
				}
				loads <- n
			}()
			for n := 1; b.Loop(); n++ {
				for _, key := range order {
					stepTick(&src, key, n)
					store(key, &src)
				}
			}
			took := b.Elapsed()
			stop.Store(true)
			b.ReportMetric(float64(took.Nanoseconds())/float64(b.N*keys), "ns/item")
			b.ReportMetric(float64(took.Nanoseconds())/float64(<-loads), "ns/load")
		})
	}
	l := ring.NewLatest[decode.Tick](keys)
	run("latest", l.Store, func(key int, t *decode.Tick) { l.Load(key, t) })
	var mu sync.RWMutex
	last := make(map[int]decode.Tick)
	run("mutex", func(key int, t *decode.Tick) {
		mu.Lock()
		last[key] = *t
		mu.Unlock()
	}, func(key int, t *decode.Tick) {
		mu.RLock()
		*t = last[key]
		mu.RUnlock()
	})
}
