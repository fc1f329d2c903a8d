package decode

import "encoding/binary"

// Packet is a view of one packet: it reads single fields where they lie and
// decodes nothing else. For a caller who wants a few of them, to filter by
// token or to see a last price, that is less work than a [Tick]; for one who
// wants most, a Tick is. [Decoder.View] makes one.
//
// A Packet borrows the bytes it was made from, keeps no copy, and is valid as
// long as they do not change. It is a small value, to be passed as such.
//
// Methods and fields of a Tick that have the same name have the same meaning
// and, for the same bytes and decoder, the same value: what the packet does not
// carry is zero, and prices are integers in units of 10^-Decimals rupees. No
// bytes make a method panic. The zero Packet carries nothing.
type Packet struct {
	b     []byte
	rules *rules // set if there are bytes
}

// View returns a view of pkt, the bytes of one packet as [Splitter.Next] returns
// them, and false if no packet of this length is known: where
// [Decoder.Packet] returns [ErrPacketLength].
func (d *Decoder) View(pkt []byte) (Packet, bool) {
	if _, ok := PacketMode(len(pkt)); !ok {
		return Packet{}, false
	}
	return Packet{pkt, d.table()}, true
}

// absent is an offset beyond the end of every packet.
const absent = fullLen

// word returns the number at one of three offsets, by the layout of the packet,
// and zero where the packet is too short for it: ltp and ltpc packets have one
// layout, index packets another, quote and full packets the third, and in each
// the shorter packet is the beginning of the longer.
func (p Packet) word(ltp, index, quote uint) uint32 {
	at := ltp
	if len(p.b) >= quoteLen {
		at = quote
	} else if len(p.b) >= indexQuoteLen {
		at = index
	}
	if b := p.from(at); len(b) >= 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// from returns the bytes from an offset on, and none if it is beyond the end.
func (p Packet) from(at uint) []byte {
	if at > uint(len(p.b)) {
		return nil
	}
	return p.b[at:]
}

// Token and the methods after it return the numbers of the packet, each as the
// field of a [Tick] that has its name.
func (p Packet) Token() uint32             { return p.word(0, 0, 0) }
func (p Packet) LastPrice() int32          { return int32(p.word(4, 4, 4)) }
func (p Packet) LastQuantity() uint32      { return p.word(absent, absent, 8) }
func (p Packet) AveragePrice() int32       { return int32(p.word(absent, absent, 12)) }
func (p Packet) Volume() uint32            { return p.word(absent, absent, 16) }
func (p Packet) TotalBuyQuantity() uint32  { return p.word(absent, absent, 20) }
func (p Packet) TotalSellQuantity() uint32 { return p.word(absent, absent, 24) }
func (p Packet) Open() int32               { return int32(p.word(absent, 16, 28)) }
func (p Packet) High() int32               { return int32(p.word(absent, 8, 32)) }
func (p Packet) Low() int32                { return int32(p.word(absent, 12, 36)) }
func (p Packet) Close() int32              { return int32(p.word(8, 20, 40)) }
func (p Packet) LastTradeTime() uint32     { return p.word(absent, absent, 44) }
func (p Packet) OI() uint32                { return p.word(absent, absent, 48) }
func (p Packet) OIDayHigh() uint32         { return p.word(absent, absent, 52) }
func (p Packet) OIDayLow() uint32          { return p.word(absent, absent, 56) }
func (p Packet) ExchangeTime() uint32      { return p.word(absent, 28, 60) }
func (p Packet) RawChange() int32          { return int32(p.word(absent, 24, absent)) }

// Bid returns level i of the bids, 0 to 4, best first. Beyond these it is zero,
// like a level that is empty or that the packet does not carry.
func (p Packet) Bid(i int) Level { return p.level(64, i) }

// Ask returns level i of the asks, as [Packet.Bid] does of the bids.
func (p Packet) Ask(i int) Level { return p.level(124, i) }

func (p Packet) level(first uint, i int) (l Level) {
	if i < 0 || i > 4 || len(p.b) != fullLen {
		return l
	}
	if b := p.from(first + 12*uint(i)); len(b) >= 10 {
		level(&l, (*[10]byte)(b))
	}
	return l
}

// Mode returns the mode of the packet, and zero for the zero Packet.
func (p Packet) Mode() Mode {
	m, _ := PacketMode(len(p.b))
	return m
}

// tail returns what the table says of the packet.
func (p Packet) tail() tail {
	if len(p.b) <= segmentAt || p.rules == nil {
		return 0
	}
	r := &p.rules[p.b[segmentAt]]
	switch {
	case len(p.b) >= quoteLen:
		return r.quote
	case len(p.b) >= indexQuoteLen:
		return r.index
	}
	return r.ltp
}

// Flags returns the flags that [Decoder.Packet] sets.
func (p Packet) Flags() Flags { return p.tail().flags() }

// Decimals returns how many decimals the prices have, by the table of the
// decoder. The methods of Tick make text of them:
//
//	t := decode.Tick{Decimals: p.Decimals()}
//	line = t.AppendPrice(line, p.LastPrice())
func (p Packet) Decimals() uint8 { return p.tail().decimals() }

// IsIndex reports whether the packet is of an index: see [FlagIndex].
func (p Packet) IsIndex() bool { return p.Flags()&FlagIndex != 0 }

// HasDepth reports whether the packet carries bids and asks: see
// [Tick.HasDepth].
func (p Packet) HasDepth() bool { return len(p.b) == fullLen }

// Bytes returns the packet itself, which [Decoder.Packet] takes. They are the
// bytes that View was given, not a copy.
func (p Packet) Bytes() []byte { return p.b }
