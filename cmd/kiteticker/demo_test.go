package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// summaryOf returns the one object on stdout, with exactly the documented
// keys.
func summaryOf(t *testing.T, stdout string) (s summary) {
	t.Helper()
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(stdout), &keys); err != nil {
		t.Fatalf("stdout is not one JSON object: %v\n%s", err, stdout)
	}
	want := strings.Fields("allocs_per_tick bytes connections duration_s frames gc_cycles instruments latency_us reconnects ticks_lost ticks_received ticks_sent")
	if got := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
		t.Errorf("keys are %v, want %v", got, want)
	}
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The demo, with sockets of this machine: everything sent is received, in each
// mode and profile.
func TestDemo(t *testing.T) {
	for _, flags := range []string{
		"-instruments 90 -rate 20",
		"-instruments 90 -rate 20 -conns 1 -mode quote -profile inline",
		"-instruments 90 -rate 20 -conns 2 -mode ltp",
		"-instruments 90 -rate 20 -profile low-latency",
		"-instruments 9000 -rate 0.5",
		"-instruments 9 -rate max -conns 1",
	} {
		t.Run(flags, func(t *testing.T) {
			o := kt(t, append(strings.Fields("demo -json -duration 200ms"), strings.Fields(flags)...)...)
			o.want(t, exitOK, "{", "")
			s := summaryOf(t, o.stdout)
			if s.Sent == 0 || s.Received != s.Sent || s.Lost != 0 || s.Reconnects != 0 {
				t.Errorf("%d sent, %d received, %d lost, %d reconnects", s.Sent, s.Received, s.Lost, s.Reconnects)
			}
			if s.Duration < 0.2 || s.Frames == 0 || s.Bytes <= 10*s.Received || s.AllocsPerTick == nil {
				t.Errorf("implausible: %+v", s)
			}
			if timed := !strings.Contains(flags, "ltp"); timed != (s.Latency != nil) {
				t.Errorf("latency is %v", s.Latency)
			} else if timed && !(0 < s.Latency.P50 && s.Latency.P50 <= s.Latency.P99 && s.Latency.P99 <= s.Latency.P999 && s.Latency.P999 <= s.Latency.Max) {
				t.Errorf("latency is %+v", *s.Latency)
			}
		})
	}
}

// Without ticks after the snapshot there is nothing to measure, and nothing is
// invented.
func TestDemoWithoutMarket(t *testing.T) {
	o := kt(t, strings.Fields("demo -json -instruments 9 -rate 0 -duration 1ms")...)
	o.want(t, exitOK, `"latency_us":null,"allocs_per_tick":null`, "")
	if s := summaryOf(t, o.stdout); s.Sent != 0 || s.Received != 0 {
		t.Errorf("%d sent, %d received, want none", s.Sent, s.Received)
	}
}

func TestDemoForPeople(t *testing.T) {
	o := kt(t, strings.Fields("demo -instruments 9 -conns 2 -rate 50 -duration 1500ms")...)
	o.want(t, exitOK, "9 instruments in full mode on 2 connections, from a simulated exchange at ws://127.0.0.1:", "")
	for _, part := range []string{
		"\n   time conn       state tokens frames/s   ticks/s  MB/s ring lost    p50    p99    max\n",
		" s    0        live      5 ", " s    1        live      4 ", // a line each
		" received, 0 lost; before, a snapshot of 18\n",
		"\nlatency   p50 ",
		"\nchecked   9 instruments: every tick sent was received, in order, with the same bytes\n",
	} {
		if !strings.Contains(o.stdout, part) {
			t.Errorf("stdout lacks %q", part)
		}
	}
	if strings.Contains(o.stdout, "\x1b") {
		t.Error("stdout is no terminal, but has control sequences")
	}
	if t.Failed() {
		t.Log(o.stdout)
	}
}

// Ctrl-C ends the demo early, with everything checked that was sent until then.
func TestDemoInterrupted(t *testing.T) {
	t.Run("running", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := invocation{args: strings.Fields("demo -instruments 9 -rate 50 -duration 1h"), onText: func(text string) {
			if strings.Contains(text, " live ") {
				cancel()
			}
		}}.run(ctx)
		o.want(t, exitOK, "checked   9 instruments", "")
		o.want(t, exitOK, "ended     early, after ", "")
	})
	t.Run("starting", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o := invocation{args: strings.Fields("demo -instruments 9 -json")}.run(ctx)
		o.want(t, exitOK, `"ticks_sent":0,"ticks_received":0`, "")
	})
}

