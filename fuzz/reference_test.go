package fuzz

import "github.com/kiteticker/kiteticker/decode"

// This file is a second decoder, written from the protocol alone, for which
// speed does not matter. It shares the type of the result with the first one
// and nothing else.

// outcome is all there is to know about a binary message.
type outcome struct {
	heartbeat bool
	count     int // packets announced
	packets   int // packets found whole
	ticks     []decode.Tick
	unknown   int // packets of no known length
	truncated bool
	trailing  int // bytes after the last whole packet
}

// refSegment is a row of the protocol's table of segments.
type refSegment struct {
	decimals uint8
	index    bool
}

// refSegments are the segments known to the protocol: NSE, NFO, CDS, BSE, BFO,
// BCD, MCX, MCXSX, indices, NCO.
var refSegments = map[uint8]refSegment{
	1: {2, false}, 2: {2, false}, 3: {7, false}, 4: {2, false}, 5: {2, false},
	6: {4, false}, 7: {2, false}, 8: {2, false}, 9: {2, true}, 12: {4, false},
}

func refMessage(msg []byte) (o outcome) {
	if len(msg) == 0 {
		o.truncated = true // not even a count
		return o
	}
	if len(msg) == 1 {
		o.heartbeat = true
		return o
	}
	o.count = int(refNumber(msg, 0, 2))
	at := 2
	for o.packets < o.count {
		if at+2 > len(msg) || at+2+int(refNumber(msg, at, 2)) > len(msg) {
			o.truncated = true
			break
		}
		length := int(refNumber(msg, at, 2))
		if tick, ok := refPacket(msg[at+2:at+2+length], refSegments); ok {
			o.ticks = append(o.ticks, tick)
		} else {
			o.unknown++
		}
		o.packets++
		at += 2 + length
	}
	o.trailing = len(msg) - at
	return o
}

func refPacket(pkt []byte, segments map[uint8]refSegment) (t decode.Tick, ok bool) {
	u32 := func(at int) uint32 { return uint32(refNumber(pkt, at, 4)) }
	i32 := func(at int) int32 { return refSigned(u32(at)) }

	switch len(pkt) {
	case 8:
		t.Mode = decode.ModeLTP
	case 12:
		t.Mode = decode.ModeLTPC
	case 28, 44:
		t.Mode = decode.ModeQuote
	case 32, 184:
		t.Mode = decode.ModeFull
	default:
		return t, false
	}

	t.Token = u32(0)
	t.LastPrice = i32(4)
	switch len(pkt) {
	case 12:
		t.Close = i32(8)
	case 28, 32:
		t.High, t.Low, t.Open, t.Close = i32(8), i32(12), i32(16), i32(20)
		t.RawChange = i32(24)
		if len(pkt) == 32 {
			t.ExchangeTime = u32(28)
		}
	case 44, 184:
		t.LastQuantity = u32(8)
		t.AveragePrice = i32(12)
		t.Volume = u32(16)
		t.TotalBuyQuantity, t.TotalSellQuantity = u32(20), u32(24)
		t.Open, t.High, t.Low, t.Close = i32(28), i32(32), i32(36), i32(40)
	}
	if len(pkt) == 184 {
		t.LastTradeTime = u32(44)
		t.OI, t.OIDayHigh, t.OIDayLow = u32(48), u32(52), u32(56)
		t.ExchangeTime = u32(60)
		for i := range 10 {
			at := 64 + 12*i
			level := decode.Level{Quantity: u32(at), Price: i32(at + 4), Orders: uint32(refNumber(pkt, at+8, 2))}
			if i < 5 {
				t.Bids[i] = level
			} else {
				t.Asks[i-5] = level
			}
		}
	}

	segment, known := segments[uint8(t.Token%256)]
	t.Decimals = segment.decimals
	if !known {
		t.Decimals = 2
		t.Flags |= decode.FlagUnknownSegment
	}
	indexPacket := len(pkt) == 28 || len(pkt) == 32
	anyPacket := len(pkt) == 8 || len(pkt) == 12
	if indexPacket || anyPacket && segment.index {
		t.Flags |= decode.FlagIndex
	}
	if known && !anyPacket && indexPacket != segment.index {
		t.Flags |= decode.FlagSegmentMismatch
	}
	return t, true
}

// refNumber reads n bytes from offset at: the first one weighs most.
func refNumber(b []byte, at, n int) uint64 {
	var v uint64
	for _, digit := range b[at : at+n] {
		v = v*256 + uint64(digit)
	}
	return v
}

// refSigned reads the 32 bits of v as two's complement.
func refSigned(v uint32) int32 {
	if v >= 1<<31 {
		return int32(int64(v) - 1<<32)
	}
	return int32(v)
}
