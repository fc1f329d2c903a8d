//go:build !amd64 || purego

package decode

// useAVX2 is false here, and the compiler leaves no trace of fullAVX2.
const useAVX2 = false

func fullAVX2(*Tick, *[fullLen]byte) bool { return useAVX2 }
