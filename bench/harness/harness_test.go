package harness

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
)

func TestParseJiffies(t *testing.T) {
	for text, want := range map[string]jiffies{
		"cpu  100 20 30 800 5 0 7 38 999 999\ncpu0 1 2 3": {total: 1000, idle: 805, steal: 38}, // guest times are in user already
		"cpu  1 2 3 4\n": {total: 10, idle: 4}, // an old kernel
		"":               {},
		"cpu  a b\n":     {},
	} {
		if got := parseJiffies(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestNoise(t *testing.T) {
	before := jiffies{total: 1000, idle: 500, steal: 10}
	for _, tc := range []struct {
		now           jiffies
		ours          time.Duration
		steal, others float64
	}{
		{jiffies{total: 1200, idle: 600, steal: 14}, 500 * time.Millisecond, 0.02, 0.23}, // 100 idle, 4 stolen, 50 ours, 46 of others
		{jiffies{total: 1200, idle: 600, steal: 10}, 1100 * time.Millisecond, 0, 0},      // jiffies are rounded
		{before, time.Second, 0, 0}, // no time has passed, or there is no /proc/stat
	} {
		steal, others := before.noise(tc.now, tc.ours)
		if math.Abs(steal-tc.steal) > 1e-9 || math.Abs(others-tc.others) > 1e-9 {
			t.Errorf("%+v: %v stolen and %v of others, want %v and %v", tc.now, steal, others, tc.steal, tc.others)
		}
	}
}

func TestLatencyOf(t *testing.T) {
	samples := make([]time.Duration, 1000)
	for i := range samples {
		samples[i] = time.Duration(1000 - i) // 1..1000, unsorted
	}
	l := latencyOf(samples)
	if l.Frames != 1000 || l.P50 != 500 || l.P99 != 990 || l.P999 != 999 || l.Max != 1000 {
		t.Errorf("latency is %+v", l)
	}
	if len(l.Curve) != curvePoints || l.Curve[0] != 1 || l.Curve[10] != 900 || l.Curve[20] != 990 || l.Curve[40] != 1000 {
		t.Errorf("curve is %v", l.Curve)
	}
	if one := latencyOf([]time.Duration{7}); one.P50 != 7 || one.P999 != 7 || one.Max != 7 {
		t.Errorf("of one sample: %+v", one)
	}
	if none := latencyOf(nil); none.Frames != 0 || none.Max != 0 || none.Curve != nil {
		t.Errorf("of no sample: %+v", none)
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}} {
		if got := Median(tc.values); got != tc.want {
			t.Errorf("median of %v is %v, want %v", tc.values, got, tc.want)
		}
	}
}

// Noisy runs do not count, unless there are no others.
func TestCellSum(t *testing.T) {
	run := func(p50 time.Duration, noisy bool) Run {
		return Run{Latency: Latency{P50: p50, Curve: []time.Duration{p50}}, CPU: 2 * p50, Noisy: noisy}
	}
	c := Cell{Runs: []Run{run(1, false), run(900, true), run(3, false)}}
	c.sum()
	if m := c.Median; c.Noisy || m.Latency.P50 != 2 || m.CPU != 4 || !slices.Equal(m.Latency.Curve, []time.Duration{2}) {
		t.Errorf("median is %+v, noisy %v", c.Median, c.Noisy)
	}
	if c.Runs[0].Latency.Curve != nil {
		t.Error("the runs have kept their curves")
	}
	c = Cell{Runs: []Run{run(7, true)}}
	c.sum()
	if !c.Noisy || c.Median.Latency.P50 != 7 {
		t.Errorf("median is %+v, noisy %v", c.Median, c.Noisy)
	}
}

// Only an endless load may lose something.
func TestCellLost(t *testing.T) {
	for _, tc := range []struct {
		rate float64
		run  Run
		want bool
	}{{1, Run{}, false}, {1, Run{Missing: 1}, true}, {1, Run{Lost: 1}, true}, {0, Run{Missing: 1}, false}} {
		c := Cell{Load: Load{Rate: tc.rate}, Runs: []Run{{}, tc.run}}
		if got := c.Lost(); got != tc.want {
			t.Errorf("%+v at %v frames/s: lost is %v", tc.run, tc.rate, got)
		}
	}
}

// Frames carry every instrument once, and their stamp where whoever reads them
// looks for it; other packets have none.
func TestFrames(t *testing.T) {
	server := kitetest.NewServer(t, kitetest.Config{})
	frames := framesFor(server, kitetest.Universe(20), 8) // the 8th instrument is an index
	if len(frames) != 3 {
		t.Fatalf("%d frames, want 3", len(frames))
	}
	for i, want := range []struct{ count, bytes int }{{8, 4 + 2 + 7*186 + 34}, {8, 4 + 2 + 8*186}, {4, 4 + 2 + 3*186 + 34}} {
		f := frames[i]
		if n := frameLen(f); n != len(f) || n != want.bytes {
			t.Errorf("frame %d has %d bytes and says %d, want %d", i, len(f), n, want.bytes)
		}
		if n := int(binary.BigEndian.Uint16(f[4:])); n != want.count {
			t.Errorf("frame %d says %d packets, want %d", i, n, want.count)
		}
		if Stamp(f) != 0 {
			t.Errorf("frame %d has the stamp %d before it was stamped", i, Stamp(f))
		}
		f.stamp(math.MaxInt64 - 5)
		if Stamp(f) != math.MaxInt64-5 || StampOf(math.MaxInt32, math.MaxUint32-5) != math.MaxInt64-5 {
			t.Errorf("frame %d has the stamp %d", i, Stamp(f))
		}
	}
}

// An inbox finds frames of each kind of length, however they come in pieces.
func TestInbox(t *testing.T) {
	var stream []byte
	var want []int64
	for i, payload := range []int{184, 125, 126, 65535, 65536, 300} {
		f := make([]byte, 0, payload+10)
		switch {
		case payload < 126:
			f = append(f, 0x82, byte(payload))
		case payload < 65536:
			f = binary.BigEndian.AppendUint16(append(f, 0x82, 126), uint16(payload))
		default:
			f = binary.BigEndian.AppendUint64(append(f, 0x82, 127), uint64(payload))
		}
		f = append(f, make([]byte, payload)...)
		if payload < fullPacket { // too short for a stamp: what is before it is read
			continue
		}
		stampedFrame(f).stamp(int64(i + 1))
		stream, want = append(stream, f...), append(want, int64(i+1))
	}
	for _, piece := range []int{1, 7, 4096, len(stream)} {
		client, server := net.Pipe()
		go func() {
			for part := range slices.Chunk(stream, piece) {
				server.Write(part)
			}
			server.Close()
		}()
		in, got := &inbox{buf: make([]byte, 80<<10)}, []int64(nil)
		var err error
		for err == nil {
			err = in.fill(client)
			in.each(func(due int64) { got = append(got, due) })
		}
		if !errors.Is(err, io.EOF) || !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: stamps %v, %v; want %v, EOF", piece, got, err, want)
		}
	}
}

func TestParse(t *testing.T) {
	subjects := Floors()
	o, err := Parse("t", "", subjects, strings.Fields("-loads burst,single -subjects spin -transports tls -steal 3 -others 20"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	p := o.Plan
	if len(p.Loads) != 2 || p.Loads[0].Name != "burst" || len(p.Subjects) != 1 || p.Subjects[0].Name != Spin || p.Steal != 0.03 || p.Others != 0.2 ||
		!slices.Equal(p.Transports, []string{TLS}) {
		t.Errorf("plan is %+v", p)
	}
	for args, want := range map[string]string{
		"-loads none": `no load "none"`, "-subjects x": `no subject "x"`, "-transports ,": `no transport ""`,
		"-rounds 0": "-rounds", "more": `unexpected "more"`,
	} {
		if _, err := Parse("t", "", subjects, strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one with %s", args, err, want)
		}
	}
}

func TestWriteRead(t *testing.T) {
	file := t.TempDir() + "/r.json"
	r := &Report{Head: NewHead("x", "y"), Cells: []Cell{{Load: Loads()[0], Transport: Plain, Subject: "s", Floor: Bare}, {Load: Loads()[0], Transport: Plain, Subject: Bare}}}
	if err := Write(file, r); err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := Read(file, &got); err != nil {
		t.Fatal(err)
	}
	if floor := got.FloorOf(&got.Cells[0]); floor == nil || floor.Subject != Bare || got.FloorOf(floor) != nil {
		t.Errorf("floor is %+v", floor)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Read(file, &got); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error is %v, want one that names the file", err)
	}
}
