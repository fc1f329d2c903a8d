package kitetest

import (
	"math"
	"math/rand/v2"

	"github.com/kiteticker/kiteticker/decode"
)

// instrument is the state of one instrument, shared by all sockets. Its prices
// come from a generator seeded by the server's seed and the token, so the n-th
// update of an instrument is the same whatever else is subscribed.
type instrument struct {
	tick     decode.Tick // in full mode, except while a packet is encoded
	rng      rand.PCG
	turnover uint64 // sum of price times quantity, for the average
	step     int32  // smallest price step
	min, max int32  // bounds of the walk
	oi       bool
	subs     int32 // sockets subscribed to it
	entry    Entry
}

// open starts the day of token.
func (in *instrument) open(seed uint64, token uint32, now uint32) {
	s, _ := segmentOf(token)
	*in = instrument{rng: *rand.NewPCG(seed, uint64(token)), step: s.tick, oi: s.oi}
	r := in.rng.Uint64()
	base := s.low + int32(r>>32%uint64(s.high-s.low))
	base -= base % s.tick
	in.min, in.max = base-base/10, base+base/10
	price := base + (int32(r&15)-8)*s.tick

	t := &in.tick
	*t = decode.Tick{Token: token, Mode: decode.ModeFull, Flags: flagsOf(token), Decimals: s.decimals}
	t.LastPrice, t.Open, t.High, t.Low, t.Close = price, price, price, price, base
	t.ExchangeTime = now
	if t.Flags&decode.FlagIndex != 0 {
		in.indexChange()
		return
	}
	t.LastQuantity = 1 + uint32(r>>8)&0xff
	t.Volume = 1000 + uint32(r>>16)&0xffff
	t.AveragePrice = price
	t.LastTradeTime = now
	in.turnover = uint64(t.Volume) * uint64(price)
	if in.oi {
		t.OI = 100_000 + uint32(r>>24)&0xffff
		t.OIDayHigh, t.OIDayLow = t.OI, t.OI
	}
	in.book(r)
}

// advance makes one trade at a random step from the last one.
func (in *instrument) advance(now uint32) {
	r := in.rng.Uint64()
	t := &in.tick
	move := (int32(r&0xff*5>>8) - 2) * in.step
	price := t.LastPrice + move
	if price < in.min || price > in.max {
		price = t.LastPrice - move
	}
	t.LastPrice = price
	t.High = max(t.High, price)
	t.Low = min(t.Low, price)
	t.ExchangeTime = now
	if t.Flags&decode.FlagIndex != 0 {
		in.indexChange()
		return
	}
	quantity := 1 + uint32(r>>8)&0xff
	t.LastQuantity = quantity
	t.LastTradeTime = now
	if t.Volume <= math.MaxUint32-quantity { // else the day is full: volume stays, as it must never fall
		t.Volume += quantity
		in.turnover += uint64(quantity) * uint64(price)
		t.AveragePrice = int32(in.turnover / uint64(t.Volume))
	}
	if in.oi {
		t.OI += uint32(r>>16)&0xf - 7
		t.OIDayHigh = max(t.OIDayHigh, t.OI)
		t.OIDayLow = min(t.OIDayLow, t.OI)
	}
	in.book(r)
}

// indexChange sets the "price change" field of an index packet as percent
// times 100, which is what the one public sample holds.
func (in *instrument) indexChange() {
	t := &in.tick
	t.RawChange = int32(int64(t.LastPrice-t.Close) * 10_000 / int64(t.Close))
}

// book builds five levels on each side of the last price, which is at the best
// bid, at the best ask, or between them.
func (in *instrument) book(r uint64) {
	t := &in.tick
	bid, ask := t.LastPrice, t.LastPrice
	if r>>32&1 == 0 {
		bid -= in.step
	}
	if r>>33&1 == 0 || bid == ask {
		ask += in.step
	}
	b, a := in.rng.Uint64(), in.rng.Uint64()
	t.TotalBuyQuantity = 10_000 + uint32(b>>48)
	t.TotalSellQuantity = 10_000 + uint32(a>>48)
	for i := range t.Bids {
		t.Bids[i] = level(b, bid)
		t.Asks[i] = level(a, ask)
		t.TotalBuyQuantity += t.Bids[i].Quantity
		t.TotalSellQuantity += t.Asks[i].Quantity
		bid -= in.step
		ask += in.step
		b, a = b>>12, a>>12
	}
}

// level makes a level of 1 to 4096 pieces in 1 to 64 orders, at least as many
// pieces as orders.
func level(r uint64, price int32) decode.Level {
	orders := 1 + uint32(r)&0x3f
	return decode.Level{Quantity: orders + uint32(r)&0xfc0, Price: price, Orders: orders}
}
