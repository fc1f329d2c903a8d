package kitetest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/kiteticker/kiteticker/decode"
)

// Packet lengths in bytes. There is no type byte on the wire: the length says
// what a packet is (Kite documentation, "Quote packet structure").
const (
	lenLTP        = 8
	lenLTPC       = 12
	lenIndexQuote = 28
	lenIndexFull  = 32
	lenQuote      = 44
	lenFull       = 184
)

var be = binary.BigEndian

// AppendPacket appends the packet that carries t in t.Mode, big-endian as the
// exchange sends it, and returns the extended slice. The packet is an index
// packet if t.Flags has [decode.FlagIndex]. Fields that the packet has no room
// for are ignored; Orders is cut to its 16 bits.
//
// It shares no code with package decode, so that one can be tested against the
// other. It panics if t.Mode is not one of the four modes.
func AppendPacket(dst []byte, t *decode.Tick) []byte {
	index := t.Flags&decode.FlagIndex != 0
	switch {
	case t.Mode == decode.ModeLTP:
		p := grow(&dst, lenLTP)
		putLTP(p, t)
	case t.Mode == decode.ModeLTPC:
		p := grow(&dst, lenLTPC)
		putLTP(p, t)
		be.PutUint32(p[8:12], uint32(t.Close))
	case t.Mode == decode.ModeQuote && index:
		putIndex(grow(&dst, lenIndexQuote), t)
	case t.Mode == decode.ModeFull && index:
		p := grow(&dst, lenIndexFull)
		putIndex(p, t)
		be.PutUint32(p[28:32], t.ExchangeTime)
	case t.Mode == decode.ModeQuote:
		putQuote(grow(&dst, lenQuote), t)
	case t.Mode == decode.ModeFull:
		putFull((*[lenFull]byte)(grow(&dst, lenFull)), t)
	default:
		panic(fmt.Sprintf("kitetest: no packet for %v", t.Mode))
	}
	return dst
}

// grow extends *dst by n bytes and returns them.
func grow(dst *[]byte, n int) []byte {
	old := len(*dst)
	*dst = slices.Grow(*dst, n)[:old+n]
	return (*dst)[old:]
}

func putLTP(p []byte, t *decode.Tick) {
	be.PutUint32(p[0:4], t.Token)
	be.PutUint32(p[4:8], uint32(t.LastPrice))
}

// putIndex writes the order of an index packet: high, low, open, close.
func putIndex(p []byte, t *decode.Tick) {
	_ = p[27]
	putLTP(p, t)
	be.PutUint32(p[8:12], uint32(t.High))
	be.PutUint32(p[12:16], uint32(t.Low))
	be.PutUint32(p[16:20], uint32(t.Open))
	be.PutUint32(p[20:24], uint32(t.Close))
	be.PutUint32(p[24:28], uint32(t.RawChange))
}

// putQuote writes the first 44 bytes of a quote or full packet: open, high,
// low, close.
func putQuote(p []byte, t *decode.Tick) {
	_ = p[43]
	putLTP(p, t)
	be.PutUint32(p[8:12], t.LastQuantity)
	be.PutUint32(p[12:16], uint32(t.AveragePrice))
	be.PutUint32(p[16:20], t.Volume)
	be.PutUint32(p[20:24], t.TotalBuyQuantity)
	be.PutUint32(p[24:28], t.TotalSellQuantity)
	be.PutUint32(p[28:32], uint32(t.Open))
	be.PutUint32(p[32:36], uint32(t.High))
	be.PutUint32(p[36:40], uint32(t.Low))
	be.PutUint32(p[40:44], uint32(t.Close))
}

func putFull(p *[lenFull]byte, t *decode.Tick) {
	putQuote(p[:lenQuote], t)
	be.PutUint32(p[44:48], t.LastTradeTime)
	be.PutUint32(p[48:52], t.OI)
	be.PutUint32(p[52:56], t.OIDayHigh)
	be.PutUint32(p[56:60], t.OIDayLow)
	be.PutUint32(p[60:64], t.ExchangeTime)
	putDepth(p[64:124], &t.Bids)
	putDepth(p[124:184], &t.Asks)
}

// putDepth writes five levels of 12 bytes: quantity, price, 16 bits of orders,
// two bytes of padding.
func putDepth(p []byte, side *[5]decode.Level) {
	for i := range side {
		b, l := p[12*i:12*i+12], &side[i]
		be.PutUint32(b[0:4], l.Quantity)
		be.PutUint32(b[4:8], uint32(l.Price))
		be.PutUint32(b[8:12], l.Orders<<16)
	}
}

// AppendFrame appends one binary message that carries packets, each preceded
// by its length, and returns the extended slice. It panics if a packet, or
// their number, does not fit the 16 bits of its length.
func AppendFrame(dst []byte, packets ...[]byte) []byte {
	dst = be.AppendUint16(dst, fit16(len(packets)))
	for _, p := range packets {
		dst = be.AppendUint16(dst, fit16(len(p)))
		dst = append(dst, p...)
	}
	return dst
}

func fit16(n int) uint16 {
	if n > math.MaxUint16 {
		panic(fmt.Sprintf("kitetest: %d does not fit the 16 bits of a length", n))
	}
	return uint16(n)
}
