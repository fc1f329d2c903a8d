package stats_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kiteticker/kiteticker/stats"
)

// 1 to 31 have a bucket each, so every quantile of them is exact.
func TestDistributionPrints(t *testing.T) {
	var h stats.Histogram
	for v := range 31 {
		h.Record(int64(v) + 1)
	}
	type holder struct{ Latency stats.Distribution }
	for _, tc := range []struct {
		d          stats.Distribution
		text, json string
	}{
		{h.Snapshot(), "n=31 mean=16.0 p50=16 p90=28 p99=31 p999=31 max=31",
			`{"count":31,"mean":16,"p50":16,"p90":28,"p99":31,"p999":31,"max":31}`},
		{stats.Distribution{}, "n=0", `{"count":0,"mean":0,"p50":0,"p90":0,"p99":0,"p999":0,"max":0}`},
	} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, tc.d); got != tc.text {
				t.Errorf("%s: %q, want %q", verb, got, tc.text)
			}
		}
		if got, want := fmt.Sprintf("%+v", &holder{tc.d}), "&{Latency:"+tc.text+"}"; got != want {
			t.Errorf("inside a struct: %q, want %q", got, want)
		}
		got, err := json.Marshal(holder{tc.d})
		if want := `{"Latency":` + tc.json + `}`; err != nil || string(got) != want {
			t.Errorf("JSON: %s, %v, want %s", got, err, want)
		}
	}
}
