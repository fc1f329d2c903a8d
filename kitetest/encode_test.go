package kitetest_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// fullTick has a different value in every field, negative prices among them.
func fullTick() decode.Tick {
	return decode.Tick{
		Token: 0x00063A01, LastPrice: -37_00, LastQuantity: 5, AveragePrice: 0x11223344,
		Volume: 0xF0000001, TotalBuyQuantity: 0xA0B0C0D0, TotalSellQuantity: 7,
		Open: 0x01010101, High: 0x02020202, Low: -1, Close: 0x04040404,
		LastTradeTime: 1625461887, OI: 0xFFFFFFFF, OIDayHigh: 9, OIDayLow: 10, ExchangeTime: 1625461888,
		Bids: [5]decode.Level{{Quantity: 0x101, Price: 0x102, Orders: 0x1003}, {Quantity: 0x201, Price: 0x202, Orders: 0x203}, {Quantity: 0x301, Price: 0x302, Orders: 0x303}, {Quantity: 0x401, Price: -2, Orders: 0xFFFF}, {}},
		Asks: [5]decode.Level{{Quantity: 0x501, Price: 0x502, Orders: 0x503}, {Quantity: 0x601, Price: 0x602, Orders: 0x603}, {}, {}, {Quantity: 0x901, Price: 0x902, Orders: 0x10903}},
		// Not of a tradable instrument's packet:
		RawChange: -36, ReceivedAt: 1, Seq: 2, Conn: 3, Decimals: 4,
	}
}

// The bytes are written by hand from the protocol's description.
const (
	ltpBytes = `00063A01 FFFFF18C`

	quoteBytes = ltpBytes + `
		00000005 11223344 F0000001 A0B0C0D0 00000007
		01010101 02020202 FFFFFFFF 04040404` // open, high, low, close
)

func TestAppendPacket(t *testing.T) {
	index := decode.FlagIndex
	tests := []struct {
		name  string
		mode  decode.Mode
		flags decode.Flags
		want  string
	}{
		{"ltp", decode.ModeLTP, 0, ltpBytes},
		{"ltp of an index", decode.ModeLTP, index, ltpBytes},
		{"ltpc", decode.ModeLTPC, 0, ltpBytes + `04040404`},
		{"quote", decode.ModeQuote, 0, quoteBytes},
		{"index quote", decode.ModeQuote, index, ltpBytes + `
			02020202 FFFFFFFF 01010101 04040404 FFFFFFDC`}, // high, low, open, close, change
		{"index full", decode.ModeFull, index, ltpBytes + `
			02020202 FFFFFFFF 01010101 04040404 FFFFFFDC 60E29480`},
		{"full", decode.ModeFull, 0, quoteBytes + `
			60E2947F FFFFFFFF 00000009 0000000A 60E29480
			00000101 00000102 1003 0000
			00000201 00000202 0203 0000
			00000301 00000302 0303 0000
			00000401 FFFFFFFE FFFF 0000
			00000000 00000000 0000 0000
			00000501 00000502 0503 0000
			00000601 00000602 0603 0000
			00000000 00000000 0000 0000
			00000000 00000000 0000 0000
			00000901 00000902 0903 0000`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tick := fullTick()
			tick.Mode, tick.Flags = tt.mode, tt.flags
			got := kitetest.AppendPacket([]byte("kept"), &tick)
			if want := "kept" + string(unhex(t, tt.want)); string(got) != want {
				t.Errorf("got  %x\nwant %x", got[4:], want[4:])
			}
		})
	}
}

func TestAppendPacketPanicsWithoutMode(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for a tick without a mode")
		}
	}()
	kitetest.AppendPacket(nil, &decode.Tick{Token: 1})
}

func TestAppendFrame(t *testing.T) {
	tests := []struct {
		name    string
		packets [][]byte
		want    string
	}{
		{"empty", nil, `0000`},
		{"one", [][]byte{{1, 2, 3}}, `0001 0003 010203`},
		{"two", [][]byte{{}, {0xFF}}, `0002 0000 0001 FF`},
		{"long", [][]byte{make([]byte, 0x1234)}, `0001 1234` + strings.Repeat("00", 0x1234)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := kitetest.AppendFrame(nil, tt.packets...), unhex(t, tt.want); string(got) != string(want) {
				t.Errorf("got %x, want %x", got, want)
			}
		})
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	tick := fullTick()
	tick.Mode = decode.ModeFull
	buf := make([]byte, 0, 1024)
	var e kitetest.Entry
	if n := testing.AllocsPerRun(100, func() {
		packet := kitetest.AppendPacket(buf[:0], &tick)
		e.Add(packet)
	}); n != 0 {
		t.Errorf("encoding and accounting allocate %v times, want 0", n)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The one public capture of an index packet, with its frame: NIFTY 50 in March
// 2017.
func TestAppendFrameMakesPublicCapture(t *testing.T) {
	tick := decode.Tick{
		Token: 256265, LastPrice: 9126_85, High: 9167_60, Low: 9116_30, Open: 9166_95, Close: 9126_85,
		RawChange: -36, Mode: decode.ModeQuote, Flags: decode.FlagIndex,
	}
	got := kitetest.AppendFrame(nil, kitetest.AppendPacket(nil, &tick))
	want := unhex(t, `0001001c 0003e909 000ded2d 000dfd18 000de90e 000dfcd7 000ded2d ffffffdc`)
	if string(got) != string(want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}
