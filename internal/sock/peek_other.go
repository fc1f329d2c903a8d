//go:build !linux || (!amd64 && !arm64)

package sock

// peek does not know.
func peek(uintptr, *byte) error { return ErrUnsupported }
