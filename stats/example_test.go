package stats_test

import (
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

func ExampleHistogram() {
	var latency stats.Histogram // the zero value is ready
	for us := range 1000 {
		latency.Record((time.Duration(us) * time.Microsecond).Nanoseconds())
	}

	d := latency.Snapshot()
	fmt.Println("count", d.Count)
	fmt.Println("mean ", time.Duration(d.Mean()))
	fmt.Println("p50  ", time.Duration(d.Quantile(0.50)).Round(time.Microsecond))
	fmt.Println("p99  ", time.Duration(d.Quantile(0.99)).Round(time.Microsecond))
	fmt.Println("max  ", time.Duration(d.Max))
	// Output:
	// count 1000
	// mean  499.5µs
	// p50   500µs
	// p99   999µs
	// max   999µs
}

// What happened in the last interval: subtract the snapshot taken before.
func ExampleDistribution_Sub() {
	var sizes stats.Histogram
	sizes.Record(10)
	sizes.Record(20)
	before := sizes.Snapshot()
	sizes.Record(30)

	fmt.Println(sizes.Snapshot().Sub(before).Count, "since then")
	// Output: 1 since then
}

// Print a histogram as text.
func ExampleDistribution_Buckets() {
	var h stats.Histogram
	for _, v := range []int64{3, 3, 3, 40, 41, 700} {
		h.Record(v)
	}
	for b := range h.Snapshot().Buckets() {
		fmt.Printf("%d to %d: %d\n", b.Low, b.High, b.Count)
	}
	// Output:
	// 3 to 3: 3
	// 40 to 41: 2
	// 672 to 703: 1
}

// Count in a local while decoding one message, publish the total with it.
func ExampleCounter() {
	var packets stats.Counter // read by any goroutine
	total := uint64(0)        // owned by the one that decodes

	for _, message := range []string{"aaa", "bb"} {
		for range message {
			total++
		}
		packets.Store(total)
	}
	fmt.Println(packets.Load())
	// Output: 5
}
