package decode_test

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
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

func TestAppendPrice(t *testing.T) {
	for _, tt := range []struct {
		price    int32
		decimals uint8
		want     string
	}{
		{0, 0, "0"}, {0, 2, "0.00"}, {0, 9, "0.000000000"},
		{5, 2, "0.05"}, {-5, 2, "-0.05"}, {-5, 0, "-5"}, {-5, 9, "-0.000000005"},
		{100, 2, "1.00"}, {-3700, 2, "-37.00"}, {737750, 4, "73.7750"}, {3782000, 4, "378.2000"},
		{math.MaxInt32, 0, "2147483647"}, {math.MaxInt32, 7, "214.7483647"}, {math.MaxInt32, 9, "2.147483647"},
		{math.MinInt32, 0, "-2147483648"}, {math.MinInt32, 2, "-21474836.48"}, {math.MinInt32, 9, "-2.147483648"},
		{math.MinInt32, 255, "-2.147483648"}, // no decoder sets this; more than 9 count as 9
	} {
		tick := decode.Tick{Decimals: tt.decimals}
		if got := string(tick.AppendPrice([]byte("at "), tt.price)); got != "at "+tt.want {
			t.Errorf("%d with %d decimals is %q, want %q", tt.price, tt.decimals, got, "at "+tt.want)
		}
	}
}

// Law: the text is the exact decimal value, and Rupees is the float64 nearest
// to it, for prices of every size and every number of decimals.
func TestPricesAreExact(t *testing.T) {
	unit := big.NewInt(1)
	for decimals := range uint8(10) {
		tick := decode.Tick{Decimals: decimals}
		for price := int64(math.MinInt32); price <= math.MaxInt32; price += 1_234_567 {
			for _, p := range []int64{price, price / 1000, price / 1_000_000} {
				exact := new(big.Rat).SetFrac(big.NewInt(p), unit)
				text := string(tick.AppendPrice(nil, int32(p)))
				if want := exact.FloatString(int(decimals)); text != want {
					t.Fatalf("%d with %d decimals is %q, want %q", p, decimals, text, want)
				}
				if got, want := tick.Rupees(int32(p)), parseFloat(t, text); got != want {
					t.Fatalf("%d with %d decimals is %v rupees, want %v", p, decimals, got, want)
				}
			}
		}
		unit.Mul(unit, big.NewInt(10))
	}
}

func parseFloat(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAppendPriceDoesNotAllocate(t *testing.T) {
	tick := decode.Tick{Decimals: 7}
	buf := make([]byte, 0, 64)
	if got := testing.AllocsPerRun(100, func() { buf = tick.AppendPrice(buf[:0], math.MinInt32) }); got != 0 {
		t.Errorf("AppendPrice allocates %v times, want 0", got)
	}
}

func TestChange(t *testing.T) {
	for _, tt := range []struct {
		last, close int32
		change      int64
		percent     float64
	}{
		{0, 0, 0, 0},
		{12345, 0, 0, 0}, // no close, so no change
		{11000, 10000, 1000, 10},
		{9000, 10000, -1000, -10},
		{-3700, 1827, -5527, -100 * 5527.0 / 1827},
		{-3000, -2000, -1000, -50}, // below a negative close is still a fall
		{-1000, -2000, 1000, 50},
		{math.MaxInt32, math.MinInt32, math.MaxUint32, 100 * 4294967295.0 / 2147483648},
		{math.MinInt32, math.MaxInt32, -math.MaxUint32, -100 * 4294967295.0 / 2147483647},
	} {
		tick := decode.Tick{LastPrice: tt.last, Close: tt.close}
		if got := tick.Change(); got != tt.change {
			t.Errorf("Change() from %d to %d = %d, want %d", tt.close, tt.last, got, tt.change)
		}
		if got := tick.ChangePercent(); got != tt.percent {
			t.Errorf("ChangePercent() from %d to %d = %v, want %v", tt.close, tt.last, got, tt.percent)
		}
	}
}

func TestTimes(t *testing.T) {
	var none decode.Tick
	for name, tm := range map[string]time.Time{
		"LastTraded": none.LastTraded(), "Exchange": none.Exchange(), "Received": none.Received(),
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
		{"LastTraded", tick.LastTraded(), "2021-07-05T05:11:27Z", "2021-07-05T10:41:27+05:30"},
		{"Exchange", tick.Exchange(), "2106-02-07T06:28:15Z", "2106-02-07T11:58:15+05:30"},
		{"Received", tick.Received(), "2021-07-05T05:11:27.000000001Z", "2021-07-05T10:41:27.000000001+05:30"},
	} {
		if got := tt.got.Format(time.RFC3339Nano); got != tt.utc {
			t.Errorf("%s() = %s, want %s", tt.name, got, tt.utc)
		}
		if got := tt.got.In(decode.IST).Format(time.RFC3339Nano); got != tt.ist {
			t.Errorf("%s().In(IST) = %s, want %s", tt.name, got, tt.ist)
		}
	}
	if got := tick.Exchange().In(decode.IST).Format("MST"); got != "IST" {
		t.Errorf("the zone is called %q, want IST", got)
	}
}

func TestFlagsString(t *testing.T) {
	for flags, want := range map[decode.Flags]string{
		0:                "",
		decode.FlagIndex: "index",
		decode.FlagLost:  "lost",
		decode.FlagIndex | decode.FlagUnknownSegment:                      "index|unknown-segment",
		decode.FlagSegmentMismatch | decode.FlagLost | decode.Flags(0x60): "segment-mismatch|lost|0x60",
	} {
		if got := flags.String(); got != want {
			t.Errorf("Flags(%#x) is %q, want %q", uint8(flags), got, want)
		}
	}
}
