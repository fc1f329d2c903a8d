//go:build !purego

package decode

import "golang.org/x/sys/cpu"

// useAVX2 is whether the processor has AVX2 and the operating system saves its
// registers. GODEBUG=cpu.avx2=off clears it for a run, the build tag purego for
// good.
var useAVX2 = cpu.X86.HasAVX2

// fullAVX2 is full by AVX2. It returns false on a machine that has none, and
// then has done nothing.
func fullAVX2(t *Tick, p *[fullLen]byte) bool {
	if !useAVX2 {
		return false
	}
	swapFull(t, p)
	return true
}

// swapFull sets the first 184 bytes of t, every number of a full packet, and
// touches no other. See packet_amd64.s.
//
//go:noescape
func swapFull(t *Tick, p *[fullLen]byte)
