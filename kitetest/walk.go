package kitetest

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// instrument is the state of one instrument, shared by all sockets. Its prices
// come from a generator seeded by the server's seed and the token, so the n-th
// update of an instrument is the same whatever else is subscribed.
type instrument struct {
	tick     decode.Tick // in full mode, except while a packet is encoded
	rng      rand.PCG
	turnover int64 // sum of price times quantity, for the average
	step     int32 // smallest price step
	min, max int32 // bounds of the walk
	oi       bool
	entry    Entry
}

// newInstrument opens the day of token.
func newInstrument(seed uint64, token uint32, now time.Time) *instrument {
	s, _ := segmentOf(token)
	in := &instrument{rng: *rand.NewPCG(seed, uint64(token)), step: s.tick, oi: s.oi}
	r := in.rng.Uint64()
	close := s.low + int32(r>>32%uint64(s.high-s.low))
	close -= close % s.tick
	in.center(close)
	open := close + (int32(r&15)-8)*s.tick

	t := &in.tick
	*t = decode.Tick{Token: token, Mode: decode.ModeFull, Flags: flagsOf(token), Decimals: s.decimals}
	t.Open, t.High, t.Low, t.Close = open, open, open, close
	if in.oi {
		t.OI = 100_000 + uint32(r>>24)&0xffff
		t.OIDayHigh, t.OIDayLow = t.OI, t.OI
	}
	in.trade(open, 1000+uint32(r>>8)&0xffff, now)
	return in
}

// center bounds the walk to a tenth around price.
func (in *instrument) center(price int32) {
	p := int64(price)
	span := max(p/10, -p/10, 100*int64(in.step))
	in.min, in.max = saturate(p-span), saturate(p+span)
}

// saturate returns n, or the nearest int32.
func saturate(n int64) int32 { return int32(min(max(n, math.MinInt32), math.MaxInt32)) }

// advance makes one trade, at most two steps from the last one.
func (in *instrument) advance(now time.Time) {
	r := in.rng.Uint64()
	last, move := int64(in.tick.LastPrice), (int64(r&0xff*5>>8)-2)*int64(in.step)
	price := last + move
	if price < int64(in.min) || price > int64(in.max) {
		price = last - move
	}
	in.trade(int32(price), 1+uint32(r>>8)&0xff, now)
}

// trade makes one trade.
func (in *instrument) trade(price int32, quantity uint32, now time.Time) {
	t := &in.tick
	t.LastPrice = price
	t.High = max(t.High, price)
	t.Low = min(t.Low, price)
	t.ExchangeTime = uint32(now.Unix())
	if t.Flags&decode.FlagIndex != 0 {
		// Percent times 100 is what the one public sample has in this field.
		t.RawChange = saturate((int64(t.LastPrice) - int64(t.Close)) * 10_000 / int64(t.Close))
		return
	}
	t.LastTradeTime = t.ExchangeTime
	t.LastQuantity = quantity
	if t.Volume <= math.MaxUint32-quantity { // else the day is full: volume must never fall
		t.Volume += quantity
		in.turnover += int64(quantity) * int64(price)
		t.AveragePrice = int32(in.turnover / int64(max(t.Volume, 1)))
	}
	r := in.rng.Uint64()
	if in.oi {
		t.OI += uint32(r&0xf) - 7
		t.OIDayHigh = max(t.OIDayHigh, t.OI)
		t.OIDayLow = min(t.OIDayLow, t.OI)
	}
	in.book(r >> 32)
}

// book builds five levels on each side of the last price, which is at the best
// bid, at the best ask, or between them. Where prices end, so does the book:
// the levels beyond are empty, as they are at a price limit of an exchange.
func (in *instrument) book(r uint64) {
	t := &in.tick
	last, step := int64(t.LastPrice), int64(in.step)
	bid, ask := last, last
	if r&1 == 0 {
		bid -= step
	}
	if r&2 == 0 || bid == ask {
		ask += step
	}
	switch {
	case ask > math.MaxInt32:
		bid, ask = last-step, last
	case bid < math.MinInt32:
		bid, ask = last, last+step
	}
	b, a := in.rng.Uint64(), in.rng.Uint64()
	t.TotalBuyQuantity = 10_000 + uint32(b>>48)
	t.TotalSellQuantity = 10_000 + uint32(a>>48)
	for i := range t.Bids {
		t.Bids[i] = level(b, bid)
		t.Asks[i] = level(a, ask)
		t.TotalBuyQuantity += t.Bids[i].Quantity
		t.TotalSellQuantity += t.Asks[i].Quantity
		bid -= step
		ask += step
		b, a = b>>12, a>>12
	}
}

// level makes a level of 1 to 4096 pieces in 1 to 64 orders, at least as many
// pieces as orders; an empty one at a price that nothing can have.
func level(r uint64, price int64) decode.Level {
	if price != int64(int32(price)) {
		return decode.Level{}
	}
	orders := 1 + uint32(r)&0x3f
	return decode.Level{Quantity: orders + uint32(r)&0xfc0, Price: int32(price), Orders: orders}
}
