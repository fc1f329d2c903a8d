package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

// result is what a demo found. Its counts are of the time from begin, when the
// first snapshot was complete and the market opened.
type result struct {
	early       bool // ended before its time
	begin, end  *sample
	closed      time.Time // when the market closed; what was under way then still counts
	memory      memory
	differences []difference // of all that was sent, the first snapshot included
}

// summary is the object that -json prints.
type summary struct {
	Connections   int      `json:"connections"`
	Instruments   int      `json:"instruments"`
	Duration      float64  `json:"duration_s"`
	Sent          uint64   `json:"ticks_sent"`
	Received      uint64   `json:"ticks_received"`
	Lost          uint64   `json:"ticks_lost"`
	Frames        uint64   `json:"frames"` // binary messages, heartbeats included
	Bytes         uint64   `json:"bytes"`
	Latency       *latency `json:"latency_us"`      // null if no tick could be timed
	AllocsPerTick *float64 `json:"allocs_per_tick"` // null if there was no tick
	GCCycles      uint32   `json:"gc_cycles"`
	Reconnects    uint64   `json:"reconnects"`
}

// latency is in microseconds.
type latency struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

func (d *demo) summarize(res *result) (s summary, dist stats.Distribution) {
	s = summary{
		Connections: d.conns,
		Instruments: d.instruments,
		Duration:    res.closed.Sub(res.begin.at).Seconds(),
		Sent:        res.end.sent.Ticks - res.begin.sent.Ticks,
		GCCycles:    res.memory.cycles,
	}
	for i := range d.conns {
		begin, end := &res.begin.conns[i], &res.end.conns[i]
		s.Received += end.checked - begin.checked
		s.Frames += end.Messages - begin.Messages
		s.Bytes += end.Bytes - begin.Bytes
		if end.Sessions > 0 {
			s.Reconnects += end.Sessions - 1
		}
		dist = dist.Merge(end.consumed.Sub(begin.consumed))
	}
	if s.Sent > s.Received {
		s.Lost = s.Sent - s.Received
	}
	if s.Received > 0 {
		perTick := float64(res.memory.mallocs) / float64(s.Received)
		s.AllocsPerTick = &perTick
	}
	if dist.Count > 0 {
		us := func(q float64) float64 { return float64(dist.Quantile(q)) / 1e3 }
		s.Latency = &latency{us(0.5), us(0.99), us(0.999), us(1)}
	}
	return s, dist
}

// report prints what was found and says by its error whether it is right.
func (d *demo) report(sh *shell, res *result) error {
	s, dist := d.summarize(res)
	var text []byte
	if d.json {
		text, _ = json.Marshal(s) // numbers always have a JSON form
		text = append(text, '\n')
	} else {
		text = d.describe(res, s, dist)
	}
	if err := sh.print(text); err != nil {
		return err
	}
	faults := d.faults(res, s)
	for _, fault := range faults {
		fmt.Fprintf(sh.stderr, "kiteticker demo: %s\n", fault)
	}
	if len(faults) > 0 {
		return errReported
	}
	return nil
}

// describe is the summary for people.
func (d *demo) describe(res *result, s summary, dist stats.Distribution) (text []byte) {
	line := func(label, format string, args ...any) {
		text = fmt.Appendf(text, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	text = append(text, '\n')
	line("ticks", "%s sent, %s received, %s lost; before, a snapshot of %s",
		group(s.Sent), group(s.Received), group(s.Lost), group(res.begin.sent.Ticks))
	if s.Duration > 0 {
		line("rate", "%s ticks/s, %s frames/s, %.2f MB/s for %.1f s", group(uint64(float64(s.Received)/s.Duration)),
			group(uint64(float64(s.Frames)/s.Duration)), float64(s.Bytes)/s.Duration/1e6, s.Duration)
	}
	if dist.Count > 0 {
		line("latency", "p50 %s, p99 %s, p99.9 %s, max %s, from the exchange's write to the consumer",
			nanos(dist.Quantile(0.5)), nanos(dist.Quantile(0.99)), nanos(dist.Quantile(0.999)), nanos(dist.Max))
	}
	if s.AllocsPerTick != nil {
		line("memory", "%.4f allocations per tick, %s, %.0f MB held; exchange, checks and screen included",
			*s.AllocsPerTick, count(uint64(s.GCCycles), "GC cycle"), float64(res.memory.bytes)/1e6)
	}
	if s.Reconnects > 0 {
		line("reconnects", "%d", s.Reconnects)
	}
	if len(res.differences) == 0 {
		line("checked", "%s: every tick sent was received, in order, with the same bytes", count(uint64(d.instruments), "instrument"))
	}
	if res.early {
		line("ended", "early, after %.1f s of %v", s.Duration, d.duration)
	}
	return text
}

// shown is how many differences are listed.
const shown = 5

// faults returns what is wrong, nothing if all is right.
func (d *demo) faults(res *result, s summary) (list []string) {
	if s.Lost > 0 {
		list = append(list, fmt.Sprintf("lost %s of %s, %s because the consumers were too slow",
			group(s.Lost), count(s.Sent, "tick"), group(d.lost())))
	}
	for i, c := range d.consumers {
		if c.jumps > 0 && c.stream.Lost() == 0 {
			list = append(list, fmt.Sprintf("connection %d: %s in the sequence of ticks without a loss", i, count(c.jumps, "break")))
		}
	}
	for _, diff := range res.differences[:min(shown, len(res.differences))] {
		list = append(list, diff.String())
	}
	if more := len(res.differences) - shown; more > 0 {
		list = append(list, "and "+count(uint64(more), "more instrument"))
	}
	return list
}
