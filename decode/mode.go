package decode

import "fmt"

// Mode is how much of an instrument's data a packet carries, and what a
// subscription asks for.
type Mode uint8

// The zero Mode is none of these.
const (
	ModeLTP   Mode = iota + 1 // last price: 8-byte packets
	ModeLTPC                  // last price and close: 12-byte packets; decoded if seen, cannot be subscribed
	ModeQuote                 // without depth: 44-byte packets, 28 for an index
	ModeFull                  // with depth and times: 184-byte packets, 32 for an index
)

var modeNames = [...]string{ModeLTP: "ltp", ModeLTPC: "ltpc", ModeQuote: "quote", ModeFull: "full"}

// Subscribable reports whether m is one of the three modes the server accepts
// in a mode message: ltp, quote and full.
func (m Mode) Subscribable() bool { return m == ModeLTP || m == ModeQuote || m == ModeFull }

// String returns the wire name of m.
func (m Mode) String() string {
	if m >= ModeLTP && int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// ParseMode returns the subscribable mode named s: "ltp", "quote" or "full".
func ParseMode(s string) (Mode, error) {
	for m := ModeLTP; m <= ModeFull; m++ {
		if m.Subscribable() && modeNames[m] == s {
			return m, nil
		}
	}
	return 0, fmt.Errorf("decode: mode is %q, want ltp, quote or full", s)
}

// MarshalText returns the wire name of m.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText sets m to the mode named by text, as [ParseMode] does. It also
// knows "ltpc", because a stored tick may have it.
func (m *Mode) UnmarshalText(text []byte) (err error) {
	if string(text) == modeNames[ModeLTPC] {
		*m = ModeLTPC
		return nil
	}
	*m, err = ParseMode(string(text))
	return err
}
