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
// see [Tick.Rupees] and [Tick.AppendPrice]. Quantities are in shares, lots or
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
	LastTradeTime     uint32 // Unix seconds, 0 if absent; see [Tick.LastTraded]
	OI                uint32 // open interest
	OIDayHigh         uint32
	OIDayLow          uint32
	ExchangeTime      uint32   // Unix seconds, 0 if absent; see [Tick.Exchange]
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
)

var flagNames = [...]string{"index", "unknown-segment", "segment-mismatch", "lost"}

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

// Segment returns the code of the token's segment: its low byte. [Segments]
// names the known ones.
func (t *Tick) Segment() uint8 { return uint8(t.Token) }

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

// maxDecimals is how many decimals a price may have: 10^9 is the last power of
// ten in an int32, and the finest known segment (CDS) has 7.
const maxDecimals = 9

var unitsPerRupee = [maxDecimals + 1]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// units returns how many price units make one rupee. A decoder never sets
// Decimals above 9; in a tick made by hand, more count as 9.
func (t *Tick) units() int64 { return unitsPerRupee[min(t.Decimals, maxDecimals)] }

// Rupees returns a price of this tick in rupees: the float64 nearest to its
// exact decimal value.
func (t *Tick) Rupees(price int32) float64 { return float64(price) / float64(t.units()) }

// AppendPrice appends a price of this tick to dst as exact decimal text with
// all its decimals, such as 73.7750 or -0.05, and returns the extended slice.
func (t *Tick) AppendPrice(dst []byte, price int32) []byte {
	n, units := int64(price), t.units() // int64: the smallest int32 has no int32 opposite
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/units, 10)
	if units == 1 {
		return dst
	}
	// 7 of 100 units is written 107: the leading zeros are kept and the 1
	// stands where the point goes.
	point := len(dst)
	dst = strconv.AppendInt(dst, units+n%units, 10)
	dst[point] = '.'
	return dst
}

// Change returns LastPrice - Close in price units, and 0 if Close is 0, which
// is how the wire says that there is none. The difference of two int32 prices
// needs up to 33 bits, hence the int64.
func (t *Tick) Change() int64 {
	if t.Close == 0 {
		return 0
	}
	return int64(t.LastPrice) - int64(t.Close)
}

// ChangePercent returns [Tick.Change] in percent of Close, and 0 if Close is
// 0. It has the sign of Change, also where Close is negative.
func (t *Tick) ChangePercent() float64 {
	if t.Close == 0 {
		return 0
	}
	base := int64(t.Close)
	return 100 * float64(t.Change()) / float64(max(base, -base))
}

// IST is Indian Standard Time, the time zone of the exchanges: UTC+05:30, with
// no daylight saving time. It needs no time zone database.
var IST = time.FixedZone("IST", 5*60*60+30*60)

// LastTraded returns LastTradeTime in UTC, whole seconds, or the zero Time if
// the packet carried none. For exchange time use LastTraded().In(IST).
func (t *Tick) LastTraded() time.Time { return fromWire(t.LastTradeTime) }

// Exchange returns ExchangeTime in UTC, whole seconds, or the zero Time if the
// packet carried none. For exchange time use Exchange().In(IST).
func (t *Tick) Exchange() time.Time { return fromWire(t.ExchangeTime) }

// Received returns ReceivedAt in UTC, or the zero Time if it is not set.
func (t *Tick) Received() time.Time {
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
