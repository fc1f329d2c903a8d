package kitetest_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestUniverse(t *testing.T) {
	all := kitetest.Universe(9000)
	segments := make(map[uint32]int)
	for _, token := range all {
		segments[token&0xff]++
	}
	for _, code := range []uint32{1, 2, 3, 4, 5, 6, 7, 9, 12} {
		if segments[code] != 1000 {
			t.Errorf("segment %d has %d tokens, want 1000", code, segments[code])
		}
	}
	sorted := slices.Sorted(slices.Values(all))
	if n := len(slices.Compact(sorted)); n != 9000 {
		t.Errorf("%d distinct tokens, want 9000", n)
	}
	if all[0] != 408065 || !slices.Equal(all[:9], kitetest.Universe(9)) {
		t.Errorf("starts with %v", all[:9])
	}
}

// market runs one instrument of every segment for n updates and calls each with
// all that is sent.
func market(t *testing.T, seed uint64, n int, each func(*decode.Tick)) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(9)
		s := kitetest.NewServer(t, kitetest.Config{
			Instruments: tokens,
			Seed:        seed,
			OnTick:      func(_ int, tick *decode.Tick) { each(tick) },
		})
		c := dial(t, s)
		go drain(c, nil)
		subscribe(c, decode.ModeFull, tokens)
		synctest.Wait()
		for range n {
			s.Step()
			time.Sleep(time.Millisecond)
		}
	})
}

func TestMarketMakesSense(t *testing.T) {
	rupees := map[uint32][2]float64{ // plausible prices of each segment
		1: {90, 5500}, 2: {45, 27500}, 3: {74, 93}, 4: {90, 5500}, 5: {45, 88000},
		6: {74, 93}, 7: {180, 82500}, 9: {9000, 88000}, 12: {180, 9350},
	}
	scale := map[uint32]float64{3: 1e7, 6: 1e4, 12: 1e4}
	last := make(map[uint32]decode.Tick)
	moved := make(map[uint32]bool)
	market(t, 1, 5000, func(tick *decode.Tick) {
		old, known := last[tick.Token]
		last[tick.Token] = *tick
		if tick.Mode != decode.ModeFull {
			return
		}
		if err := check(tick, old, known); err != nil {
			t.Errorf("%v\nin %#v\nafter %#v", err, *tick, old)
		}
		segment := tick.Token & 0xff
		unit := max(scale[segment], 100)
		if p, r := float64(tick.LastPrice)/unit, rupees[segment]; p < r[0] || p > r[1] {
			t.Errorf("segment %d: price %v, want %v to %v", segment, p, r[0], r[1])
		}
		if known && old.LastPrice != tick.LastPrice {
			moved[tick.Token] = true
		}
	})
	if len(moved) != 9 {
		t.Errorf("%d of 9 prices moved", len(moved))
	}
}

// check returns what is wrong with tick as the successor of old.
func check(tick *decode.Tick, old decode.Tick, known bool) error {
	now := uint32(time.Now().Unix())
	switch {
	case tick.ExchangeTime > now || now-tick.ExchangeTime > 1:
		return fmt.Errorf("exchange time %d at %d", tick.ExchangeTime, now)
	case tick.Low > tick.LastPrice || tick.LastPrice > tick.High:
		return fmt.Errorf("last is not between low and high")
	case tick.Low > tick.Open || tick.Open > tick.High:
		return fmt.Errorf("open is not between low and high")
	case tick.Close <= 0:
		return fmt.Errorf("no close")
	case known && (tick.High < old.High && old.High != 0 || tick.Open != old.Open && old.Open != 0):
		return fmt.Errorf("the day began again")
	}
	if tick.Flags&decode.FlagIndex != 0 {
		if tick.Volume|tick.OI|tick.LastQuantity|tick.LastTradeTime != 0 || tick.Bids[0].Price != 0 {
			return fmt.Errorf("an index is not traded")
		}
		if (tick.RawChange > 0) && tick.LastPrice <= tick.Close || (tick.RawChange < 0) && tick.LastPrice >= tick.Close {
			return fmt.Errorf("change has the wrong sign")
		}
		return nil
	}
	switch {
	case tick.AveragePrice < tick.Low || tick.AveragePrice > tick.High:
		return fmt.Errorf("average is not between low and high")
	case tick.Volume < old.Volume || tick.LastQuantity == 0:
		return fmt.Errorf("volume fell, or nothing was traded")
	case tick.OI < tick.OIDayLow || tick.OI > tick.OIDayHigh:
		return fmt.Errorf("open interest is not within its day")
	case tick.Bids[0].Price > tick.LastPrice || tick.LastPrice > tick.Asks[0].Price || tick.Bids[0].Price >= tick.Asks[0].Price:
		return fmt.Errorf("last is not between best bid and ask")
	}
	var buy, sell uint32
	for i := range tick.Bids {
		b, a := tick.Bids[i], tick.Asks[i]
		if i > 0 && (b.Price >= tick.Bids[i-1].Price || a.Price <= tick.Asks[i-1].Price) {
			return fmt.Errorf("level %d is out of order", i)
		}
		for _, l := range []decode.Level{a, b} {
			if l.Orders == 0 || l.Orders > 0xffff || l.Quantity < l.Orders || l.Price <= 0 {
				return fmt.Errorf("level %d is %+v", i, l)
			}
		}
		buy, sell = buy+b.Quantity, sell+a.Quantity
	}
	if tick.TotalBuyQuantity < buy || tick.TotalSellQuantity < sell {
		return fmt.Errorf("totals are less than the levels'")
	}
	return nil
}

