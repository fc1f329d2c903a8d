package decode_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/kiteticker/kiteticker/decode"
)

// memory returns the bytes of t.
func memory(t *decode.Tick) []byte { return (*[unsafe.Sizeof(*t)]byte)(unsafe.Pointer(t))[:] }

// The size of a Tick is part of its contract: rings are sized by it, and the
// first 184 bytes are those of a full packet, word for word.
func TestLayout(t *testing.T) {
	var tick decode.Tick
	if got := unsafe.Sizeof(tick); got != 208 {
		t.Errorf("a Tick has %d bytes, want 208", got)
	}
	if got := unsafe.Sizeof(decode.Level{}); got != 12 {
		t.Errorf("a Level has %d bytes, want 12", got)
	}
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"Token", unsafe.Offsetof(tick.Token), 0},
		{"LastPrice", unsafe.Offsetof(tick.LastPrice), 4},
		{"LastQuantity", unsafe.Offsetof(tick.LastQuantity), 8},
		{"AveragePrice", unsafe.Offsetof(tick.AveragePrice), 12},
		{"Volume", unsafe.Offsetof(tick.Volume), 16},
		{"TotalBuyQuantity", unsafe.Offsetof(tick.TotalBuyQuantity), 20},
		{"TotalSellQuantity", unsafe.Offsetof(tick.TotalSellQuantity), 24},
		{"Open", unsafe.Offsetof(tick.Open), 28},
		{"High", unsafe.Offsetof(tick.High), 32},
		{"Low", unsafe.Offsetof(tick.Low), 36},
		{"Close", unsafe.Offsetof(tick.Close), 40},
		{"LastTradeTime", unsafe.Offsetof(tick.LastTradeTime), 44},
		{"OI", unsafe.Offsetof(tick.OI), 48},
		{"OIDayHigh", unsafe.Offsetof(tick.OIDayHigh), 52},
		{"OIDayLow", unsafe.Offsetof(tick.OIDayLow), 56},
		{"ExchangeTime", unsafe.Offsetof(tick.ExchangeTime), 60},
		{"Bids", unsafe.Offsetof(tick.Bids), 64},
		{"Asks", unsafe.Offsetof(tick.Asks), 124},
		{"ReceivedAt", unsafe.Offsetof(tick.ReceivedAt), 184},
		{"Seq", unsafe.Offsetof(tick.Seq), 192},
		{"Conn", unsafe.Offsetof(tick.Conn), 200},
		{"Mode", unsafe.Offsetof(tick.Mode), 201},
		{"Flags", unsafe.Offsetof(tick.Flags), 202},
		{"Decimals", unsafe.Offsetof(tick.Decimals), 203},
		{"RawChange", unsafe.Offsetof(tick.RawChange), 204},
	} {
		if f.got != f.want {
			t.Errorf("%s is at offset %d, want %d", f.name, f.got, f.want)
		}
	}
	if hasPointers(reflect.TypeFor[decode.Tick]()) {
		t.Error("a Tick has pointers: the garbage collector would scan every ring")
	}
}

func hasPointers(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Struct:
		for f := range t.Fields() {
			if hasPointers(f.Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return hasPointers(t.Elem())
	default:
		return k < reflect.Bool || k > reflect.Complex128 || k == reflect.Uintptr
	}
}

func TestTimes(t *testing.T) {
	var none decode.Tick
	for name, tm := range map[string]time.Time{
		"TradedAt": none.TradedAt(), "ExchangeAt": none.ExchangeAt(), "ReceivedTime": none.ReceivedTime(),
	} {
		if !tm.IsZero() {
			t.Errorf("%s() without a time is %v, want the zero Time", name, tm)
		}
	}
	tick := decode.Tick{LastTradeTime: 1625461887, ExchangeTime: math.MaxUint32, ReceivedAt: 1625461887_000000001}
	for _, tt := range []struct {
		name     string
		got      time.Time
		utc, ist string
	}{
		{"TradedAt", tick.TradedAt(), "2021-07-05T05:11:27Z", "2021-07-05T10:41:27+05:30"},
		{"ExchangeAt", tick.ExchangeAt(), "2106-02-07T06:28:15Z", "2106-02-07T11:58:15+05:30"},
		{"ReceivedTime", tick.ReceivedTime(), "2021-07-05T05:11:27.000000001Z", "2021-07-05T10:41:27.000000001+05:30"},
	} {
		if got := tt.got.Format(time.RFC3339Nano); got != tt.utc {
			t.Errorf("%s() = %s, want %s", tt.name, got, tt.utc)
		}
		if got := tt.got.In(decode.IST).Format(time.RFC3339Nano); got != tt.ist {
			t.Errorf("%s().In(IST) = %s, want %s", tt.name, got, tt.ist)
		}
	}
	if got := tick.ExchangeAt().In(decode.IST).Format("MST"); got != "IST" {
		t.Errorf("the zone is called %q, want IST", got)
	}
}

func TestFlagsString(t *testing.T) {
	for flags, want := range map[decode.Flags]string{
		0:                "",
		decode.FlagIndex: "index",
		decode.FlagLost:  "lost",
		decode.FlagGap:   "gap",
		decode.FlagIndex | decode.FlagUnknownSegment:                      "index|unknown-segment",
		decode.FlagSegmentMismatch | decode.FlagLost | decode.Flags(0xc0): "segment-mismatch|lost|0xc0",
	} {
		if got := flags.String(); got != want {
			t.Errorf("Flags(%#x) is %q, want %q", uint8(flags), got, want)
		}
	}
}

func TestTickString(t *testing.T) {
	for _, tt := range []struct {
		tick decode.Tick
		want string
	}{
		{decode.Tick{Token: 408065, LastPrice: 152835, Decimals: 2, Mode: decode.ModeFull, Conn: 2, Seq: 17, Flags: decode.FlagLost | decode.FlagGap},
			"408065 NSE full 1528.35 conn 2 seq 17 lost|gap"},
		{decode.Tick{Token: 256265, LastPrice: -5, Decimals: 2, Mode: decode.ModeLTP, Flags: decode.FlagIndex}, "256265 INDICES ltp -0.05 conn 0 seq 0 index"},
		{decode.Tick{Token: 25610, Mode: decode.ModeQuote, Conn: 255, Seq: math.MaxUint64}, "25610 quote 0 conn 255 seq 18446744073709551615"}, // no such segment
		{decode.Tick{}, "0 Mode(0) 0 conn 0 seq 0"},
	} {
		for _, got := range []string{tt.tick.String(), fmt.Sprint(tt.tick), fmt.Sprint(&tt.tick)} {
			if got != tt.want {
				t.Errorf("tick is %q, want %q", got, tt.want)
			}
		}
	}
}
