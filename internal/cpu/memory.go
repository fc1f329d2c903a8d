package cpu

import (
	"os"
	"unsafe"
)

// Populate makes the memory of s present, so that using it later never waits
// for the kernel to find and clear a page: a first write to a page costs 1 µs
// here. s must be fresh from make, and nobody else's yet: it is set to zero
// values.
//
// With huge it asks for huge pages first, as far as s covers whole ones, 2 MiB
// on most machines; where the system refuses, the pages are of the usual size.
// That is Linux only, and there up to
// /sys/kernel/mm/transparent_hugepage/enabled, which must not be "never". The
// wish stays with the addresses when the garbage collector gives them to others.
//
// s is memory of Go's as before, so whoever holds a part of it holds it all,
// and nothing is to be given back by hand.
func Populate[T any](s []T, huge bool) {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if len(s) == 0 || size == 0 {
		return
	}
	if huge {
		hugePages(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*size))
	}
	for i := 0; i < len(s); i += max(1, os.Getpagesize()/size) {
		s[i] = zero
	}
	s[len(s)-1] = zero
}
