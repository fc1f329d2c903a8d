package decode

import (
	"errors"
	"fmt"
	"slices"
)

// Segment is what the decoder knows about one exchange segment. It comes with
// every token, as the low byte.
type Segment struct {
	Code     uint8  // token & 0xff
	Name     string // as the Kite clients call it
	Decimals uint8  // prices are integers in units of 10^-Decimals rupees; 0 to 9
	Index    bool   // holds indices, which cannot be traded
}

// segments is the built-in table. Two decimals are documented for everything
// but currencies. Zerodha staff gave the four of BCD, and the official clients
// took the four of NCO in September 2026. The MCXSX exchange is closed, its
// code remains.
var segments = [...]Segment{
	{Code: 1, Name: "NSE", Decimals: 2},
	{Code: 2, Name: "NFO", Decimals: 2},
	{Code: 3, Name: "CDS", Decimals: 7},
	{Code: 4, Name: "BSE", Decimals: 2},
	{Code: 5, Name: "BFO", Decimals: 2},
	{Code: 6, Name: "BCD", Decimals: 4},
	{Code: 7, Name: "MCX", Decimals: 2},
	{Code: 8, Name: "MCXSX", Decimals: 2},
	{Code: 9, Name: "INDICES", Decimals: 2, Index: true},
	{Code: 12, Name: "NCO", Decimals: 4},
}

// segmentNames holds the names of the built-in table by code.
var segmentNames = func() (names [256]string) {
	for _, s := range segments {
		names[s.Code] = s.Name
	}
	return names
}()

// Segments returns the built-in table in ascending order of code. It is a copy:
// to decode by a different one, hand the changes to [NewDecoder].
func Segments() []Segment { return slices.Clone(segments[:]) }

// A rule is what the decoder writes into a tick for the segment of its token:
// the decimals of its prices, and the flags, which depend on the shape of the
// packet too.
type rule struct {
	decimals uint8
	quote    Flags // of a quote or full packet
	index    Flags // of an index packet
	ltp      Flags // of an ltp or ltpc packet, whose shape says nothing
}

// rules holds the rule of every segment code, so that looking one up has
// nothing to check.
type rules [256]rule

// builtin holds the rules of the built-in table.
var builtin = newRules(segments[:])

func newRules(table []Segment) *rules {
	r := new(rules)
	for i := range r {
		r[i] = rule{2, FlagUnknownSegment, FlagUnknownSegment | FlagIndex, FlagUnknownSegment}
	}
	r.set(table)
	return r
}

// known reports whether a segment is in the table.
func (r *rules) known(code uint8) bool { return r[code].ltp&FlagUnknownSegment == 0 }

func (r *rules) set(table []Segment) {
	for _, s := range table {
		if s.Index {
			r[s.Code] = rule{s.Decimals, FlagSegmentMismatch, FlagIndex, FlagIndex}
		} else {
			r[s.Code] = rule{s.Decimals, 0, FlagSegmentMismatch | FlagIndex, 0}
		}
	}
}

// NewDecoder returns a Decoder that knows the built-in segments and the given
// ones, which replace or extend them: Zerodha adds segments without notice.
// It reports every override with more than 9 decimals and every code that is
// given twice.
func NewDecoder(overrides ...Segment) (*Decoder, error) {
	var errs []error
	var seen [256]bool
	for _, s := range overrides {
		if s.Decimals > maxDecimals {
			errs = append(errs, fmt.Errorf("decode: segment %d has %d decimals, want 0 to %d", s.Code, s.Decimals, maxDecimals))
		}
		if seen[s.Code] {
			errs = append(errs, fmt.Errorf("decode: segment %d is given twice", s.Code))
		}
		seen[s.Code] = true
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	d := &Decoder{rules: newRules(segments[:])}
	d.rules.set(overrides)
	return d, nil
}
