package kiteticker

import (
	"testing"

	native "github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/gokite/models"
)

// Turning a tick into one of package models takes no memory.
func TestConversionDoesNotAllocate(t *testing.T) {
	tick := native.Tick{Token: 408065, LastPrice: 1528_35, Close: 1500_00, Mode: native.ModeFull, ExchangeTime: 1625461887, Decimals: 2}
	sum := 0.0
	f := func(m models.Tick) { sum += m.NetChange }
	if n := testing.AllocsPerRun(1000, func() { f(tickOf(&tick)) }); n != 0 {
		t.Errorf("%v allocations per tick, want 0", n)
	}
	if sum == 0 {
		t.Error("nothing was converted")
	}
}