// The demo ends when its reader has gone.
func TestDemoBrokenPipe(t *testing.T) {
	o := invocation{args: strings.Fields("demo -instruments 9 -duration 1h"), stdout: &pipe{lines: 2}}.run(t.Context())
	o.want(t, exitOK, "", "")
}

// newDemo returns an open demo, for tests that meddle with it before it plays.
func newDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{instruments: 9, conns: 2, rate: 50, mode: kiteticker.ModeFull, duration: 100 * time.Millisecond}
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.server.Close() })
	return d
}

// A consumer that sees something else than what was sent is found out: the
// demo names the instrument and fails.
func TestDemoDifference(t *testing.T) {
	d := newDemo(t)
	d.consumers[0].entries[408065] = &kitetest.Entry{Digest: 1} // as if the bytes were others
	var stdout, stderr capture
	if err := d.play(t.Context(), &shell{stdout: &stdout, stderr: &stderr}); err != errReported {
		t.Errorf("error is %v, want errReported", err)
	}
	if text := stderr.String(); strings.Count(text, "\n") != 1 ||
		!strings.Contains(text, "instrument 408065: ") || !strings.Contains(text, "but their order or bytes differ") {
		t.Errorf("stderr is %q", text)
	}
	if strings.Contains(stdout.String(), "checked") {
		t.Errorf("stdout claims that all is right:\n%s", stdout.String())
	}
}

// An exchange that refuses the demo's client ends it with the reason.
func TestDemoRefused(t *testing.T) {
	d := newDemo(t)
	d.server.Reject(http.StatusForbidden, nil, "not today", d.conns)
	var stdout, stderr capture
	err := d.play(t.Context(), &shell{stdout: &stdout, stderr: &stderr})
	if err == nil || !strings.Contains(err.Error(), "HTTP 403") || !strings.Contains(err.Error(), errEnded.Error()) {
		t.Errorf("error is %v, want HTTP 403", err)
	}
}

func TestCompare(t *testing.T) {
	sent := map[uint32]kitetest.Entry{1: {Ticks: 5, Digest: 7}, 2: {Ticks: 2000, Digest: 8}, 3: {Ticks: 1, Digest: 9}, 9: {Ticks: 1, Digest: 1}}
	got := map[uint32]kitetest.Entry{1: {Ticks: 5, Digest: 7}, 2: {Ticks: 1999, Digest: 8}, 3: {Ticks: 1, Digest: 10}, 4: {Ticks: 6}}
	var lines []string
	for _, d := range compare(sent, got) {
		lines = append(lines, d.String())
	}
	want := []string{
		"instrument 2: 2,000 ticks sent, 1,999 received",
		"instrument 3: 1 tick sent and received, but their order or bytes differ",
		"instrument 4: 0 ticks sent, 6 received",
		"instrument 9: 1 tick sent, 0 received",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("differences are\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if list := compare(sent, maps.Clone(sent)); list != nil {
		t.Errorf("equal ledgers differ: %v", list)
	}
}

// What is lost is said before the first few instruments it hit.
func TestFaults(t *testing.T) {
	d := newDemo(t)
	d.consumers[1].jumps = 3
	res := &result{}
	for token := range uint32(8) {
		res.differences = append(res.differences, difference{token: token, sent: kitetest.Entry{Ticks: 2}, got: kitetest.Entry{Ticks: 1}})
	}
	got := d.faults(res, summary{Sent: 2000, Received: 1992, Lost: 8})
	want := []string{
		"lost 8 of 2,000 ticks, 0 because the consumers were too slow",
		"connection 1: 3 breaks in the sequence of ticks without a loss",
		"instrument 0: 2 ticks sent, 1 received",
		"instrument 1: 2 ticks sent, 1 received",
		"instrument 2: 2 ticks sent, 1 received",
		"instrument 3: 2 ticks sent, 1 received",
		"instrument 4: 2 ticks sent, 1 received",
		"and 3 more instruments",
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
