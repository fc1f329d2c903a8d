package bench

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/stats"
)

// What one write of a counter costs, and why Add is not a load and a store:
// on amd64 both of those write with a locked instruction. Plain is the floor,
// a local variable published with Store once per batch.
func BenchmarkCounter(b *testing.B) {
	var c struct {
		_ cpu.Pad
		n stats.Counter
		_ cpu.Pad
	}
	b.Run("write=add", func(b *testing.B) {
		for b.Loop() {
			c.n.Add(1)
		}
	})
	b.Run("write=loadstore", func(b *testing.B) {
		for b.Loop() {
			c.n.Store(c.n.Load() + 1)
		}
	})
	b.Run("write=batch16", func(b *testing.B) {
		total, n := c.n.Load(), 0
		for b.Loop() {
			total++
			if n++; n%16 == 0 {
				c.n.Store(total)
			}
		}
	})
}

// What a neighbour costs: another goroutine writes its own counter all the
// time, pad bytes further on.
func BenchmarkCounterNeighbour(b *testing.B) {
	for _, pad := range []int{0, cpu.CacheLine} {
		b.Run(fmt.Sprintf("pad=%d", pad), func(b *testing.B) {
			counters := make([]stats.Counter, 512) // a page: it begins where a cache line does
			mine, theirs := &counters[0], &counters[1+pad/8]
			var stop atomic.Bool
			done := make(chan struct{})
			go func() {
				defer close(done)
				for !stop.Load() {
					theirs.Add(1)
				}
			}()
			for b.Loop() {
				mine.Add(1)
			}
			stop.Store(true)
			<-done
		})
	}
}

func BenchmarkHistogram(b *testing.B) {
	values := make([]int64, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range values {
		values[i] = 20_000 + int64(r.ExpFloat64()*30_000) // a latency in nanoseconds
	}
	var h stats.Histogram
	b.Run("op=record", func(b *testing.B) {
		i := 0
		for b.Loop() {
			h.Record(values[i%len(values)])
			i++
		}
	})
	for _, v := range values {
		h.Record(v)
	}
	d := h.Snapshot()
	b.Run("op=snapshot", func(b *testing.B) {
		for b.Loop() {
			d = h.Snapshot()
		}
	})
	b.Run("op=quantile", func(b *testing.B) {
		for b.Loop() {
			d.Quantile(0.99)
		}
	})
	b.Run("op=merge", func(b *testing.B) {
		for b.Loop() {
			d.Merge(d)
		}
	})
}
