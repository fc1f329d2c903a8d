// Package stats counts and measures on the hot path: one goroutine writes,
// any number read, nobody waits.
//
//   - [Counter] only grows: frames read, ticks lost.
//   - [Gauge] goes up and down: a lag, the time of the last byte.
//   - [Histogram] records values, such as latencies in nanoseconds, in 8 KiB.
//     Its [Histogram.Snapshot] is a [Distribution], a plain value that gives
//     quantiles, merges with others, subtracts an earlier one and prints itself
//     in one line.
//
// The zero value of each is ready, none allocates, none may be copied after
// first use except Distribution. There is no registry and no exporter here:
// [Distribution.Buckets] and the Load methods are all an exporter needs.
//
// # Groups of counters
//
// A counter is 8 bytes. Two counters with different writers on one cache line
// make each write wait for the other core, so group counters by writer and
// put a pad at both ends of the group. Within the group no pad is needed: the
// writer owns the line anyway.
//
//	// readerStats is written by the reader goroutine alone.
//	type readerStats struct {
//		_        cpu.Pad
//		frames   stats.Counter
//		bytes    stats.Counter
//		lastRead stats.Gauge // Unix nanoseconds
//		_        cpu.Pad
//	}
//
// Both ends, because Go cannot align a struct to a cache line: what stands
// before and after it is anyone's. A Histogram carries its own pads.
//
// # Goroutines
//
// Every method may be called from any goroutine. The single writer is a rule
// of speed, not of safety: an uncontended write is one locked instruction
// (6 to 7 ns on amd64), a contended one waits for the other core (30 to 50 ns
// for two counters on one line). Only [Counter.Store] and [Gauge.Store] need
// it to be right, since the last one wins. In a loop, count in a plain local
// variable and Store the total with the batch: one Store for every 16 items
// makes it 1.5 ns an item. BenchmarkCounter and its neighbours in bench print
// these numbers.
//
// # Decisions
//
// Single-writer counters usually avoid the locked addition with a load and a
// store. In Go that saves nothing on amd64: an atomic Store is an XCHG, which
// is locked too. Measured, Add is the cheaper of the two, and it is right
// with any number of writers, so Add it is.
//
// The histogram has 16 buckets for each power of two and answers with the
// middle of a bucket, which bounds the error of a quantile at 1/32 with half
// the memory that answering with a bucket's end would need. It covers 0 to
// 2^63-1, so no value is ever out of range.
package stats