func TestMarketIsDeterministic(t *testing.T) {
	run := func(seed uint64) (ticks []decode.Tick) {
		market(t, seed, 50, func(tick *decode.Tick) { ticks = append(ticks, *tick) })
		return ticks
	}
	a, b, other := run(1), run(1), run(2)
	if len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("same seed, different ticks:\n%s", cmp.Diff(a, b))
	}
	if slices.Equal(a, other) {
		t.Error("different seeds, same ticks")
	}
}

func TestStateOutlivesSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.next(ws.OpBinary)
		s.Step()
		before := c.next(ws.OpBinary)
		s.Conns()[0].Drop()
		synctest.Wait()
		if n := s.Step(); n != 0 {
			t.Errorf("Step sent %d ticks to nobody", n)
		}
		c = dial(t, s)
		c.text(`{"a":"subscribe","v":[408065]}`)
		if after := c.next(ws.OpBinary); string(after) != string(before) {
			t.Errorf("snapshot after the reconnect\n%x, want the state before it\n%x", after, before)
		}
	})
}

// At the ends of what a price can be, everything still makes sense: the book
// just has no levels beyond.
func TestTradeAtTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ticks := make(map[uint32]decode.Tick)
		tokens := kitetest.Universe(9)
		s := kitetest.NewServer(t, kitetest.Config{
			Instruments: tokens,
			OnTick:      func(_ int, tick *decode.Tick) { ticks[tick.Token] = *tick },
		})
		c := dial(t, s)
		go drain(c, nil)
		subscribe(c, decode.ModeFull, tokens)
		synctest.Wait()
		for _, price := range []int32{math.MaxInt32, math.MaxInt32 - 7, math.MinInt32, math.MinInt32 + 7, 0, -37_00} {
			for _, token := range tokens {
				s.Trade(token, price, 10)
				if got := ticks[token].LastPrice; got != price {
					t.Fatalf("%d traded at %d, want %d", token, got, price)
				}
			}
			for range 1000 {
				for _, tick := range ticks {
					if err := checkLimits(&tick, price); err != nil {
						t.Fatalf("after a trade at %d: %v\nin %#v", price, err, tick)
					}
				}
				s.Step()
			}
		}
	})
}

// checkLimits returns what is wrong with a tick whose walk began at price.
func checkLimits(tick *decode.Tick, price int32) error {
	if gap := int64(tick.LastPrice) - int64(price); max(gap, -gap) > max(int64(price)/10, -int64(price)/10, 100*25_000) {
		return fmt.Errorf("last has gone %d", gap)
	}
	if tick.Low > tick.LastPrice || tick.LastPrice > tick.High {
		return fmt.Errorf("last is not between low and high")
	}
	if tick.Flags&decode.FlagIndex != 0 {
		if (tick.RawChange > 0) != (tick.LastPrice > tick.Close) {
			return fmt.Errorf("change has the wrong sign")
		}
		return nil
	}
	if tick.AveragePrice < tick.Low || tick.AveragePrice > tick.High {
		return fmt.Errorf("average is not between low and high")
	}
	if tick.Bids[0].Price > tick.LastPrice || tick.LastPrice > tick.Asks[0].Price || tick.Bids[0].Price >= tick.Asks[0].Price {
		return fmt.Errorf("last is not between best bid and ask")
	}
	for i := 1; i < 5; i++ {
		if b := tick.Bids[i]; b != (decode.Level{}) && b.Price >= tick.Bids[i-1].Price {
			return fmt.Errorf("bid %d is out of order", i)
		}
		if a := tick.Asks[i]; a != (decode.Level{}) && a.Price <= tick.Asks[i-1].Price {
			return fmt.Errorf("ask %d is out of order", i)
		}
	}
	if tick.Bids[0].Orders == 0 || tick.Asks[0].Orders == 0 {
		return fmt.Errorf("a side has no best level")
	}
	return nil
}

func TestTrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last decode.Tick
		s := kitetest.NewServer(t, kitetest.Config{
			Instruments: []uint32{408065},
			OnTick:      func(_ int, tick *decode.Tick) { last = *tick },
		})
		c := dial(t, s)
		go drain(c, nil)
		subscribe(c, decode.ModeFull, []uint32{408065})
		synctest.Wait()
		before := last
		if n := s.Trade(408065, 7777_00, 42); n != 1 {
			t.Errorf("Trade sent %d ticks, want 1", n)
		}
		if last.LastPrice != 7777_00 || last.LastQuantity != 42 || last.Volume != before.Volume+42 {
			t.Errorf("got %#v", last)
		}
		if err := check(&last, before, true); err != nil {
			t.Error(err)
		}
		s.Trade(408065, 10_00, 1)
		low, high := last.LastPrice, last.LastPrice
		for range 20_000 { // it may go 100 steps of 5 paise either way
			s.Step()
			low, high = min(low, last.LastPrice), max(high, last.LastPrice)
		}
		if low < 5_00 || low > 6_00 || high > 15_00 || high < 14_00 {
			t.Errorf("the market walked between %d and %d, want almost 5.00 and 15.00", low, high)
		}
		if got, ok := s.Snapshot(408065); !ok || got != last {
			t.Errorf("Snapshot is %#v, %v, want what was sent, %#v", got, ok, last)
		}
		if _, ok := s.Snapshot(1); ok || s.Trade(1, 1, 1) != 0 {
			t.Error("token 1 is listed")
		}
	})
}
