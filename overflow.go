package kiteticker

import "fmt"

// Overflow says what happens to a stream whose reader is slower than its ticks
// come. Whatever it is, no other stream notices, with one exception: Block.
type Overflow uint8

const (
	// DropNewest lets the newest ticks go when the stream's ring is full, counts
	// them and tells the reader how many just before the next one.
	DropNewest Overflow = iota
	// Block makes the connections wait for the reader, so that nothing is lost.
	// While it waits a connection delivers nothing to anyone, order updates
	// included; what the server sends piles up in the frame ring, then in the
	// kernel, then at the server, which may close the connection. It is for
	// recorders with deep rings. When the stream is closed the wait ends, and
	// when Run is cancelled after Config.DrainTimeout: then the rest is lost,
	// and counted. An instrument that is subscribed anew meanwhile may lose what
	// waits of it in the frame ring (ConnStats.Superseded). The Inline profile and LowLatency have nowhere to wait and
	// refuse it.
	Block
	// Conflate keeps the latest tick of each instrument and nothing else. The
	// reader gets each instrument at most once per pass, its newest tick at that
	// moment, and is told how many it replaced. Memory is one tick for each of the
	// client's instruments, whatever the Filter.
	// Ticks come in the order in which instruments began to wait, not in that of
	// the wire: only each instrument's own keep it. A reader that takes its time
	// over each tick should use All, or Poll few: what a batch lends
	// (StreamConfig.Capacity) grows old in its hands.
	Conflate
)

var overflowNames = [...]string{"drop-newest", "block", "conflate"}

func (o Overflow) String() string {
	if int(o) < len(overflowNames) {
		return overflowNames[o]
	}
	return fmt.Sprintf("Overflow(%d)", uint8(o))
}

// MarshalText returns the policy's name.
func (o Overflow) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText sets o from "drop-newest", "block" or "conflate".
func (o *Overflow) UnmarshalText(text []byte) error {
	for i, name := range overflowNames {
		if name == string(text) {
			*o = Overflow(i)
			return nil
		}
	}
	return fmt.Errorf("kiteticker: overflow is %q, want drop-newest, block or conflate", text)
}
