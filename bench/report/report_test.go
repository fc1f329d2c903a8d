package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// The page says what the results say: nobody has typed a number.
func TestPageIsUpToDate(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	want, err := fill(text, &measured{dir: filepath.Join("../..", results)})
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("%s is not what bench/results makes of it: make performance", page)
	}
}

// given makes a directory of results.
func given(t *testing.T) *measured {
	t.Helper()
	dir := t.TempDir()
	r := harness.Report{Head: harness.Head{Command: "c", Commit: "abc", Date: "d", Go: "g", Machine: "m", CPU: "x", Runs: "r"}}
	for _, load := range harness.Loads() {
		for _, s := range []struct{ name, floor string }{{harness.Bare, ""}, {harness.Spin, ""}, {"balanced", harness.Bare}, {"low-latency", harness.Spin}} {
			c := harness.Cell{Load: load, Transport: harness.Plain, Subject: s.name, Floor: s.floor}
			c.Median = harness.Run{Handled: 1000, Seconds: 1, CPU: 20 * time.Millisecond, Latency: harness.Latency{Frames: 1000, P50: 30 * time.Microsecond}}
			if s.floor != "" {
				c.Median.Latency.P50 = 33 * time.Microsecond
				c.Median.CPU = 30 * time.Millisecond
			}
			c.Runs = []harness.Run{c.Median}
			r.Cells = append(r.Cells, c)
		}
	}
	rings := harness.RingReport{Head: r.Head, Ours: "a", Rings: []harness.RingCost{{Name: "a", Nanos: 10}, {Name: "b", Nanos: 25}}}
	files := map[string]string{
		"decode.txt": `# command: make bench
# commit:  abc
cpu: Some CPU
BenchmarkDecodeFull/slots=1/way=copy-2   	100	8.0 ns/op	0 B/op
BenchmarkDecodeFull/slots=1/way=copy-2   	100	10.0 ns/op	0 B/op
BenchmarkDecodeFull/slots=1/way=copy-2   	100	900 ns/op	0 B/op
BenchmarkDecodeFull/slots=1/way=avx2-2   	100	12 ns/op	0 B/op
BenchmarkDecodeFull/slots=1/way=go-2     	100	35 ns/op	0 B/op
BenchmarkDecodeFullFrame/packets=300/way=avx2-2   	100	4000 ns/op	0 B/op
BenchmarkDecodeFullFrame/packets=300/way=go-2     	100	9000 ns/op	0 B/op
`,
		"streams.txt": `BenchmarkParse/overflow=drop-newest/streams=0-2 	1	0 ns/op	20 ns/tick
BenchmarkParse/overflow=drop-newest/streams=1-2 	1	0 ns/op	40 ns/tick
BenchmarkParse/overflow=drop-newest/streams=2-2 	1	0 ns/op	50 ns/tick
BenchmarkParse/overflow=drop-newest/streams=8-2 	1	0 ns/op	122 ns/tick
BenchmarkParse/overflow=conflate/streams=1-2 	1	0 ns/op	45 ns/tick
BenchmarkParse/lastvalues=true/streams=0-2 	1	0 ns/op	80 ns/tick
BenchmarkParse/stages=true/streams=1-2 	1	0 ns/op	44 ns/tick
BenchmarkParseCopy/rings=8-2 	1	10 ns/op	10 ns/tick
BenchmarkStalledStreams/packets=1-2 	1	0 ns/op	1.05 stalled/alone-p99
`,
		"ring_conflate.txt": "BenchmarkLatest/op=load/via=latest/keys=9000-2 	1	0 ns/op	28 ns/item\n",
		"ring.txt":          "BenchmarkTick/via=ring/where=cross/wait=park/batch=16-2 100 160 ns/op 10 ns/item\n",
		"instructions.txt":  "# command: make instructions\n# go:      g\nwake  101.3  instructions for one publish of one tick\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range map[string]any{"latency.json": &r, "peers.json": &r, "rings.json": &rings} {
		if err := harness.Write(filepath.Join(dir, name), v); err != nil {
			t.Fatal(err)
		}
	}
	return &measured{dir: dir}
}

func TestFill(t *testing.T) {
	page := "before\n<!-- table: NAME -->\nold\n<!-- end -->\nafter 7\n"
	for name, wants := range map[string][]string{
		"budgets": {
			"| decode a full packet, in the cache | 1.3 times a copy of its bytes into a slot | 1.200 (12.0 ns) | yes |",
			"| the same without assembly | 3 times the copy | 3.500 (35.0 ns) | **no** |",
			"| 1.15 times the bare loop | 1.10 (33.00 µs) | yes |", "| 1.2 times the bare loop's | 1.50 (30.00 µs) | **no** |",
			"| 1.5 times a copy of the tick into as many rings | 1.20 (12.0 ns) | yes |", "| 80 ns a tick | 25.0 ns | yes |", "| 150 ns a tick | 60.0 ns | yes |",
			"| 1.05 times without | 1.100 (44.0 ns) | **no** |", "| 1.1 times without | 1.05 | yes |",
		},
		"latency single plain":  {"**single: 1 socket,", "| balanced | 33.0 µs |", "![percentiles](latency-single-plain.svg)"},
		"made latency":          {"Measured by `c`: r. m, x, g, commit abc, d."},
		"made decode":           {"Measured by `make bench`: medians.", "Some CPU", "commit abc"},
		"latency endless plain": {"| balanced | 100.0 k | 300 ns | 1.50 |"},
		"peers burst":           {"| bare | 30.0 µs | 0.91 |", "| balanced | 33.0 µs | 1.00 |"},
		"rings":                 {"| b | 25.0 | 2.50 |"},
		"bench decode DecodeFull/slots=1/way=copy ns/op,B/op": {"| `DecodeFull/slots=1/way=copy` | 10 | 0 |"},
		"instructions": {"| `wake` | 101.3 | publish of one tick |", "`make instructions`"},
	} {
		text, err := fill([]byte(strings.Replace(page, "NAME", name, 1)), given(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := string(text)
		if !strings.HasPrefix(got, "before\n<!-- table: "+name+" -->\n") || !strings.HasSuffix(got, "\n<!-- end -->\nafter 7\n") || strings.Contains(got, "old") {
			t.Errorf("%s: the page is\n%s", name, got)
		}
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the page lacks %q:\n%s", name, want, got)
			}
		}
		if again, err := fill(text, given(t)); err != nil || string(again) != got {
			t.Errorf("%s: filled again it is another page, %v", name, err)
		}
	}
}

func TestFillErrors(t *testing.T) {
	for page, want := range map[string]string{
		"<!-- table: budgets -->\n":                                    "0 of 1 tables have an end",
		"<!-- table: nothing -->\n<!-- end -->":                        "want one of",
		"<!-- table: latency single -->\n<!-- end -->":                 "want one of",
		"<!-- table: latency single tls -->\n<!-- end -->":             "nothing under single, tls",
		"<!-- table: peers none -->\n<!-- end -->":                     "no balanced under none",
		"<!-- table: made none -->\n<!-- end -->":                      "none.txt",
		"<!-- table: bench none X ns/op -->\n<!-- end -->":             "none.txt",
		"<!-- table: bench decode X ns/op -->\n<!-- end -->":           "no benchmark that begins with X",
		"<!-- table: bench decode Decode parsecs/op -->\n<!-- end -->": "no parsecs/op",
	} {
		if _, err := fill([]byte(page), given(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", page, err, want)
		}
	}
}
