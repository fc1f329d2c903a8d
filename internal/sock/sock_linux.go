package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const canPoll = true

func read(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

func ackAtOnce(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
}

// readable sets how many bytes must have arrived for the socket to count as
// readable. A read that does not wait gets fewer, too.
func readable(fd uintptr, bytes int) {
	_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes)
}

func busyPoll(fd uintptr, micros int) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BUSY_POLL, micros)
}
