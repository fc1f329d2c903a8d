package stats_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/kiteticker/kiteticker/stats"
)

func TestCounter(t *testing.T) {
	var c stats.Counter
	if got := c.Load(); got != 0 {
		t.Errorf("zero Counter loads %d, want 0", got)
	}
	c.Add(3)
	c.Add(1 << 40)
	if got, want := c.Load(), uint64(3+1<<40); got != want {
		t.Errorf("after two Adds, Load() = %d, want %d", got, want)
	}
	c.Store(1 << 41)
	if got, want := c.Load(), uint64(1<<41); got != want {
		t.Errorf("after Store, Load() = %d, want %d", got, want)
	}
}

func TestGauge(t *testing.T) {
	var g stats.Gauge
	if got := g.Load(); got != 0 {
		t.Errorf("zero Gauge loads %d, want 0", got)
	}
	for _, want := range []int64{5, -7, 0} {
		g.Store(want)
		if got := g.Load(); got != want {
			t.Errorf("after Store(%d), Load() = %d", want, got)
		}
	}
}

// Sixteen counters share a cache line pair: the group is padded, not each.
func TestSizes(t *testing.T) {
	if got := reflect.TypeFor[stats.Counter]().Size(); got != 8 {
		t.Errorf("a Counter is %d bytes, want 8", got)
	}
	if got := reflect.TypeFor[stats.Gauge]().Size(); got != 8 {
		t.Errorf("a Gauge is %d bytes, want 8", got)
	}
	if got := reflect.TypeFor[stats.Histogram]().Size(); got > 8<<10 {
		t.Errorf("a Histogram is %d bytes, want at most 8 KiB", got)
	}
}

// A second writer is a mistake that costs time, not counts.
func TestCounterTwoWriters(t *testing.T) {
	const each = 300_000 // long enough to run side by side
	var c stats.Counter
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			<-start
			for range each {
				c.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	if got := c.Load(); got != 2*each {
		t.Errorf("Load() = %d, want %d", got, 2*each)
	}
}

func TestWritesDoNotAllocate(t *testing.T) {
	var c stats.Counter
	var g stats.Gauge
	var h stats.Histogram
	got := testing.AllocsPerRun(1000, func() {
		c.Add(1)
		c.Store(c.Load())
		g.Store(g.Load() - 1)
		h.Record(g.Load() + 1<<20)
	})
	if got != 0 {
		t.Errorf("writing allocates %v times, want 0", got)
	}
}
