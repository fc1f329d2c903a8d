package stats_test

import (
	"math"
	"sync"
	"testing"

	"github.com/kiteticker/kiteticker/stats"
)

func TestHistogramZeroValue(t *testing.T) {
	var h stats.Histogram
	d := h.Snapshot()
	if d != (stats.Distribution{}) {
		t.Error("the snapshot of a zero Histogram is not the zero Distribution")
	}
	for _, q := range []float64{0, 0.5, 1, math.NaN()} {
		if got := d.Quantile(q); got != 0 {
			t.Errorf("Quantile(%v) of nothing = %d, want 0", q, got)
		}
	}
	if got := d.Mean(); got != 0 {
		t.Errorf("Mean() of nothing = %v, want 0", got)
	}
	for b := range d.Buckets() {
		t.Errorf("Buckets() of nothing yields %v", b)
	}
}

func TestHistogramExactParts(t *testing.T) {
	d := record(700, 3, math.MaxInt64, 12).Snapshot()
	if d.Count != 4 || d.Min != 3 || d.Max != math.MaxInt64 {
		t.Errorf("Count, Min, Max = %d, %d, %d, want 4, 3, %d", d.Count, d.Min, d.Max, int64(math.MaxInt64))
	}
	if want := uint64(math.MaxInt64 + 715); d.Sum != want {
		t.Errorf("Sum = %d, want %d", d.Sum, want)
	}
	if got := record(1, 2, 3, 6).Snapshot().Mean(); got != 3 {
		t.Errorf("Mean() = %v, want 3", got)
	}
}

// A clock that steps back gives a negative latency; it must not fall out of
// the table or spoil the sum.
func TestHistogramClampsNegative(t *testing.T) {
	got := record(-1, math.MinInt64, 8).Snapshot()
	if want := record(0, 0, 8).Snapshot(); got != want {
		t.Errorf("negative values give Count %d, Sum %d, Min %d, Max %d, want those of zeros", got.Count, got.Sum, got.Min, got.Max)
	}
}

// The buckets are walked from 0 to 2^63-1 through the public door: each must
// begin where the last one ended and be at most 1/16 of its lowest value wide.
func TestBucketsCoverEverything(t *testing.T) {
	n := 0
	for low := int64(0); ; n++ {
		b := onlyBucket(t, low)
		if b.Low != low || b.High < low || b.Count != 1 {
			t.Fatalf("value %d is in bucket %v", low, b)
		}
		if other := onlyBucket(t, b.High); other != b {
			t.Fatalf("ends of one bucket: %d is in %v, %d is in %v", low, b, b.High, other)
		}
		if width := b.High - b.Low + 1; width > 1 && width > b.Low/16 {
			t.Fatalf("bucket %v is wider than 1/16 of its lowest value", b)
		}
		if b.High == math.MaxInt64 {
			break
		}
		low = b.High + 1
	}
	if n+1 != 960 {
		t.Errorf("%d buckets, want 960", n+1)
	}
}

// One goroutine records and two read. Every snapshot must be whole: nothing
// counted is missing from Min, Max or Sum, and counts never go back.
func TestHistogramConcurrentReaders(t *testing.T) {
	const values = 20_000
	var h stats.Histogram
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			var last stats.Distribution
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				d := h.Snapshot()
				interval := d.Sub(last) // panics if any bucket went back
				if d.Sum < minSum(d) {
					t.Errorf("Sum = %d, less than %d, the least that %d counted values can have", d.Sum, minSum(d), d.Count)
				}
				for b := range interval.Buckets() {
					if b.High < d.Min || b.Low > d.Max {
						t.Errorf("counted bucket %v is outside Min %d and Max %d", b, d.Min, d.Max)
					}
				}
				last = d
			}
			if last.Count != values {
				t.Errorf("the last snapshot counts %d values, want %d", last.Count, values)
			}
		})
	}
	for i := range values {
		h.Record(int64(i) * int64(i))
	}
	close(done)
	wg.Wait()
}

func TestSnapshotDoesNotAllocate(t *testing.T) {
	h := record(1, 1000, 1_000_000)
	var sum int64
	got := testing.AllocsPerRun(100, func() {
		d := h.Snapshot()
		sum += d.Quantile(0.99)
		sum += d.Merge(d).Sub(d).Max
	})
	if got != 0 {
		t.Errorf("reading a snapshot allocates %v times, want 0", got)
	}
	if sum == 0 {
		t.Error("the quantiles are all 0")
	}
}

// record returns a histogram of the given values.
func record(values ...int64) *stats.Histogram {
	h := new(stats.Histogram)
	for _, v := range values {
		h.Record(v)
	}
	return h
}

// onlyBucket returns the bucket v falls into.
func onlyBucket(t *testing.T, v int64) (bucket stats.Bucket) {
	t.Helper()
	n := 0
	for b := range record(v).Snapshot().Buckets() {
		bucket = b
		n++
	}
	if n != 1 {
		t.Fatalf("value %d is in %d buckets, want 1", v, n)
	}
	return bucket
}

// minSum is the least sum the values counted in d can have.
func minSum(d stats.Distribution) (sum uint64) {
	for b := range d.Buckets() {
		sum += uint64(b.Low) * b.Count
	}
	return sum
}
