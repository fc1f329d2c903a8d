package main

import (
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/ring"
)

const token = 408065

// prices makes a path: n ticks at each of the given prices.
func prices(n int, levels ...int32) []kiteticker.Tick {
	var ticks []kiteticker.Tick
	for _, price := range levels {
		for range n {
			ticks = append(ticks, kiteticker.Tick{Token: token, LastPrice: price, Decimals: 2})
		}
	}
	return ticks
}

// decisions is what a strategy for one instrument decides on a path, in
// batches of one tick.
func decisions(t *testing.T, s *strategy, in *ring.Consumer[decision], path []kiteticker.Tick) (made []decision) {
	t.Helper()
	for i := range path {
		s.batch(path[i:i+1], 0)
		if d, ok := in.TryDequeue(); ok {
			made = append(made, d)
		}
	}
	return made
}

func oneInstrument() (*strategy, *ring.Consumer[decision]) {
	out, in := ring.New[decision](4)
	return newStrategy(nil, []uint32{token}, out), in
}

func TestStrategyFollowsTheTrend(t *testing.T) {
	s, in := oneInstrument()
	if got := decisions(t, s, in, prices(warmUp, 100_00, 90_00)); got != nil {
		t.Errorf("decided %v on the first trend, which crosses nothing", got)
	}
	// The price is back above both averages: the fast one is first to follow,
	// but has to come up from further below.
	got := decisions(t, s, in, prices(warmUp, 110_00))
	if len(got) != 1 || got[0].want != long || got[0].price != 110_00 || got[0].decimals != 2 {
		t.Errorf("decided %v on the way up, want to go long once at 110.00", got)
	}
	got = decisions(t, s, in, prices(warmUp, 90_00))
	if len(got) != 1 || got[0].want != short || got[0].price != 90_00 {
		t.Errorf("decided %v on the way down, want to go short once at 90.00", got)
	}
}

func TestStrategyWarmsUp(t *testing.T) {
	s, in := oneInstrument()
	path := slices.Concat(prices(warmUp/4, 100_00, 90_00), prices(warmUp/2, 110_00))
	if got := decisions(t, s, in, path); got != nil {
		t.Errorf("decided %v within the first %d ticks", got, warmUp)
	}
}

// Crude oil settled below zero in 2020.
func TestStrategyBelowZero(t *testing.T) {
	s, in := oneInstrument()
	decisions(t, s, in, prices(warmUp, 10_00, -10_00))
	got := decisions(t, s, in, prices(warmUp, 5_00, -20_00))
	if len(got) != 2 || got[0].want != long || got[1].want != short {
		t.Errorf("decided %v, want to go long and then short", got)
	}
}

func TestStrategyForgetsAtAGap(t *testing.T) {
	for name, gap := range map[string]func(*strategy){
		"ticks lost": func(s *strategy) { s.batch(prices(1, 90_00), 7) },
		"outage":     func(s *strategy) { s.gaps.Add(1) },
	} {
		t.Run(name, func(t *testing.T) {
			s, in := oneInstrument()
			decisions(t, s, in, prices(warmUp, 100_00, 90_00))
			gap(s)
			if got := decisions(t, s, in, prices(warmUp, 110_00)); got != nil {
				t.Errorf("decided %v across the gap", got)
			}
			if s.forgot != 1 {
				t.Errorf("forgot %d times, want once", s.forgot)
			}
			got := decisions(t, s, in, prices(warmUp, 120_00, 90_00))
			if len(got) != 1 || got[0].want != short {
				t.Errorf("decided %v once warm again, want to go short", got)
			}
		})
	}
}

func TestStrategyWithoutRoom(t *testing.T) {
	s, in := oneInstrument()
	for range 4 {
		s.out.TryEnqueue(decision{})
	}
	s.batch(prices(warmUp, 100_00, 90_00, 110_00), 0)
	if s.dropped != 1 || in.Len() != 4 {
		t.Errorf("%d decisions dropped, %d wait, want 1 and 4", s.dropped, in.Len())
	}
}

func TestStrategyDoesNotAllocate(t *testing.T) {
	s, in := oneInstrument()
	path := slices.Concat(prices(warmUp, 100_00, 90_00), prices(warmUp, 110_00))
	allocs := testing.AllocsPerRun(100, func() {
		s.batch(path, 1)
		for _, ok := in.TryDequeue(); ok; _, ok = in.TryDequeue() {
		}
	})
	if allocs != 0 {
		t.Errorf("a batch allocates %v times, want 0", allocs)
	}
}
