package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
)

// journal keeps what the client told as events, so that a fault's trace can be
// looked for after the fault.
type journal struct {
	mu      sync.Mutex
	events  []kiteticker.Event
	written chan struct{} // closed, and replaced, by each write
}

func newJournal() *journal { return &journal{written: make(chan struct{})} }

// write adds e, except a report of good health: there is one every second, and
// it is large.
func (j *journal) write(e kiteticker.Event) {
	if h, ok := e.Data.(*kiteticker.Health); ok && h.Err == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
	close(j.written)
	j.written = make(chan struct{})
}

// mark returns the present end of the journal.
func (j *journal) mark() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.events)
}

// since returns what was written after a mark.
func (j *journal) since(mark int) []kiteticker.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events[mark:len(j.events):len(j.events)]
}

// live reports whether the last that was told of each of so many connections
// is that it is live. The journal is behind what Stats says.
func (j *journal) live(conns int) bool {
	states := map[int]kiteticker.State{}
	for _, e := range j.since(0) {
		if c, ok := e.Data.(*kiteticker.StateChange); ok {
			states[c.Conn] = c.To
		}
	}
	for _, s := range states {
		if s != kiteticker.StateLive {
			return false
		}
	}
	return len(states) == conns
}

// states lists the changes of state after mark, to explain a failure.
func (j *journal) states(mark int) string {
	var b strings.Builder
	for _, e := range j.since(mark) {
		if c, ok := e.Data.(*kiteticker.StateChange); ok {
			fmt.Fprintf(&b, "\n\t%s connection %d: %v to %v, delay %v, %v",
				c.At.Format("05.000"), c.Conn, c.From, c.To, c.Delay.Round(time.Millisecond), c.Err)
		}
	}
	return b.String()
}

// await returns the first event after mark that is a match, and waits for it
// for so long.
func (j *journal) await(mark int, within time.Duration, match func(kiteticker.Event) bool) (kiteticker.Event, bool) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		j.mu.Lock()
		events, written := j.events[mark:], j.written
		j.mu.Unlock()
		for _, e := range events {
			if match(e) {
				return e, true
			}
		}
		mark += len(events)
		select {
		case <-written:
		case <-timeout.C:
			return kiteticker.Event{}, false
		}
	}
}
