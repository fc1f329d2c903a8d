package kiteticker

import (
	"fmt"
	"strings"
	"time"
)

// String returns what happened, where and when, for people: see [Stats.String].
func (e Event) String() string {
	where := ""
	if e.Conn >= 0 {
		where = fmt.Sprintf("connection %d: ", e.Conn)
	}
	text := fmt.Sprint(e.Data)
	if change, ok := e.Data.(*StateChange); ok && change != nil {
		text = changeText(change)
	}
	return clock(e.At) + " " + where + text
}

func changeText(c *StateChange) string {
	text := fmt.Sprintf("%v, was %v", c.To, c.From)
	if c.Attempt > 0 {
		text += fmt.Sprintf(", attempt %d", c.Attempt)
	}
	if c.Delay > 0 {
		text += fmt.Sprintf(", for %v", c.Delay.Round(time.Millisecond))
	}
	if c.Err != nil {
		text += ": " + c.Err.Error()
	}
	return text
}

// String returns the interval and the reason in one line.
func (o Outage) String() string {
	text := "no data " + interval(o.From, o.To) + " of " + instrumentsText(o.Tokens)
	if o.Reason != nil {
		text += ": " + o.Reason.Error()
	}
	return text
}

// String returns the interval in one line.
func (r Reconcile) String() string {
	return fmt.Sprintf("account %d: order updates %s were missed, if there were any", r.Account, interval(r.From, r.To))
}

// String returns which instruments have not ticked, in one line.
func (u Unseen) String() string {
	return fmt.Sprintf("no tick within %v of %s", u.After, instrumentsText(u.Tokens))
}

// String returns what moved where, in one line.
func (m Moved) String() string {
	return fmt.Sprintf("from connection %d to %d went %s", m.From, m.To, instrumentsText(m.Tokens))
}

// String returns the reason in one line.
func (r RefreshFailed) String() string {
	return fmt.Sprintf("account %d: Refresh gave no usable access token: %v", r.Account, r.Err)
}

// String returns what was wrong, and the beginning of the message in
// hexadecimal.
func (d DamagedMessage) String() string {
	text := fmt.Sprintf("%d damaged: %v", d.Count, d.Err)
	if d.Size > 0 {
		text += fmt.Sprintf("; %d bytes, beginning with %x", d.Size, d.Head)
	}
	return text
}

func interval(from, to time.Time) string {
	if to.IsZero() {
		return "since " + clock(from)
	}
	return fmt.Sprintf("from %s to %s", clock(from), clock(to))
}

// instrumentsText names five instruments and counts the rest.
func instrumentsText(tokens []uint32) string {
	const named = 5
	switch len(tokens) {
	case 0:
		return "no instruments"
	case 1:
		return fmt.Sprintf("instrument %d", tokens[0])
	}
	list := strings.Trim(fmt.Sprint(tokens[:min(named, len(tokens))]), "[]")
	if len(tokens) > named {
		list += " ..."
	}
	return fmt.Sprintf("%d instruments (%s)", len(tokens), list)
}
