package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker/stats"
)

// draws are the shapes of data the quantile law is tested on.
var draws = map[string]func(*rand.Rand) int64{
	"small":    func(r *rand.Rand) int64 { return r.Int64N(40) },
	"constant": func(*rand.Rand) int64 { return 56_789 },
	"latency":  func(r *rand.Rand) int64 { return int64(50_000 * math.Exp(r.NormFloat64())) },
	"uniform":  func(r *rand.Rand) int64 { return r.Int64() },
	"octaves":  func(r *rand.Rand) int64 { return r.Int64() >> r.IntN(63) },
	"two far":  func(r *rand.Rand) int64 { return []int64{1, math.MaxInt64}[r.IntN(2)] },
}

// Law: a quantile is within 1/32 of the value at that rank in the sorted data.
func TestQuantileError(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{1, 2, 3, 10, 99, 100, 5000} {
				values := make([]int64, n)
				for i := range values {
					values[i] = draw(r)
				}
				d := record(values...).Snapshot()
				slices.Sort(values)
				for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
					rank := max(1, int(math.Ceil(q*float64(n))))
					want := values[rank-1]
					got := d.Quantile(q)
					if off := max(got-want, want-got); off > want/32 {
						t.Errorf("n=%d: Quantile(%v) = %d, off by %d from %d, want at most 1/32", n, q, got, off, want)
					}
				}
				if d.Quantile(0) != values[0] || d.Quantile(1) != values[n-1] {
					t.Errorf("n=%d: Quantile(0), Quantile(1) = %d, %d, want exactly %d, %d",
						n, d.Quantile(0), d.Quantile(1), values[0], values[n-1])
				}
			}
		})
	}
}

func TestQuantileArguments(t *testing.T) {
	d := record(10, 20, 30).Snapshot()
	for _, tc := range []struct {
		q    float64
		want int64
	}{
		{math.Inf(-1), 10}, {-1, 10}, {math.NaN(), 10}, {1e-300, 10},
		{1.0 / 3, 10}, {0.34, 20}, {0.5, 20}, {2.0 / 3, 20}, {0.67, 30}, {2, 30}, {math.Inf(1), 30},
	} {
		if got := d.Quantile(tc.q); got != tc.want {
			t.Errorf("Quantile(%v) = %d, want %d", tc.q, got, tc.want)
		}
	}
}

// Law: merging two distributions is the same as recording all values in one.
func TestMerge(t *testing.T) {
	for name, draw := range draws {
		r := rand.New(rand.NewPCG(3, 4))
		var a, b, all stats.Histogram
		for i := range 300 {
			v := draw(r)
			all.Record(v)
			if i%3 == 0 {
				a.Record(v)
			} else {
				b.Record(v)
			}
		}
		if a.Snapshot().Merge(b.Snapshot()) != all.Snapshot() {
			t.Errorf("%s: merged distributions differ from one of all values", name)
		}
		var none stats.Distribution
		if all.Snapshot().Merge(none) != all.Snapshot() || none.Merge(all.Snapshot()) != all.Snapshot() {
			t.Errorf("%s: merging with nothing changes a distribution", name)
		}
	}
}

// Law: the intervals between snapshots, merged, are the last snapshot; and
// each counts exactly the values recorded in it.
func TestSub(t *testing.T) {
	for name, draw := range draws {
		r := rand.New(rand.NewPCG(5, 6))
		var h stats.Histogram
		var before, merged stats.Distribution
		for round := range 5 {
			var alone stats.Histogram
			for range 50 * round { // the first interval is empty
				v := draw(r)
				h.Record(v)
				alone.Record(v)
			}
			now := h.Snapshot()
			got, want := now.Sub(before), alone.Snapshot()
			if got.Count != want.Count || got.Sum != want.Sum || !slices.Equal(bucketsOf(got), bucketsOf(want)) {
				t.Errorf("%s: interval %d has Count %d, Sum %d, want %d, %d and the same buckets",
					name, round, got.Count, got.Sum, want.Count, want.Sum)
			}
			if got.Min > want.Min || want.Min-got.Min > want.Min/16 || got.Max < want.Max || got.Max-want.Max > want.Max/16 {
				t.Errorf("%s: interval %d has Min %d, Max %d, want at most 1/16 outside %d, %d",
					name, round, got.Min, got.Max, want.Min, want.Max)
			}
			merged = merged.Merge(got)
			before = now
		}
		if merged != before {
			t.Errorf("%s: the merged intervals differ from the last snapshot", name)
		}
	}
}

func TestSubExactEnds(t *testing.T) {
	h := record(1000, 2000)
	before := h.Snapshot()
	h.Record(999_999)
	h.Record(777)
	if d := h.Snapshot().Sub(before); d.Min != 777 || d.Max != 999_999 {
		t.Errorf("new Min, Max = %d, %d, want exactly 777, 999999", d.Min, d.Max)
	}
}

func TestSubPanics(t *testing.T) {
	a, b := record(1).Snapshot(), record(1, 2).Snapshot()
	defer func() {
		if recover() == nil {
			t.Error("subtracting a later snapshot from an earlier one does not panic")
		}
	}()
	a.Sub(b)
}

func TestBucketsBreak(t *testing.T) {
	d := record(1, 100, 10_000).Snapshot()
	n := 0
	for range d.Buckets() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("the loop ran %d times, want 2", n)
	}
	if got := bucketsOf(d); len(got) != 3 || !slices.IsSortedFunc(got, func(a, b stats.Bucket) int { return int(a.Low - b.Low) }) {
		t.Errorf("Buckets() = %v, want 3 in ascending order", got)
	}
}

func bucketsOf(d stats.Distribution) []stats.Bucket { return slices.Collect(d.Buckets()) }
