package decode

import (
	"encoding/binary"
	"math/bits"
)

// Packets have no type byte: the length tells what one is. 164, a full packet
// of the protocol's first two versions, is obsolete and unknown here.
const (
	ltpLen        = 8
	ltpcLen       = 12
	indexQuoteLen = 28
	indexFullLen  = 32
	quoteLen      = 44
	fullLen       = 184
)

// segmentAt is where every packet has its segment: the last byte of the token.
const segmentAt = 3

// PacketMode returns the mode of a packet of n bytes, and false if there is no
// such packet.
func PacketMode(n int) (Mode, bool) {
	switch n {
	case ltpLen:
		return ModeLTP, true
	case ltpcLen:
		return ModeLTPC, true
	case indexQuoteLen, quoteLen:
		return ModeQuote, true
	case indexFullLen, fullLen:
		return ModeFull, true
	}
	return 0, false
}

// Decoder decodes packets by a table of segments. The zero Decoder uses the
// built-in table; [NewDecoder] makes one that knows more. A Decoder does not
// change, so any number of goroutines may use it, and it may be copied.
type Decoder struct {
	rules *rules // nil: builtin
}

func (d *Decoder) table() *rules {
	if d.rules == nil {
		return builtin
	}
	return d.rules
}

// Knows reports whether the segment of token is in the decoder's table. If not,
// ticks of the instrument carry [FlagUnknownSegment], and the decimals of their
// prices are a guess.
func (d *Decoder) Knows(token uint32) bool { return d.table().known(uint8(token)) }

// Packet decodes pkt, the bytes of one packet as [Splitter.Next] returns them,
// into t.
//
// Every field of t is set, so t may be a slot in any state: what the packet
// does not carry, and ReceivedAt, Seq and Conn, which are the caller's, become
// zero. The only error is [ErrPacketLength]; it leaves t as it was. No bytes
// make Packet panic. It keeps nothing of pkt, which must not overlap t.
func (d *Decoder) Packet(t *Tick, pkt []byte) error {
	r := d.table()
	switch len(pkt) {
	case fullLen:
		p := (*[fullLen]byte)(pkt)
		t.finish(r[p[segmentAt]].quote.with(ModeFull, 0)) // first, so that nothing is kept across the call
		if !fullAVX2(t, p) {
			full(t, p)
		}
	case quoteLen:
		p := (*[quoteLen]byte)(pkt)
		quote(t, p)
		t.finish(r[p[segmentAt]].quote.with(ModeQuote, 0))
	case indexQuoteLen:
		p := (*[indexQuoteLen]byte)(pkt)
		index(t, p)
		t.finish(r[p[segmentAt]].index.with(ModeQuote, binary.BigEndian.Uint32(p[24:28])))
	case indexFullLen:
		p := (*[indexFullLen]byte)(pkt)
		index(t, (*[indexQuoteLen]byte)(p[:indexQuoteLen]))
		t.ExchangeTime = binary.BigEndian.Uint32(p[28:32])
		t.finish(r[p[segmentAt]].index.with(ModeFull, binary.BigEndian.Uint32(p[24:28])))
	case ltpLen:
		p := (*[ltpLen]byte)(pkt)
		ltp(t, p)
		t.finish(r[p[segmentAt]].ltp.with(ModeLTP, 0))
	case ltpcLen:
		p := (*[ltpcLen]byte)(pkt)
		ltp(t, (*[ltpLen]byte)(p[:ltpLen]))
		t.Close = int32(binary.BigEndian.Uint32(p[8:12]))
		t.finish(r[p[segmentAt]].ltp.with(ModeLTPC, 0))
	default:
		return ErrPacketLength
	}
	return nil
}

// The functions below read every number at a constant offset of an array, so
// that no bounds are left to check, and store it in a field of the struct. A
// slot may hold anything, so full, quote, index and ltp leave no field as it
// was but those of finish, which is for their caller to call.

