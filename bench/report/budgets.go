package main

import (
	"errors"
	"fmt"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// budget is a promise about speed or cost, and how to see whether it is kept.
type budget struct {
	what    string
	most    float64 // of what measure returns
	limit   string  // that in words
	command string
	measure func(m *measured) (value float64, shown string, err error)
}

const (
	latencyCommand = "`make latency`"
	decodeCommand  = "`make bench ROOMS=decode`"
	ringCommand    = "`make bench ROOMS=ring`"
	streamCommand  = "`make bench ROOMS=streams`"
	latestCommand  = "`make bench ROOMS=ring_conflate`"
)

func budgetList() []budget {
	return []budget{
		{"decode a full packet, in the cache", 1.3, "1.3 times a copy of its bytes into a slot", decodeCommand,
			ratio("decode", "DecodeFull/slots=1/way=avx2", "DecodeFull/slots=1/way=copy", "ns/op")},
		{"the same without assembly", 3, "3 times the copy", decodeCommand,
			ratio("decode", "DecodeFull/slots=1/way=go", "DecodeFull/slots=1/way=copy", "ns/op")},
		{"split and decode a message of 300 full packets", 5000, "5 µs", decodeCommand, value("decode", "DecodeFullFrame/packets=300/way=avx2", "ns/op")},
		{"the same without assembly", 12_000, "12 µs", decodeCommand, value("decode", "DecodeFullFrame/packets=300/way=go", "ns/op")},
		{"a tick through a ring to another core, 16 to a publish", 18, "18 ns, 1.5 times a C++ ring", ringCommand,
			value("ring", "Tick/via=ring/where=cross/wait=park/batch=16", "ns/item")},
		{"wire to consumer, one tick at 1 kHz, balanced", 1.15, "1.15 times the bare loop", latencyCommand, p50Ratio("single", "balanced")},
		{"the same, low-latency", 1.2, "1.2 times the spinning loop", latencyCommand, p50Ratio("single", "low-latency")},
		{"last tick of a burst of 3,000, balanced", 1.25, "1.25 times the bare loop", latencyCommand, p50Ratio("burst", "balanced")},
		{"processor time of a tick in a burst", 500, "500 ns", latencyCommand, perTick("burst", "balanced")},
		{"three sockets, 100 ticks to a frame, balanced", 1.15, "1.15 times the bare loop", latencyCommand, p50Ratio("three", "balanced")},
		{"processor time of such a frame", 1.2, "1.2 times the bare loop's", latencyCommand, cpuRatio("three", "balanced")},
		{"objects allocated for a frame of the design load", 0.5, "none: what is left is the harness", latencyCommand,
			ofRun("design", "balanced", "%.2f", func(r *harness.Run) float64 { return r.AllocsPerFrame() })},
		{"garbage collections under the design load", 0, "none", latencyCommand,
			ofRun("design", "balanced", "%.0f", func(r *harness.Run) float64 { return float64(r.GCs) })},
		{"one stream more, of eight", 1.5, "1.5 times a copy of the tick into as many rings", streamCommand, perStream(
			"Parse/overflow=drop-newest/streams=8", "Parse/overflow=drop-newest/streams=2", 6, "ParseCopy/rings=8")},
		{"a conflating stream, to the parser", 80, "80 ns a tick", streamCommand,
			difference("Parse/overflow=conflate/streams=1", "Parse/overflow=drop-newest/streams=0")},
		{"keeping last values, to the parser", 150, "150 ns a tick", streamCommand,
			difference("Parse/lastvalues=true/streams=0", "Parse/overflow=drop-newest/streams=0")},
		{"reading a last value", 80, "80 ns", latestCommand, value("ring_conflate", "Latest/op=load/via=latest/keys=9000", "ns/item")},
		{"measuring stages, to the parser", 1.05, "1.05 times without", streamCommand,
			ratio("streams", "Parse/stages=true/streams=1", "Parse/overflow=drop-newest/streams=1", "ns/tick")},
		{"three unread streams, to the p99 of one that is read", 1.1, "1.1 times without", streamCommand, plain("streams", "StalledStreams/packets=1", "stalled/alone-p99")},
		{"memory with 9,000 instruments", 64, "64 MiB", latencyCommand,
			ofRun("design", "balanced", "%.0f MiB", func(r *harness.Run) float64 { return float64(r.RSS) / (1 << 20) })},
	}
}

func (m *measured) budgets() (string, error) {
	var rows [][]string
	for _, b := range budgetList() {
		v, shown, err := b.measure(m)
		if err != nil {
			return "", err
		}
		kept := "yes"
		if v > b.most {
			kept = "**no**"
		}
		rows = append(rows, []string{b.what, b.limit, shown, kept, b.command})
	}
	return markdown([]string{"what", "at most", "measured", "kept", "command"}, rows, "at most", "measured", "kept", "command"), nil
}

func value(room, benchmark, unit string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		v, err := m.median(room, benchmark, unit)
		return v, nanos(v), err
	}
}

