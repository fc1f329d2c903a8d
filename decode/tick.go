package decode

import (
	"strconv"
	"strings"
	"time"
)

// Tick is one decoded packet.
//
// The first 184 bytes are the fields of a full packet in wire order, each 32
// bits wide, so decoding a full packet is one byte swap per word. Fields that
// a packet does not carry are zero; [Tick.Mode] says which packet it was.
//
// Prices are the signed integers of the wire, in units of 10^-Decimals rupees:
// see [Tick.Price], [Tick.Rupees] and [Tick.FromRupees]. Quantities are in shares, lots or
// contracts, as the exchange counts them. A Tick has no pointers, so the
// garbage collector never scans a ring of them, and == compares two of them.
//
// The fields and their meaning are those of the Kite Connect documentation;
// where it is silent or wrong, a comment says what was observed.
type Tick struct {
	Token             uint32 // instrument_token; the low byte is the segment
	LastPrice         int32
	LastQuantity      uint32 // quantity of the last trade
	AveragePrice      int32  // volume-weighted average of the day
	Volume            uint32 // traded today, cumulative
	TotalBuyQuantity  uint32 // total pending buy quantity
	TotalSellQuantity uint32 // total pending sell quantity
	Open              int32
	High              int32
	Low               int32
	Close             int32  // previous session's close during the day; may become today's after it
	LastTradeTime     uint32 // Unix seconds, 0 if absent; see [Tick.TradedAt]
	OI                uint32 // open interest
	OIDayHigh         uint32
	OIDayLow          uint32
	ExchangeTime      uint32   // Unix seconds, 0 if absent; see [Tick.ExchangeAt]
	Bids              [5]Level // best first; an empty level is all zero
	Asks              [5]Level

	ReceivedAt int64  // wall clock at the socket read that completed the message, Unix nanoseconds
	Seq        uint64 // number of this tick among those its stream was owed by this connection, from 1
	Conn       uint8  // connection the tick came from
	Mode       Mode   // mode of the packet, not of the subscription
	Flags      Flags
	Decimals   uint8 // prices are in units of 10^-Decimals rupees; 0 to 9
	RawChange  int32 // index packets only: "price change" as sent; its unit is unreliable, use [Tick.Change]
}

// Level is one level of market depth.
type Level struct {
	Quantity uint32
	Price    int32
	Orders   uint32 // 16 bits on the wire
}

// Flags tell what is unusual about a tick.
type Flags uint8

const (
	// FlagIndex marks a tick of an index: an index packet (28 or 32 bytes), or
	// an ltp or ltpc packet, which look alike for everything, whose segment
	// holds indices.
	FlagIndex Flags = 1 << iota
	// FlagUnknownSegment marks a token whose segment is not in the table; its
	// prices are assumed to be in paise.
	FlagUnknownSegment
	// FlagSegmentMismatch marks an index packet for a tradable segment, or a
	// quote or full packet for a segment of indices. The packet was decoded by
	// its length.
	FlagSegmentMismatch
	// FlagLost marks the first tick after a loss in its stream: the gap in Seq
	// says how many ticks the stream did not get.
	FlagLost
	// FlagGap marks the first tick of its instrument after its connection was
	// down or it was moved to another one. What the exchange sent in between is
	// gone for good; Volume and OI, which are cumulative, may have jumped. A
	// stream that loses that very tick to overflow sees FlagLost instead.
	FlagGap
	// FlagSnapshot marks a tick that was received before its stream was
	// attached: the last known one of its instrument, to start with.
	FlagSnapshot
)

var flagNames = [...]string{"index", "unknown-segment", "segment-mismatch", "lost", "gap", "snapshot"}

// String returns the names of the set flags joined by "|", and "" for none.
func (f Flags) String() string {
	var set []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	if rest := f >> len(flagNames) << len(flagNames); rest != 0 {
		set = append(set, "0x"+strconv.FormatUint(uint64(rest), 16))
	}
	return strings.Join(set, "|")
}

// Segment returns the code of the token's segment: its low byte. See
// [Tick.SegmentName] and [Segments].
func (t *Tick) Segment() uint8 { return uint8(t.Token) }

// SegmentName returns the name of the token's segment in the built-in table,
// such as NSE, and "" for a segment that is not in it: a Tick does not know
// what else its decoder was told.
func (t *Tick) SegmentName() string { return segmentNames[t.Segment()] }

// ExchangeToken returns the exchange's own number of the instrument: the token
// without its segment.
func (t *Tick) ExchangeToken() uint32 { return t.Token >> 8 }

// IsIndex reports whether the tick is of an index: see [FlagIndex].
func (t *Tick) IsIndex() bool { return t.Flags&FlagIndex != 0 }

// Tradable reports whether the instrument's segment can be traded, which every
// segment but those of indices can. Where packet and segment disagree
// ([FlagSegmentMismatch]) the segment decides; of an unknown segment the
// packet is all there is to go by.
func (t *Tick) Tradable() bool {
	index := t.Flags&FlagIndex != 0
	mismatch := t.Flags&FlagSegmentMismatch != 0
	return index == mismatch
}

// HasDepth reports whether the packet carried Bids and Asks (which may all the
// same be empty), LastTradeTime and open interest: a full packet of anything
// but an index.
func (t *Tick) HasDepth() bool { return t.Mode == ModeFull && t.Flags&FlagIndex == 0 }

// IST is Indian Standard Time, the time zone of the exchanges: UTC+05:30, with
// no daylight saving time. It needs no time zone database.
var IST = time.FixedZone("IST", 5*60*60+30*60)

// TradedAt returns LastTradeTime in UTC, whole seconds, or the zero Time if the
// packet carried none. For exchange time use TradedAt().In(IST).
func (t *Tick) TradedAt() time.Time { return fromWire(t.LastTradeTime) }

// ExchangeAt returns ExchangeTime in UTC, whole seconds, or the zero Time if
// the packet carried none. For exchange time use ExchangeAt().In(IST).
func (t *Tick) ExchangeAt() time.Time { return fromWire(t.ExchangeTime) }

// ReceivedTime returns ReceivedAt in UTC, or the zero Time if it is not set.
func (t *Tick) ReceivedTime() time.Time {
	if t.ReceivedAt == 0 {
		return time.Time{}
	}
	return time.Unix(0, t.ReceivedAt).UTC()
}

// fromWire converts the Unix seconds of a packet, where 0 says absent.
func fromWire(seconds uint32) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// String returns the tick in one line for logs, such as
//
//	408065 NSE full 1528.35 conn 2 seq 17 lost|gap
//
// Its form may change. It has a value receiver, unlike all else here, so that
// a copy kept in a map prints like a slot of a ring does.
func (t Tick) String() string {
	b := strconv.AppendUint(make([]byte, 0, 80), uint64(t.Token), 10)
	if name := t.SegmentName(); name != "" {
		b = append(append(b, ' '), name...)
	}
	b = append(append(b, ' '), t.Mode.String()...)
	b = t.AppendPrice(append(b, ' '), t.LastPrice)
	b = strconv.AppendUint(append(b, " conn "...), uint64(t.Conn), 10)
	b = strconv.AppendUint(append(b, " seq "...), t.Seq, 10)
	if t.Flags != 0 {
		b = append(append(b, ' '), t.Flags.String()...)
	}
	return string(b)
}
