package stats

import (
	"encoding/json"
	"fmt"
)

// String returns d in one line, in the unit of what was recorded:
//
//	n=585 mean=61.2 p50=56 p90=88 p99=240 p999=1904 max=2311
//
// It is "n=0" if there are no values.
func (d Distribution) String() string {
	if d.Count == 0 {
		return "n=0"
	}
	return fmt.Sprintf("n=%d mean=%.1f p50=%d p90=%d p99=%d p999=%d max=%d", d.Count, d.Mean(),
		d.Quantile(0.5), d.Quantile(0.9), d.Quantile(0.99), d.Quantile(0.999), d.Max)
}

// MarshalJSON returns the same as an object with the keys count, mean, p50,
// p90, p99, p999 and max, in the unit of what was recorded; of no values all
// are 0. It is a summary for logs and pages: there is no way back from it. An
// exporter that wants everything takes [Distribution.Buckets].
func (d Distribution) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Count uint64  `json:"count"`
		Mean  float64 `json:"mean"`
		P50   int64   `json:"p50"`
		P90   int64   `json:"p90"`
		P99   int64   `json:"p99"`
		P999  int64   `json:"p999"`
		Max   int64   `json:"max"`
	}{d.Count, d.Mean(), d.Quantile(0.5), d.Quantile(0.9), d.Quantile(0.99), d.Quantile(0.999), d.Max})
}
