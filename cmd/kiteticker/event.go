package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

// describeEvent returns an event in one line, or nothing for what only
// programs want to know.
func describeEvent(e kiteticker.Event) string {
	if h, ok := e.Data.(*kiteticker.Health); ok { // of all connections
		return describeHealth(h)
	}
	if text := describeData(e.Data); text != "" {
		return fmt.Sprintf("connection %d: %s", e.Conn, text)
	}
	return ""
}

func describeHealth(h *kiteticker.Health) string {
	switch {
	case !h.Changed:
		return ""
	case h.Err == nil:
		return "healthy"
	}
	return "unhealthy: " + strings.ReplaceAll(h.Err.Error(), "\n", "; ") // joined errors have one line each
}

func describeData(data any) string {
	switch d := data.(type) {
	case *kiteticker.StateChange:
		return describeChange(d)
	case *kiteticker.Outage:
		return describeOutage(d)
	case *kiteticker.Unseen:
		return fmt.Sprintf("no tick in %v of %s", d.After, instruments(d.Tokens))
	case *kiteticker.Moved:
		return fmt.Sprintf("took over from connection %d: %s", d.From, instruments(d.Tokens))
	case *kiteticker.Reconcile:
		return fmt.Sprintf("order updates from %s to %s were missed, if there were any", clock(d.From), clock(d.To))
	case *kiteticker.DamagedMessage:
		return fmt.Sprintf("%s: %v", count(uint64(d.Count), "damaged message"), d.Err)
	case *kiteticker.InstrumentsMeta, *kiteticker.AppCode:
		return ""
	case decode.Text:
		return describe(d)
	}
	return fmt.Sprintf("%T", data)
}

func describeChange(c *kiteticker.StateChange) string {
	if c.To == kiteticker.StateStopped && c.Err == nil {
		return "" // as was wanted
	}
	text := c.To.String()
	if c.To == kiteticker.StateBackingOff {
		text += " for " + c.Delay.Round(time.Millisecond).String()
	}
	if c.Err != nil {
		text += ": " + reason(c.Conn, c.Err)
	}
	return text
}

func describeOutage(o *kiteticker.Outage) string {
	text := fmt.Sprintf("no data since %s, nor will there be any", clock(o.From))
	if !o.To.IsZero() {
		text = fmt.Sprintf("no data from %s to %s, %v", clock(o.From), clock(o.To), o.To.Sub(o.From).Round(time.Millisecond))
	}
	text += ", of " + instruments(o.Tokens)
	if o.Reason != nil {
		text += ": " + reason(o.Conn, o.Reason)
	}
	return text
}

// reason returns err without what its line begins with, the connection, and
// without repeating the word for what failed.
func reason(conn int, err error) string {
	text := strings.ReplaceAll(err.Error(), fmt.Sprintf("conn %d: ", conn), "")
	text = strings.ReplaceAll(text, "dial: dial ", "dial ")
	return strings.TrimPrefix(text, "conn: ")
}

// listed is how many tokens a line names.
const listed = 5

func instruments(tokens []uint32) string {
	if len(tokens) == 0 {
		return "no instruments"
	}
	var names []string
	for _, token := range tokens[:min(listed, len(tokens))] {
		names = append(names, fmt.Sprint(token))
	}
	if len(tokens) > listed {
		names = append(names, "...")
	}
	return fmt.Sprintf("%s (%s)", count(uint64(len(tokens)), "instrument"), strings.Join(names, ", "))
}

// clock returns a time of day in exchange time.
func clock(t time.Time) string { return t.In(kiteticker.IST).Format("15:04:05.000") }
