package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// The test binary is the exchange and the receiver, too.
func TestMain(m *testing.M) {
	harness.Child(subjects())
	os.Exit(m.Run())
}

func subjects() []harness.Subject { return append(harness.Floors(), harness.Clients()...) }

// Every subject receives every frame, over both transports, and each figure is
// a plausible one.
func TestLatency(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0") // or each of the processes sleeps for a second at its end
	file := t.TempDir() + "/latency.json"
	tool := harness.Tool{Name: "test", Subjects: subjects()}
	var stdout, stderr bytes.Buffer
	if code := tool.Main(strings.Fields("-quick -loads single,three -json "+file), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
	var r harness.Report
	if err := harness.Read(file, &r); err != nil {
		t.Fatal(err)
	}
	if want := 2 * 2 * len(subjects()); len(r.Cells) != want {
		t.Fatalf("%d cells, want %d", len(r.Cells), want)
	}
	for _, c := range r.Cells {
		m := c.Median
		rate := c.Load.Rate * float64(c.Load.Conns)
		least, most := int(rate*0.04+0.5), int(rate*0.06+0.5) // of the warm-up count those that were due late
		if n := m.Latency.Frames; n < least || n > most || m.Missing != 0 || m.Lost != 0 {
			t.Errorf("%s, %s, %s: %d frames counted, want %d; %d missing, %d ticks lost",
				c.Load.Name, c.Transport, c.Subject, n, least, m.Missing, m.Lost)
		}
		if l := m.Latency; l.P50 <= 0 || l.P50 > l.P99 || l.P99 > l.P999 || l.P999 > l.Max || !slices.IsSorted(l.Curve) {
			t.Errorf("%s, %s, %s: latency is %+v", c.Load.Name, c.Transport, c.Subject, l)
		}
		if m.Seconds <= 0 || len(c.Runs) != 1 {
			t.Errorf("%s, %s, %s: %d runs, %v s", c.Load.Name, c.Transport, c.Subject, len(c.Runs), m.Seconds)
		}
		if table := stdout.String(); !strings.Contains(table, c.Subject) {
			t.Errorf("the table lacks %s:\n%s", c.Subject, table)
		}
	}
}

// The profiles are found by their names, and know their floors.
func TestClients(t *testing.T) {
	floors := map[string]string{}
	for _, s := range harness.Clients() {
		floors[s.Name] = s.Floor
	}
	if floors["balanced"] != harness.Bare || floors["inline"] != harness.Bare {
		t.Errorf("profiles and floors are %v", floors)
	}
}

// Wrong flags are told from what went wrong.
func TestExitCodes(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-loads nothing": 2, "-quick -loads single -subjects bare -transports plain -json /": 1} {
		tool := harness.Tool{Name: "test", Subjects: subjects()}
		var stdout, stderr bytes.Buffer
		if code := tool.Main(strings.Fields(args), &stdout, &stderr); code != want || stderr.Len() == 0 {
			t.Errorf("%s: exit code %d, want %d, and %q on stderr", args, code, want, stderr.String())
		}
	}
}
