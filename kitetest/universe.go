package kitetest

import (
	"sync"

	"github.com/kiteticker/kiteticker/decode"
)

// segment is what the market needs to know about one segment. Prices are in
// units of 10^-decimals rupees.
type segment struct {
	code      uint8
	decimals  uint8
	tick      int32  // smallest price step
	low, high int32  // where prices start
	first     uint32 // exchange token of the segment's first instrument
	oi        bool   // has open interest
}

// segments lists the segments of a live feed with their divisors (Kite
// documentation; BCD and NCO as Zerodha's staff and clients have it). A CDS
// price takes seven decimals, so an int32 ends at 214.7483647 rupees.
var segments = [...]segment{
	{code: 1, decimals: 2, tick: 5, low: 100_00, high: 5_000_00, first: 1594},                      // NSE; 408065 is INFY
	{code: 2, decimals: 2, tick: 5, low: 50_00, high: 25_000_00, first: 35_001, oi: true},          // NFO
	{code: 3, decimals: 7, tick: 25_000, low: 83_0000000, high: 84_0000000, first: 1201, oi: true}, // CDS
	{code: 4, decimals: 2, tick: 5, low: 100_00, high: 5_000_00, first: 500_325},                   // BSE; 128083204 is RELIANCE
	{code: 5, decimals: 2, tick: 5, low: 50_00, high: 80_000_00, first: 820_001, oi: true},         // BFO
	{code: 6, decimals: 4, tick: 25, low: 83_0000, high: 84_0000, first: 1001, oi: true},           // BCD
	{code: 7, decimals: 2, tick: 1_00, low: 200_00, high: 75_000_00, first: 430_001, oi: true},     // MCX
	{code: indexSegment, decimals: 2, tick: 5, low: 10_000_00, high: 80_000_00, first: 1001},       // indices; 256265 is NIFTY 50
	{code: 12, decimals: 4, tick: 500, low: 200_0000, high: 8_500_0000, first: 121_611, oi: true},  // NCO
}

const indexSegment = 9

// unknownSegment simulates tokens of a segment that the table lacks as clients
// are to read them: in paise.
var unknownSegment = segment{decimals: 2, tick: 5, low: 100_00, high: 5_000_00}

// segmentOf returns the segment of token and whether the table has it.
func segmentOf(token uint32) (segment, bool) {
	for _, s := range segments {
		if s.code == uint8(token) {
			return s, true
		}
	}
	return unknownSegment, false
}

// Universe returns n distinct instrument tokens, always the same. They take
// turns through all segments of a live feed (NSE, NFO, CDS, BSE, BFO, BCD,
// MCX, indices, NCO), so any nine in a row have one of each. The first is
// 408065.
func Universe(n int) []uint32 {
	tokens := make([]uint32, n)
	for i := range tokens {
		s := &segments[i%len(segments)]
		tokens[i] = (s.first+uint32(i/len(segments)))<<8 | uint32(s.code)
	}
	return tokens
}

// universe is what servers list by default; shared, so not to be changed.
var universe = sync.OnceValue(func() []uint32 { return Universe(9000) })

// flagsOf returns the flags that a decoder sets on the ticks of token.
func flagsOf(token uint32) decode.Flags {
	if uint8(token) == indexSegment {
		return decode.FlagIndex
	}
	if _, ok := segmentOf(token); !ok {
		return decode.FlagUnknownSegment
	}
	return 0
}
