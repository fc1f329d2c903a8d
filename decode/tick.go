package decode

// Tick is one decoded packet.
//
// The first 184 bytes are the fields of a full packet in wire order, each 32
// bits wide, so decoding a full packet is one byte swap per word. Fields that
// a packet does not carry are zero; [Tick.Mode] says which packet it was.
//
// Prices are the signed integers of the wire, in units of 10^-Decimals rupees:
// see [Tick.Rupees] and [Tick.AppendPrice]. A Tick has no pointers, so the
// garbage collector never scans a ring of them.
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
	Close             int32  // previous session's close during the day
	LastTradeTime     uint32 // Unix seconds, 0 if absent
	OI                uint32 // open interest
	OIDayHigh         uint32
	OIDayLow          uint32
	ExchangeTime      uint32 // Unix seconds, 0 if absent
	Bids              [5]Level
	Asks              [5]Level

	ReceivedAt int64  // wall clock at the socket read that completed the message, Unix nanoseconds
	Seq        uint64 // number of this tick among those its stream was owed by this connection, from 1
	Conn       uint8  // connection the tick came from
	Mode       Mode   // mode of the packet, not of the subscription
	Flags      Flags
	Decimals   uint8 // prices are in units of 10^-Decimals rupees
	RawChange  int32 // index packets only: "price change" as sent; its unit is unreliable
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
	// FlagIndex marks a tick from an index packet (28 or 32 bytes).
	FlagIndex Flags = 1 << iota
	// FlagUnknownSegment marks a token whose segment is not in the table; its
	// prices are assumed to be in paise.
	FlagUnknownSegment
	// FlagSegmentMismatch marks an index packet for a tradable segment, or the
	// reverse.
	FlagSegmentMismatch
	// FlagLost marks the first tick after a loss in its stream: the gap in Seq
	// says how many ticks the stream did not get.
	FlagLost
)