// difference is what one thing costs more per tick than another.
func difference(with, without string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		a, errA := m.median("streams", with, "ns/tick")
		b, errB := m.median("streams", without, "ns/tick")
		return a - b, nanos(a - b), errors.Join(errA, errB)
	}
}

// perStream is what each of n streams more costs per tick, in copies of it.
func perStream(with, without string, n float64, floor string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		more, _, err := difference(with, without)(m)
		one, errFloor := m.median("streams", floor, "ns/tick")
		return more / n / one, fmt.Sprintf("%.2f (%s)", more/n/one, nanos(more/n)), errors.Join(err, errFloor)
	}
}

// plain is a metric that is a ratio already.
func plain(room, benchmark, unit string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		v, err := m.median(room, benchmark, unit)
		return v, fmt.Sprintf("%.2f", v), err
	}
}

func ratio(room, benchmark, floor, unit string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		v, err := m.median(room, benchmark, unit)
		if err != nil {
			return 0, "", err
		}
		f, err := m.median(room, floor, unit)
		return v / f, fmt.Sprintf("%.3f (%s)", v/f, nanos(v)), err
	}
}

func nanos(ns float64) string {
	if ns < 1000 {
		return fmt.Sprintf("%.1f ns", ns)
	}
	return fmt.Sprintf("%.2f µs", ns/1000)
}

// withFloor measures a plain cell of latency.json against its floor.
func withFloor(load, subject string, figure func(*harness.Run) float64) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		c, floor, err := m.cell("latency", load, harness.Plain, subject)
		if err != nil {
			return 0, "", err
		}
		if floor == nil {
			return 0, "", fmt.Errorf("%s under %s has no floor", subject, load)
		}
		v, f := figure(&c.Median), figure(&floor.Median)
		return v / f, fmt.Sprintf("%.2f (%s)", v/f, nanos(v)), nil
	}
}

func p50Ratio(load, subject string) func(*measured) (float64, string, error) {
	return withFloor(load, subject, func(r *harness.Run) float64 { return float64(r.Latency.P50) })
}

func cpuRatio(load, subject string) func(*measured) (float64, string, error) {
	return withFloor(load, subject, func(r *harness.Run) float64 { return r.CPUPerFrame() })
}

func perTick(load, subject string) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		c, _, err := m.cell("latency", load, harness.Plain, subject)
		if err != nil {
			return 0, "", err
		}
		v := c.Median.CPUPerFrame() / float64(c.Load.Packets)
		return v, nanos(v), nil
	}
}

func ofRun(load, subject, format string, figure func(*harness.Run) float64) func(*measured) (float64, string, error) {
	return func(m *measured) (float64, string, error) {
		c, _, err := m.cell("latency", load, harness.Plain, subject)
		if err != nil {
			return 0, "", err
		}
		v := figure(&c.Median)
		return v, fmt.Sprintf(format, v), nil
	}
}
