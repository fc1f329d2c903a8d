package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/stats"
)

// busySample returns a sample with numbers as large as they get.
func busySample(at time.Duration, scale uint64) *sample {
	s := &sample{at: time.Unix(0, 0).Add(at)}
	for i := range s.conns {
		c := &s.conns[i]
		c.State = []kiteticker.State{kiteticker.StateLive, kiteticker.StateBackingOff, kiteticker.StateRefused}[i]
		c.Sent, c.RingLen, c.RingCap, c.tickLen, c.tickCap = 3000, 1, 2, 3, 4
		c.Messages, c.Bytes, c.checked, c.lost = 15_000*scale, 320_000_000*scale, 1_800_000*scale, 100*scale
	}
	return s
}

// On a terminal the second drawing covers the first, and a line never takes
// more than 80 columns.
func TestScreenRedraws(t *testing.T) {
	var out capture
	d := &demo{conns: 3, duration: 10 * time.Second}
	s := &screen{d: d, sh: &shell{stdout: &out}, tty: true}
	begin, one, two := busySample(0, 0), busySample(time.Second, 1), busySample(2*time.Second, 2)
	var latency stats.Histogram
	latency.Record(1_250_000)
	for i := range two.conns {
		two.conns[i].consumed = latency.Snapshot()
	}
	if err := s.draw(begin, begin, one); err != nil {
		t.Fatal(err)
	}
	first := out.String()
	if err := s.draw(begin, one, two); err != nil {
		t.Fatal(err)
	}
	second := strings.TrimPrefix(out.String(), first)
	if up := fmt.Sprintf("\x1b[%dA", strings.Count(first, "\n")); !strings.Contains(second, up) {
		t.Errorf("the second drawing %q does not start with %q", second, up)
	}
	text := regexp.MustCompile(`\x1b\[[?0-9]*[A-Za-z]`).ReplaceAllString(second, "")
	want := strings.TrimPrefix(`
 conn       state tokens frames/s   ticks/s  MB/s ring lost    p50    p99    max
    0        live  3,000   15,000 1,800,000 320.0  75%  200 1.25ms 1.25ms 1.25ms
    1 backing off  3,000   15,000 1,800,000 320.0  75%  200 1.25ms 1.25ms 1.25ms
    2     refused  3,000   15,000 1,800,000 320.0  75%  200 1.25ms 1.25ms 1.25ms

2.0 s of 10s, Ctrl-C ends it early
`, "\n")
	if text != want {
		t.Errorf("the screen shows\n%swant\n%s", text, want)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns, want at most 80: %s", n, line)
		}
	}
	if strings.Count(out.String(), noWrap) != 2 || strings.Count(out.String(), wrap) != 2 {
		t.Error("lines are not allowed to wrap again after each drawing")
	}
}

// Drawing must not be what the demo measures.
func TestScreenDoesNotAllocate(t *testing.T) {
	d := &demo{conns: 3, duration: 10 * time.Second}
	s := &screen{d: d, sh: &shell{stdout: discard{}}, tty: true}
	begin, now := busySample(0, 0), busySample(time.Second, 1)
	if n := testing.AllocsPerRun(10, func() { _ = s.draw(begin, begin, now) }); n > 1 {
		t.Errorf("%v allocations for a drawing, want at most 1", n)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestIsTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	getenv := func(string) string { return "" }
	if isTerminal(&shell{stdout: file, getenv: getenv}) {
		t.Error("a file is taken for a terminal")
	}
	if isTerminal(&shell{stdout: &capture{}, getenv: getenv}) {
		t.Error("a buffer is taken for a terminal")
	}
}
