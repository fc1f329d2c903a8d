//go:build !linux

package sock

// Only Linux was measured, and only there is it known that this helps.
const canPoll = false

func read(uintptr, []byte) (int, error) { return 0, ErrUnsupported }

func ackAtOnce(uintptr) error { return ErrUnsupported }

func readable(uintptr, int) {}

func busyPoll(uintptr, int) error { return ErrUnsupported }
