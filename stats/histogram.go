package stats

import (
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// Histogram records how int64 values, such as latencies in nanoseconds, are
// distributed. The zero value is ready to use. It must not be copied.
//
// One goroutine should write it, any number may read it through Snapshot. Its
// memory is fixed (8 KiB), and the first and last cache lines are padded, so
// it may stand next to anything in a struct.
type Histogram struct {
	_      cpu.Pad
	sum    atomic.Uint64
	max    atomic.Int64
	below  atomic.Int64 // math.MaxInt64 - minimum: the zero value says "no minimum yet"
	counts [buckets]atomic.Uint64
	_      cpu.Pad
}

// Buckets are linear within each power of two: values below 32 have a bucket
// each, and every further power of two is cut into 16 equal buckets.
//
//	bucket   0 ..  31   value = bucket
//	bucket  32 ..  47   32 ..  63, 2 values each
//	bucket  48 ..  63   64 .. 127, 4 values each
//	 ...
//	bucket 944 .. 959   2^62 .. 2^63-1, 2^58 values each
//
// A bucket's width is at most 1/16 of its lowest value, so its middle is
// within 1/32 of every value in it.
const (
	subBits = 4 // 2^subBits buckets for each power of two
	subs    = 1 << subBits
	buckets = (64 - subBits) * subs
)

// bucketOf returns the bucket of v, which must not be negative.
func bucketOf(v int64) int {
	if v < subs {
		return int(v)
	}
	shift := bits.Len64(uint64(v)) - 1 - subBits // drops all but the leading bit and the subBits after it
	return shift<<subBits + int(v>>shift)
}

// bounds returns the lowest and the highest value of bucket i.
func bounds(i int) (low, high int64) {
	if i < subs {
		return int64(i), int64(i)
	}
	shift := i>>subBits - 1
	low = int64(i-shift<<subBits) << shift
	return low, low + (1<<shift - 1)
}

// Record adds v. A negative value counts as 0: the clock stepped back. It
// does not allocate and takes about 11 ns on amd64, the time of two locked
// additions; Sum is one of them, and an exact Mean is worth it.
//
// Like [Counter.Add], it loses nothing when a second goroutine writes too; it
// is only several times slower then.
func (h *Histogram) Record(v int64) {
	v = max(v, 0)
	raise(&h.max, v)
	raise(&h.below, math.MaxInt64-v)
	h.sum.Add(uint64(v))
	h.counts[bucketOf(v)].Add(1) // last; pairs with the Load in Snapshot: Min, Max and Sum cover every counted value
}

// raise makes a at least v.
func raise(a *atomic.Int64, v int64) {
	for {
		old := a.Load()
		if old >= v || a.CompareAndSwap(old, v) {
			return
		}
	}
}

// Snapshot returns the distribution of the values recorded so far. Any
// goroutine may call it at any time; it takes about half a microsecond
// and does not allocate; the writer does not wait for it.
//
// A Record that runs at the same time may already be in Min, Max and Sum but
// not yet in Count, never the reverse.
func (h *Histogram) Snapshot() Distribution {
	var d Distribution
	var count uint64
	for i := range h.counts {
		n := h.counts[i].Load() // before Sum, Min and Max; pairs with the Add in Record
		d.counts[i] = n
		count += n
	}
	if count == 0 {
		return d
	}
	d.Count = count
	d.Sum = h.sum.Load()
	d.Min = math.MaxInt64 - h.below.Load()
	d.Max = h.max.Load()
	return d
}
