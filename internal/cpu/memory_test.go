package cpu_test

import (
	"testing"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// Whatever the length, the items stay zero and what lies beside them is not
// touched.
func TestPopulateStaysInside(t *testing.T) {
	for _, n := range []int{0, 1, 2, 4095, 4096, 4097, 100_000} {
		for _, huge := range []bool{false, true} {
			around := make([]byte, n+2)
			around[0], around[n+1] = 1, 1
			cpu.Populate(around[1:n+1], huge)
			for i, b := range around {
				if want := byte(0); i == 0 || i == n+1 {
					want = 1
					if b != want {
						t.Fatalf("%d bytes: the neighbour at %d was written", n, i)
					}
				} else if b != want {
					t.Fatalf("%d bytes: byte %d is %d", n, i, b)
				}
			}
		}
	}
	cpu.Populate(make([]struct{}, 3), true) // has no memory
	cpu.Populate[*int](nil, true)
	p := make([]*int, 5000)
	cpu.Populate(p, true)
}
