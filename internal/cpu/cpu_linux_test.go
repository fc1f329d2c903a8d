package cpu_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// onOwnThread runs f on a thread that ends with f, so that no binding outlives
// the test.
func onOwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

func TestPin(t *testing.T) {
	before, err := cpu.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	if len(before) == 0 || !slices.IsSorted(before) {
		t.Fatalf("Allowed() = %v, want some cpus in ascending order", before)
	}
	for _, want := range before {
		onOwnThread(func() {
			if err := cpu.Pin(want); err != nil {
				t.Errorf("Pin(%d): %v", want, err)
				return
			}
			if got, err := cpu.Allowed(); err != nil || !slices.Equal(got, []int{want}) {
				t.Errorf("after Pin(%d), Allowed() = %v, %v", want, got, err)
			}
			// The kernel's own word for where the thread is.
			var at uint32
			if _, _, e := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); e != 0 {
				t.Errorf("getcpu: %v", e)
			} else if int(at) != want {
				t.Errorf("after Pin(%d), the thread runs on cpu %d", want, at)
			}
		})
	}
	if after, err := cpu.Allowed(); err != nil || !slices.Equal(after, before) {
		t.Errorf("after the pinned threads ended, Allowed() = %v, %v, want %v", after, err, before)
	}
}

// A second Pin replaces the first: the binding is not an intersection.
func TestPinAgain(t *testing.T) {
	cpus, err := cpu.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	first, last := cpus[0], cpus[len(cpus)-1]
	onOwnThread(func() {
		for _, want := range []int{first, last, first} {
			if err := cpu.Pin(want); err != nil {
				t.Errorf("Pin(%d): %v", want, err)
			}
			if got, _ := cpu.Allowed(); !slices.Equal(got, []int{want}) {
				t.Errorf("after Pin(%d), Allowed() = %v", want, got)
			}
		}
	})
}

func TestPinRefuses(t *testing.T) {
	for _, bad := range []int{-1, math.MinInt, 1023, 1024, math.MaxInt} {
		onOwnThread(func() {
			before, err := cpu.Allowed()
			if err != nil {
				t.Error(err)
				return
			}
			if slices.Contains(before, bad) {
				return // a machine of 1024 cpus
			}
			if err := cpu.Pin(bad); err == nil {
				t.Errorf("Pin(%d) succeeded", bad)
			}
			if after, _ := cpu.Allowed(); !slices.Equal(after, before) {
				t.Errorf("a refused Pin(%d) changed Allowed() from %v to %v", bad, before, after)
			}
		})
	}
}
