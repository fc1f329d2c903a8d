package kiteticker

import (
	"fmt"
	"strings"
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

// The texts in this file are for people, of %v and %+v alike: counts that are
// zero are left out, times of day are those of [IST], latencies have a unit.
// Programs read the fields.

// String returns a line for each connection and stream.
func (s Stats) String() string { return strings.Join(s.lines(nil), "\n") }

// String returns the finding, and a line for each connection and stream.
func (h Health) String() string {
	text := "healthy"
	if h.Err != nil {
		text = "unhealthy: " + strings.ReplaceAll(h.Err.Error(), "\n", "; ") // joined errors have a line each
	}
	return strings.Join(append([]string{text}, h.Stats.lines(h.Rates)...), "\n")
}

// lines are those of String, with the rates of the connections if there are any.
func (s Stats) lines(rates []Rate) (lines []string) {
	for i := range s.Conns {
		text := s.Conns[i].String()
		if i < len(rates) {
			text += "; now " + rates[i].String()
		}
		lines = append(lines, text)
	}
	for i := range s.Streams {
		lines = append(lines, s.Streams[i].String())
	}
	for _, e := range s.Events {
		lines = append(lines, e.String())
	}
	if s.RepeatedOrders > 0 {
		lines = append(lines, fmt.Sprintf("repeated orders: %d", s.RepeatedOrders))
	}
	return lines
}

// String returns the state and the counts in one line.
func (c ConnStats) String() string {
	text := fmt.Sprintf("connection %d is %v", c.Conn, c.State)
	if !c.LiveSince.IsZero() {
		text += " since " + clock(c.LiveSince)
	}
	text += fmt.Sprintf(": %d instruments, %d told, %d seen", c.Instruments, c.Sent, c.Seen)
	if n := counts("dials", c.Dials, "sessions", c.Sessions, "ticks", c.Ticks, "messages", c.Messages, "bytes", c.Bytes,
		"ring_bytes", uint64(c.RingLen), "ring_waits", c.RingWaits, "rejected", c.Rejected, "damaged", c.Damaged,
		"unknown_packets", c.UnknownPackets, "unknown_segments", c.UnknownSegments, "trailing", c.Trailing,
		"superseded", c.Superseded); n != "" {
		text += "; " + n
	}
	if n := c.Errors.String(); n != "" {
		text += "; errors " + n
	}
	if c.Latency.Count > 0 {
		text += "; latency " + latencies(&c.Latency)
	}
	if stages := c.Stages.String(); stages != "" {
		text += "; " + stages
	}
	return text
}

// String returns the counts in one line.
func (n ErrorCounts) String() string {
	return counts("silent", n.Silent, "lost", n.Lost, "closed", n.Closed, "violations", n.Violations,
		"unreachable", n.Unreachable, "refused", n.Refused, "too_many", n.TooMany, "unavailable", n.Unavailable,
		"refresh", n.Refresh, "panics", n.Panics)
}

// String returns the latencies of the stages that were measured, in one line.
func (s Stages) String() string {
	var parts []string
	for _, stage := range []struct {
		name string
		took *stats.Distribution
	}{{"read", &s.Read}, {"queue", &s.Queue}, {"decode", &s.Decode}} {
		if stage.took.Count > 0 {
			parts = append(parts, stage.name+" "+latencies(stage.took))
		}
	}
	return strings.Join(parts, "; ")
}

// String returns the rates, and the latency of the interval, in one line.
func (r Rate) String() string {
	text := fmt.Sprintf("%.1f messages/s, %.1f ticks/s, %.0f bytes/s", r.Messages, r.Ticks, r.Bytes)
	if r.Latency.Count > 0 {
		text += ", latency " + latencies(&r.Latency)
	}
	return text
}

// String returns the counts, and which connections wait, in one line.
func (s StreamStats) String() string {
	what, unit := "stream", "ticks"
	if s.Frames {
		what, unit = "frame stream", "bytes"
	}
	text := fmt.Sprintf("%s %q (%v): %d %s wait", what, s.Name, s.Overflow, s.Len, unit)
	if s.Cap > 0 {
		text += fmt.Sprintf(" of %d", s.Cap)
	}
	if n := counts("lost", s.Lost, "replaced", s.Replaced, "waits", s.Waits); n != "" {
		text += "; " + n
	}
	for _, w := range s.Waiting {
		text += fmt.Sprintf("; connection %d waits since %s", w.Conn, clock(w.Since))
	}
	if s.Delivery.Count > 0 {
		text += "; delivery " + latencies(&s.Delivery)
	}
	return text
}

// String returns how many events wait.
func (s EventStreamStats) String() string {
	return fmt.Sprintf("event stream %q: %d wait", s.Name, s.Len)
}

// counts lists those of the pairs of a name and a number that are not zero.
func counts(pairs ...any) string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		if n := pairs[i+1].(uint64); n > 0 {
			list = append(list, fmt.Sprintf("%v=%d", pairs[i], n))
		}
	}
	return strings.Join(list, " ")
}

// latencies prints a distribution of nanoseconds.
func latencies(d *stats.Distribution) string {
	return fmt.Sprintf("n=%d p50=%v p99=%v max=%v", d.Count, brief(d.Quantile(0.5)), brief(d.Quantile(0.99)), brief(d.Max))
}

// brief leaves off digits that nobody reads.
func brief(ns int64) time.Duration {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return d.Round(time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	case d >= 10*time.Microsecond:
		return d.Round(100 * time.Nanosecond)
	}
	return d
}

// clock returns a time of day.
func clock(t time.Time) string { return t.In(IST).Format("15:04:05.000") }
