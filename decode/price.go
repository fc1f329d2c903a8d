package decode

import (
	"math"
	"strconv"
)

// maxDecimals is how many decimals a price may have: 10^9 is the last power of
// ten in an int32, and the finest known segment (CDS) has 7.
const maxDecimals = 9

var unitsPerRupee = [maxDecimals + 1]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// units returns how many price units make one rupee. A decoder never sets
// Decimals above 9; in a tick made by hand, more count as 9.
func (t *Tick) units() int64 { return unitsPerRupee[min(t.Decimals, maxDecimals)] }

// Rupees returns a price of this tick in rupees: the float64 nearest to its
// exact decimal value.
func (t *Tick) Rupees(price int32) float64 { return float64(price) / float64(t.units()) }

// FromRupees returns the price of this tick's instrument that is nearest to r
// rupees, halves away from zero, so that a stop or target can be compared with
// prices as they are on the wire. It is the inverse of [Tick.Rupees]. It
// returns false if there is no such price: r is not a number, or too large.
func (t *Tick) FromRupees(r float64) (price int32, ok bool) {
	n := math.Round(r * float64(t.units()))
	if !(n >= math.MinInt32 && n <= math.MaxInt32) { // refuses NaN too
		return 0, false
	}
	return int32(n), true
}

// Price returns a price of this tick as exact decimal text with all its
// decimals, such as 73.7750 or -0.05.
func (t *Tick) Price(price int32) string {
	return string(t.AppendPrice(make([]byte, 0, 16), price))
}

// AppendPrice appends what [Tick.Price] returns to dst, without allocating, and
// returns the extended slice.
func (t *Tick) AppendPrice(dst []byte, price int32) []byte {
	n, units := int64(price), t.units() // int64: the smallest int32 has no int32 opposite
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendInt(dst, n/units, 10)
	if units == 1 {
		return dst
	}
	// 7 of 100 units is written 107: the leading zeros are kept and the 1
	// stands where the point goes.
	point := len(dst)
	dst = strconv.AppendInt(dst, units+n%units, 10)
	dst[point] = '.'
	return dst
}

// Change returns LastPrice - Close in price units, and 0 if Close is 0, which
// is how the wire says that there is none. The difference of two int32 prices
// needs up to 33 bits, hence the int64.
func (t *Tick) Change() int64 {
	if t.Close == 0 {
		return 0
	}
	return int64(t.LastPrice) - int64(t.Close)
}

// ChangePercent returns [Tick.Change] in percent of Close, and 0 if Close is
// 0. It has the sign of Change, also where Close is negative.
func (t *Tick) ChangePercent() float64 {
	if t.Close == 0 {
		return 0
	}
	base := int64(t.Close)
	return 100 * float64(t.Change()) / float64(max(base, -base))
}
