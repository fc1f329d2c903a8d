package bench

import (
	"fmt"
	"testing"

	"github.com/kiteticker/kiteticker"
)

// BenchmarkStalledStreams compares a client whose one stream is read with one
// that has three more, which nobody reads: the reader of the first should not
// notice. Of p99 the median of several runs says more than any one.
func BenchmarkStalledStreams(b *testing.B) {
	for _, packets := range []int{1, 100} {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) {
			alone := &path{name: "alone", run: runClient(kiteticker.Balanced)}
			beside := &path{name: "stalled", run: runClientWith(kiteticker.Config{}, kiteticker.StreamConfig{},
				kiteticker.StreamConfig{}, kiteticker.StreamConfig{Capacity: 64}, kiteticker.StreamConfig{Overflow: kiteticker.Conflate})}
			benchmarkPaths(b, packets, []*path{{name: "bare", run: runBare}, alone, beside})
			b.ReportMetric(beside.quantile(0.5)/alone.quantile(0.5), "stalled/alone-p50")
			b.ReportMetric(beside.quantile(0.99)/alone.quantile(0.99), "stalled/alone-p99")
		})
	}
}
