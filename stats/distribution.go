package stats

import (
	"iter"
	"math"
)

// Distribution is what a [Histogram] held at one moment. It is a plain value:
// copy it, compare it with ==, keep it. The zero value is the distribution of
// no values.
//
// Count, Sum, Min and Max are exact; Sum wraps around at 2^64, which is 584
// years of nanoseconds. It holds 8 KiB, so a function that is called often
// should take a pointer to it.
type Distribution struct {
	Count    uint64
	Sum      uint64
	Min, Max int64

	counts [buckets]uint64
}

// Bucket is a range of values and how many of them were recorded.
type Bucket struct {
	Low, High int64 // both inclusive
	Count     uint64
}

// Quantile returns the value that the fraction q of all values do not exceed
// (nearest rank: the smallest value with at least q*Count values up to it).
// The answer is within 1/32 of that value and between Min and Max; q <= 0
// gives Min and q >= 1 gives Max, both exact. It is 0 if there are no values.
func (d Distribution) Quantile(q float64) int64 {
	switch {
	case d.Count == 0 || !(q > 0): // NaN too
		return d.Min
	case q >= 1:
		return d.Max
	}
	rank := max(1, uint64(math.Ceil(q*float64(d.Count))))
	for i, n := range d.counts {
		if rank <= n {
			low, high := bounds(i)
			return min(max(low+(high-low)/2, d.Min), d.Max)
		}
		rank -= n
	}
	return d.Max // rounding of q*Count beyond 2^53 values
}

// Mean returns the average value, 0 if there are none.
func (d Distribution) Mean() float64 {
	if d.Count == 0 {
		return 0
	}
	return float64(d.Sum) / float64(d.Count)
}

// Merge returns the distribution of the values of d and o together, for
// example of three connections.
func (d Distribution) Merge(o Distribution) Distribution {
	switch {
	case d.Count == 0:
		d.Min, d.Max = o.Min, o.Max
	case o.Count > 0:
		d.Min, d.Max = min(d.Min, o.Min), max(d.Max, o.Max)
	}
	d.Count += o.Count
	d.Sum += o.Sum
	for i, n := range o.counts {
		d.counts[i] += n
	}
	return d
}

// Sub returns the distribution of the values recorded after earlier, an older
// snapshot of the same histogram: what happened in between. It panics if
// earlier is not one.
//
// Count and Sum are exact, and so are a Min below and a Max above all earlier
// values. Otherwise Min and Max are the ends of the lowest and highest bucket
// used in between, less than 1/16 beyond the value.
func (d Distribution) Sub(earlier Distribution) Distribution {
	diff := Distribution{Sum: d.Sum - earlier.Sum}
	for i := range d.counts {
		if d.counts[i] < earlier.counts[i] {
			panic("stats: Sub of a distribution that is not an earlier one of the same histogram")
		}
		n := d.counts[i] - earlier.counts[i]
		if n == 0 {
			continue
		}
		low, high := bounds(i)
		if diff.Count == 0 {
			diff.Min = max(low, d.Min) // d.Min itself if it is new: then it is in this bucket
		}
		diff.Max = min(high, d.Max) // likewise
		diff.counts[i] = n
		diff.Count += n
	}
	return diff
}

// Buckets yields the buckets that hold values, lowest first: for exporters
// and for printing.
func (d Distribution) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		for i, n := range d.counts {
			if n == 0 {
				continue
			}
			low, high := bounds(i)
			if !yield(Bucket{low, high, n}) {
				return
			}
		}
	}
}
