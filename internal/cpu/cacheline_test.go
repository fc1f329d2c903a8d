package cpu_test

import (
	"testing"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

func TestPadSeparatesNeighbours(t *testing.T) {
	var s struct {
		_ cpu.Pad
		a uint64
		_ cpu.Pad
		b uint64
		_ cpu.Pad
	}
	// Wherever the allocator puts s, no two of a, b and what surrounds s may
	// share a line: the distance between any two is at least a line.
	if d := unsafe.Offsetof(s.a); d < cpu.CacheLine {
		t.Errorf("a is %d bytes from what precedes the struct, want at least %d", d, cpu.CacheLine)
	}
	if d := unsafe.Offsetof(s.b) - unsafe.Offsetof(s.a); d < cpu.CacheLine+unsafe.Sizeof(s.a) {
		t.Errorf("b is %d bytes from a, want at least a line after its end", d)
	}
	if d := unsafe.Sizeof(s) - unsafe.Offsetof(s.b); d < cpu.CacheLine+unsafe.Sizeof(s.b) {
		t.Errorf("what follows the struct is %d bytes from b, want at least a line after its end", d)
	}
}
