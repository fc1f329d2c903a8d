//go:build amd64 || arm64

package sock

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek fails with EAGAIN if there is nothing to read. It is a system call of its
// own since unix.Recvfrom allocates an address.
func peek(fd uintptr, p *byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(p)), 1, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
