package ring

import (
	"math"
	"testing"
)

// A test of what no test can commit often enough to see from outside.
func TestFoldStopsCounting(t *testing.T) {
	state := fold(7, 0b01, 9)
	if want := uint64(1)<<32 | 0b01<<24 | 9; state != want {
		t.Errorf("the first update gives %#x, want %#x", state, want)
	}
	state += (math.MaxUint32 - 2) << 32
	for _, count := range []uint64{math.MaxUint32, math.MaxUint32} {
		state = fold(state, 0b10, slotMask)
		if want := count<<32 | 0b11<<24 | slotMask; state != want {
			t.Errorf("the next update gives %#x, want %#x", state, want)
		}
	}
}
