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

// A tail is the last 8 bytes of a Tick, Conn to RawChange, as one number: the
// first byte is the lowest. What a packet says there depends only on its length
// and on the segment of its token, so it is made once for each, and one store
// sets it.
type tail uint64

func tailOf(flags Flags, decimals uint8) tail { return tail(flags)<<16 | tail(decimals)<<24 }

// with returns x with a mode and the "price change" of an index. A tail in the
// table has neither.
func (x tail) with(m Mode, change uint32) tail { return x | tail(m)<<8 | tail(change)<<32 }

func (x tail) flags() Flags    { return Flags(x >> 16) }
func (x tail) decimals() uint8 { return uint8(x >> 24) }

// finish sets the fields of t that are not the packet's numbers: the tail, and
// zero for what the caller fills in. It is in Go on every machine, so that the
// race detector sees a slot being written.
func (t *Tick) finish(x tail) {
	t.ReceivedAt, t.Seq = 0, 0
	t.Conn, t.Mode, t.Flags, t.Decimals, t.RawChange = uint8(x), Mode(x>>8), x.flags(), x.decimals(), int32(x>>32)
}

// A rule holds the tails of one segment, by the shape of the packet.
type rule struct {
	quote tail // of a quote or full packet
	index tail // of an index packet
	ltp   tail // of an ltp or ltpc packet, whose shape says nothing
}

// rules holds the rule of every segment code, so that looking one up has
// nothing to check.
type rules [256]rule

// builtin holds the rules of the built-in table.
var builtin = newRules(segments[:])

func newRules(table []Segment) *rules {
	r := new(rules)
	for i := range r {
		r[i] = ruleOf(2, FlagUnknownSegment, FlagUnknownSegment|FlagIndex, FlagUnknownSegment)
	}
	r.set(table)
	return r
}

func ruleOf(decimals uint8, quote, index, ltp Flags) rule {
	return rule{tailOf(quote, decimals), tailOf(index, decimals), tailOf(ltp, decimals)}
}

// known reports whether a segment is in the table.
func (r *rules) known(code uint8) bool { return r[code].ltp.flags()&FlagUnknownSegment == 0 }

func (r *rules) set(table []Segment) {
	for _, s := range table {
		if s.Index {
			r[s.Code] = ruleOf(s.Decimals, FlagSegmentMismatch, FlagIndex, FlagIndex)
		} else {
			r[s.Code] = ruleOf(s.Decimals, 0, FlagSegmentMismatch|FlagIndex, 0)
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
