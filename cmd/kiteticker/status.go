package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

// status writes what is not a tick, in lines on standard error.
type status struct {
	out io.Writer // safe for several goroutines

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
	s.line("%s ticks lost: the output is slower than the market", group(s.untold))
	s.untold, s.told = 0, time.Now()
}

// events writes a line for each event until the client has ended.
func (s *status) events(events *kiteticker.EventStream) error {
	for e := range events.All(context.Background()) {
		if change, ok := e.Data.(*kiteticker.StateChange); ok && change.To == kiteticker.StateStopped && change.Err != nil {
			s.failed = true
		}
		if text := describeEvent(e.Data); text != "" {
			s.line("connection %d: %s", e.Conn, text)
		}
	}
	return nil
}

// describeEvent returns an event in one line, or nothing for what only
// programs want to know.
func describeEvent(data any) string {
	switch e := data.(type) {
	case *kiteticker.StateChange:
		if e.To == kiteticker.StateStopped && e.Err == nil {
			return "" // as was wanted
		}
		text := e.To.String()
		if e.To == kiteticker.StateBackingOff {
			text += " for " + e.Delay.Round(time.Millisecond).String()
		}
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		return text
	case *kiteticker.DamagedMessage:
		return fmt.Sprintf("%d damaged messages: %v", e.Count, e.Err)
	case *kiteticker.InstrumentsMeta, *kiteticker.AppCode:
		return ""
	case decode.Text:
		return describe(e)
	}
	return fmt.Sprintf("%T", data)
}
