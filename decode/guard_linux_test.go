package decode

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns a page of memory between two that nobody may touch.
func guarded(t *testing.T) []byte {
	t.Helper()
	page := os.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(memory) })
	middle := memory[page : 2*page]
	if err := syscall.Mprotect(middle, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		t.Fatal(err)
	}
	return middle
}

// faults reports whether f touches memory that it may not.
func faults(f func()) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	f()
	return nil
}

// The guards guard: without this the test below could not fail.
func TestGuardedMemory(t *testing.T) {
	page := guarded(t)
	var read byte
	for name, touch := range map[string]func(){
		"read before": func() { read = *(*byte)(unsafe.Add(unsafe.Pointer(&page[0]), -1)) },
		"read after":  func() { read = *(*byte)(unsafe.Add(unsafe.Pointer(&page[0]), len(page))) },
		"write after": func() { *(*byte)(unsafe.Add(unsafe.Pointer(&page[0]), len(page))) = 1 },
	} {
		if faults(touch) == nil {
			t.Errorf("%s: nothing happened, read %d", name, read)
		}
	}
	if fault := faults(func() { clear(page) }); fault != nil {
		t.Errorf("the page itself: %v", fault)
	}
}

// Law: nothing is read but the packet and nothing is written but the tick. Of
// every length, the packet begins or ends at memory that cannot be read, and
// the tick at memory that cannot be written.
func TestStaysInside(t *testing.T) {
	var d Decoder
	packets, ticks := guarded(t), guarded(t)
	const size = int(unsafe.Sizeof(Tick{}))
	for n := range 2 * fullLen {
		for _, packetAt := range []int{0, len(packets) - n} {
			pkt := packets[packetAt : packetAt+n : packetAt+n]
			copy(pkt, bytes.Repeat([]byte{7, 11, 13}, n))
			for _, tickAt := range []int{0, len(ticks) - size} {
				for i := range ticks {
					ticks[i] = 0xee
				}
				tick := (*Tick)(unsafe.Pointer(&ticks[tickAt]))
				where := fmt.Sprintf("packet of %d bytes at %d, tick at %d", n, packetAt, tickAt)
				var viewed Tick
				if fault := faults(func() {
					_ = d.Packet(tick, pkt)
					if p, ok := d.View(pkt); ok {
						viewed = tickOf(p)
					}
				}); fault != nil {
					t.Fatalf("%s: %v", where, fault)
				}
				if _, ok := PacketMode(n); ok && *tick != viewed {
					t.Errorf("%s: tick is %+v, by its view %+v", where, *tick, viewed)
				}
				for i, b := range ticks {
					if (i < tickAt || i >= tickAt+size) && b != 0xee {
						t.Fatalf("%s: byte %d was written", where, i)
					}
				}
			}
		}
	}
}
