package ring_test

import (
	"encoding/binary"
	"os"
	"reflect"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// No page of a new ring is missing: its first round costs what every one costs.
func TestMemoryIsPresent(t *testing.T) {
	// Larger than what earlier tests have left behind: used memory is present in any case.
	p, _ := ring.New[[208]byte](1 << 17)
	allPresent(t, p.ReserveN(0))
	bp, _ := ring.NewBytes(64 << 20)
	b, err := bp.Claim(bp.MaxRecord())
	if err != nil {
		t.Fatal(err)
	}
	allPresent(t, b)
}

func allPresent[T any](t *testing.T, items []T) {
	t.Helper()
	pagemap, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Skip(err)
	}
	defer pagemap.Close()
	page := uintptr(os.Getpagesize())
	from := reflect.ValueOf(items).Pointer()
	to := from + uintptr(len(items))*reflect.TypeFor[T]().Size()
	var entry [8]byte
	for n := from / page; n < to/page; n++ {
		if _, err := pagemap.ReadAt(entry[:], int64(n*8)); err != nil {
			t.Skip(err)
		}
		if binary.NativeEndian.Uint64(entry[:])>>63 == 0 { // the present bit
			t.Fatalf("a page is missing %d bytes from the start of %d", n*page-from, to-from)
		}
	}
}
