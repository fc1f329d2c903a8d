package decode_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
)

// Law: six lengths are packets, and no other is.
func TestPacketLengths(t *testing.T) {
	modes := map[int]decode.Mode{
		8: decode.ModeLTP, 12: decode.ModeLTPC,
		28: decode.ModeQuote, 32: decode.ModeFull,
		44: decode.ModeQuote, 184: decode.ModeFull,
	}
	var dec decode.Decoder
	before := decode.Tick{Token: 1, Seq: 2, Conn: 3, Bids: [5]decode.Level{{Quantity: 4}}}
	for n := range 1000 {
		want, known := modes[n]
		if got, ok := decode.PacketMode(n); got != want || ok != known {
			t.Errorf("PacketMode(%d) = %v, %v, want %v, %v", n, got, ok, want, known)
		}
		tick := before
		err := dec.Packet(&tick, make([]byte, n))
		switch {
		case known && (err != nil || tick.Mode != want):
			t.Errorf("packet of %d bytes: mode %v, error %v, want mode %v", n, tick.Mode, err, want)
		case !known && !errors.Is(err, decode.ErrPacketLength):
			t.Errorf("packet of %d bytes: error %v, want ErrPacketLength", n, err)
		case !known && tick != before:
			t.Errorf("packet of %d bytes: the tick was touched", n)
		}
	}
}

// Law: what a slot held before does not show in what is decoded into it.
func TestPacketReusesSlots(t *testing.T) {
	var dec decode.Decoder
	ones := decode.Level{Quantity: 1<<32 - 1, Price: -1, Orders: 1<<32 - 1}
	levels := [5]decode.Level{ones, ones, ones, ones, ones}
	poison := decode.Tick{
		Token: 1<<32 - 1, LastPrice: -1, LastQuantity: 1<<32 - 1, AveragePrice: -1, Volume: 1<<32 - 1,
		TotalBuyQuantity: 1<<32 - 1, TotalSellQuantity: 1<<32 - 1, Open: -1, High: -1, Low: -1, Close: -1,
		LastTradeTime: 1<<32 - 1, OI: 1<<32 - 1, OIDayHigh: 1<<32 - 1, OIDayLow: 1<<32 - 1, ExchangeTime: 1<<32 - 1,
		Bids: levels, Asks: levels,
		ReceivedAt: -1, Seq: 1<<64 - 1, Conn: 255, Mode: 255, Flags: 255, Decimals: 255, RawChange: -1,
	}
	if raw := memory(&poison); !bytes.Equal(raw, bytes.Repeat([]byte{0xff}, len(raw))) {
		t.Fatal("the poison does not cover the tick: is there a new field?")
	}
	for name, pkt := range goldenPackets(t) {
		got := poison
		if err := dec.Packet(&got, pkt); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(mustDecode(t, pkt), got); diff != "" {
			t.Errorf("%s: the slot shows through (-clean +poisoned):\n%s", name, diff)
		}
	}
}

// Law: a tick refers to nothing in the packet, and the packet is not written.
func TestPacketKeepsNothing(t *testing.T) {
	for name, pkt := range goldenPackets(t) {
		before := bytes.Clone(pkt)
		tick := mustDecode(t, pkt)
		want := tick
		if !bytes.Equal(pkt, before) {
			t.Errorf("%s: the packet was written", name)
		}
		clear(pkt)
		if tick != want {
			t.Errorf("%s: the tick changed with the packet", name)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	var packets [][]byte
	for _, pkt := range goldenPackets(t) {
		packets = append(packets, pkt, pkt[1:]) // the second is of no known length
	}
	msg := message(packets...)
	var dec decode.Decoder
	slots := make([]decode.Tick, len(packets))
	got := testing.AllocsPerRun(100, func() {
		s := decode.Split(msg)
		i := 0
		for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
			if dec.Packet(&slots[i], pkt) == nil {
				i++
			}
		}
		if i != len(packets)/2 || s.Err() != nil {
			t.Fatalf("%d ticks, error %v", i, s.Err())
		}
	})
	if got != 0 {
		t.Errorf("decoding a message allocates %v times, want 0", got)
	}
}
