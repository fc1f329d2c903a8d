//go:build !linux

package cpu

// Nothing is done here rather than something weaker: a hint that the scheduler
// may ignore would look like a guarantee to the caller.

func pin(int) error { return ErrUnsupported }

func allowed() ([]int, error) { return nil, ErrUnsupported }

func hugePages([]byte) {}
