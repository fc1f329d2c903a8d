package cpu_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// present counts the pages of s that are in memory, by the kernel's own word.
// Faults of the first use would say less: the race detector has faults of its own.
func present(t *testing.T, s any) (pages, of int) {
	t.Helper()
	v := reflect.ValueOf(s)
	page := uintptr(os.Getpagesize())
	first := (v.Pointer() + page - 1) / page
	last := (v.Pointer() + uintptr(v.Len())*v.Type().Elem().Size()) / page
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	entries := make([]byte, 8*(last-first))
	if _, err := f.ReadAt(entries, int64(8*first)); err != nil {
		t.Skip(err)
	}
	for e := entries; len(e) > 0; e = e[8:] {
		if binary.NativeEndian.Uint64(e)>>63 == 1 {
			pages++
		}
	}
	return pages, int(last - first)
}

func TestPopulate(t *testing.T) {
	type item [208]byte
	for _, huge := range []bool{false, true} {
		s := make([]item, 64<<20/208)
		if n, of := present(t, s); n > of/2 {
			t.Logf("%d of %d pages were there before: Go has cleared used memory", n, of)
		}
		cpu.Populate(s, huge)
		if n, of := present(t, s); n != of {
			t.Errorf("huge %v: %d of %d pages are there", huge, n, of)
		}
		runtime.KeepAlive(s)
	}
}

// The kernel says of each mapping whether huge pages are wanted there.
func TestPopulateAsksForHugePages(t *testing.T) {
	if enabled, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || bytes.Contains(enabled, []byte("[never]")) {
		t.Skip("no huge pages here")
	}
	s := make([]uint64, 16<<20/8)
	cpu.Populate(s, true)
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	middle := uint64(reflect.ValueOf(s).Pointer()) + 8<<20
	inside := false
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from <= middle && middle < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside && !strings.Contains(flags, " hg") {
			t.Errorf("no huge pages are wanted in the middle of the memory: %s", flags)
		}
	}
	runtime.KeepAlive(s)
}
