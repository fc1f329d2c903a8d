package decode_test

import (
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
)

func TestPrice(t *testing.T) {
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
		if got := tick.Price(tt.price); got != tt.want {
			t.Errorf("%d with %d decimals is %q, want %q", tt.price, tt.decimals, got, tt.want)
		}
		if got := string(tick.AppendPrice([]byte("at "), tt.price)); got != "at "+tt.want {
			t.Errorf("%d with %d decimals is appended as %q, want %q", tt.price, tt.decimals, got, "at "+tt.want)
		}
	}
}

// Law: the text is the exact decimal value, Rupees is the float64 nearest to it
// and FromRupees finds the price again, for prices of every size and every
// number of decimals.
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
				rupees := tick.Rupees(int32(p))
				if want := parseFloat(t, text); rupees != want {
					t.Fatalf("%d with %d decimals is %v rupees, want %v", p, decimals, rupees, want)
				}
				if got, ok := tick.FromRupees(rupees); !ok || int64(got) != p {
					t.Fatalf("%v rupees with %d decimals are %d, %v, want %d", rupees, decimals, got, ok, p)
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

func TestFromRupees(t *testing.T) {
	for _, tt := range []struct {
		rupees   float64
		decimals uint8
		want     int32
		ok       bool
	}{
		{0, 2, 0, true},
		{1528.35, 2, 152835, true},
		{83.4500001, 7, 834500001, true},
		{-37, 2, -3700, true},
		{0.004, 2, 0, true}, {0.006, 2, 1, true}, {-0.006, 2, -1, true}, // to the nearest unit
		{2.5, 0, 3, true}, {-2.5, 0, -3, true}, // halves away from zero
		{21474836.47, 2, math.MaxInt32, true}, {21474836.48, 2, 0, false},
		{-21474836.48, 2, math.MinInt32, true}, {-21474836.49, 2, 0, false},
		{214.7483647, 7, math.MaxInt32, true}, {250, 7, 0, false}, // CDS ends at 214.74
		{math.Inf(1), 2, 0, false}, {math.Inf(-1), 2, 0, false}, {math.NaN(), 2, 0, false}, {math.MaxFloat64, 9, 0, false},
	} {
		tick := decode.Tick{Decimals: tt.decimals}
		if got, ok := tick.FromRupees(tt.rupees); got != tt.want || ok != tt.ok {
			t.Errorf("%v rupees with %d decimals are %d, %v, want %d, %v", tt.rupees, tt.decimals, got, ok, tt.want, tt.ok)
		}
	}
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
