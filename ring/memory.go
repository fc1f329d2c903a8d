package ring

import "github.com/kiteticker/kiteticker/internal/cpu"

// Pages is the size of the pages that a ring's memory is made of.
type Pages uint8

const (
	// NormalPages are of the machine's usual size, 4 KiB on most.
	NormalPages Pages = iota
	// HugePages are of 2 MiB, where Linux grants them and the ring covers whole
	// ones. Fewer entries for the translation of addresses make large records up
	// to a tenth faster (23.5 µs against 26.7 to copy one of 558 kB in and read
	// it, on a quiet machine; on a busy one the difference drowns), and the
	// memory is there in a fifth of the time.
	HugePages
)

// allocate returns n zero items whose memory is present. A ring comes to each of
// its pages sooner or later, whatever its load, and a page that is not there yet
// costs whoever comes first: a record of 558 kB took 165 µs to copy into fresh
// memory, and 37 into memory that was present (BenchmarkMemory in bench).
//
// It is Go's memory, in spite of the idea of hiding large rings from the garbage
// collector: it does not look into items without pointers anyway, and items are lent out as
// slices, which only Go's own memory outlives safely.
func allocate[T any](pages Pages, n int) []T {
	items := make([]T, n)
	cpu.Populate(items, pages == HugePages)
	return items
}