func full(t *Tick, p *[fullLen]byte) {
	head(t, (*[40]byte)(p[0:40]))
	w := swapped((*[8]byte)(p[40:48]))
	t.Close, t.LastTradeTime = int32(w), uint32(w>>32)
	w = swapped((*[8]byte)(p[48:56]))
	t.OI, t.OIDayHigh = uint32(w), uint32(w>>32)
	w = swapped((*[8]byte)(p[56:64]))
	t.OIDayLow, t.ExchangeTime = uint32(w), uint32(w>>32)
	level(&t.Bids[0], (*[10]byte)(p[64:74]))
	level(&t.Bids[1], (*[10]byte)(p[76:86]))
	level(&t.Bids[2], (*[10]byte)(p[88:98]))
	level(&t.Bids[3], (*[10]byte)(p[100:110]))
	level(&t.Bids[4], (*[10]byte)(p[112:122]))
	level(&t.Asks[0], (*[10]byte)(p[124:134]))
	level(&t.Asks[1], (*[10]byte)(p[136:146]))
	level(&t.Asks[2], (*[10]byte)(p[148:158]))
	level(&t.Asks[3], (*[10]byte)(p[160:170]))
	level(&t.Asks[4], (*[10]byte)(p[172:182]))
}

func quote(t *Tick, p *[quoteLen]byte) {
	*t = Tick{}
	head(t, (*[40]byte)(p[0:40]))
	t.Close = int32(binary.BigEndian.Uint32(p[40:44]))
}

// head decodes what a quote and a full packet begin with.
func head(t *Tick, p *[40]byte) {
	w := swapped((*[8]byte)(p[0:8]))
	t.Token, t.LastPrice = uint32(w), int32(w>>32)
	w = swapped((*[8]byte)(p[8:16]))
	t.LastQuantity, t.AveragePrice = uint32(w), int32(w>>32)
	w = swapped((*[8]byte)(p[16:24]))
	t.Volume, t.TotalBuyQuantity = uint32(w), uint32(w>>32)
	w = swapped((*[8]byte)(p[24:32]))
	t.TotalSellQuantity, t.Open = uint32(w), int32(w>>32)
	w = swapped((*[8]byte)(p[32:40]))
	t.High, t.Low = int32(w), int32(w>>32)
}

// level decodes one level of depth without the two bytes of padding it ends with.
func level(l *Level, p *[10]byte) {
	w := swapped((*[8]byte)(p[0:8]))
	l.Quantity, l.Price = uint32(w), int32(w>>32)
	l.Orders = uint32(binary.BigEndian.Uint16(p[8:10]))
}

// index decodes what the index packets have in common, but for the "price
// change", which is in the tail. Their order is high, low, open, close.
func index(t *Tick, p *[indexQuoteLen]byte) {
	*t = Tick{}
	be := binary.BigEndian
	t.Token = be.Uint32(p[0:4])
	t.LastPrice = int32(be.Uint32(p[4:8]))
	t.High = int32(be.Uint32(p[8:12]))
	t.Low = int32(be.Uint32(p[12:16]))
	t.Open = int32(be.Uint32(p[16:20]))
	t.Close = int32(be.Uint32(p[20:24]))
}

func ltp(t *Tick, p *[ltpLen]byte) {
	*t = Tick{}
	w := swapped((*[8]byte)(p[0:8]))
	t.Token, t.LastPrice = uint32(w), int32(w>>32)
}

// swapped reads two neighbouring numbers of a packet: the first becomes the
// lower half of the result, the second the upper half. Where both go to
// neighbouring fields, a little-endian machine needs just one 64-bit load, byte
// swap, rotation and store for them, and the compiler finds that out; on a
// big-endian machine the same code makes two stores and is as right.
func swapped(p *[8]byte) uint64 {
	return bits.RotateLeft64(binary.BigEndian.Uint64(p[:]), 32)
}
