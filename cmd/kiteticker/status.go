package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/stats"
)

// status writes what is not a tick, in lines on standard error.
type status struct {
	out   *lineWriter
	lines stats.Counter // of the events

	failed bool // a connection has ended for good, and why was told; read after events

	untold uint64    // ticks lost since the last line about it
	told   time.Time // of that line
}

func (s *status) line(format string, args ...any) {
	fmt.Fprintf(s.out, "kiteticker stream: %s\n", fmt.Sprintf(format, args...))
}

// lost tells of ticks that were lost because the output is too slow, at most
// once a second. The summary has the total.
func (s *status) lost(n uint64) {
	s.untold += n
	if time.Since(s.told) < time.Second {
		return
	}
	s.line("%s lost: the output is slower than the market", count(s.untold, "tick"))
	s.untold, s.told = 0, time.Now()
}

// events writes a line for each event until the client has ended.
func (s *status) events(events *kiteticker.EventStream) error {
	for e := range events.All(context.Background()) {
		if change, ok := e.Data.(*kiteticker.StateChange); ok && change.To == kiteticker.StateStopped && change.Err != nil {
			s.failed = true
		}
		if text := describeEvent(e); text != "" {
			s.line("%s", text)
			s.lines.Add(1)
		}
	}
	return nil
}
