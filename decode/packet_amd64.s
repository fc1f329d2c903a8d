//go:build !purego

#include "textflag.h"

// A full packet and the first 184 bytes of a Tick are the same words of 4 bytes
// at the same offsets, big-endian there and little-endian here. So 32 bytes are
// loaded, their words are turned round, and they are stored where they came
// from; six times, of which the last begins 8 bytes early instead of reaching
// beyond the end, and does those 8 bytes again. Nothing is read but the packet
// and nothing written but the Tick, and neither needs to be aligned.
//
// VPSHUFB turns the words round. It works in each half of a register, 16 bytes,
// by itself: byte i of the result is the byte of that half which byte i of the
// mask says, or zero if the mask says 0x80. To turn round the word at n, the
// mask has n+3 n+2 n+1 n there. DATA writes 8 bytes as one number, its lowest
// byte first, so the masks below are to be read from right to left.

// Four words.
DATA words<>+0(SB)/8, $0x04050607_00010203
DATA words<>+8(SB)/8, $0x0c0d0e0f_08090a0b
GLOBL words<>(SB), RODATA|NOPTR, $16

// From byte 64 on there are levels of three words: quantity, price, and orders,
// of which only the first two bytes count. The mask has n+1 n 80 80 for them.
// Four words to a half, three to a level: which word is orders changes from half
// to half and repeats after three. In words, o for orders:
//
//	 64 to  95   . . o .   . o . .   the mask at 0x00
//	 96 to 127   o . . o   . . o .   the mask at 0x20
//	128 to 159   . o . .   o . . o   the mask at 0x40
//	152 to 183   . o . .   o . . o   the same
DATA depth<>+0x00(SB)/8, $0x04050607_00010203
DATA depth<>+0x08(SB)/8, $0x0c0d0e0f_80800809
DATA depth<>+0x10(SB)/8, $0x80800405_00010203
DATA depth<>+0x18(SB)/8, $0x0c0d0e0f_08090a0b
DATA depth<>+0x20(SB)/8, $0x04050607_80800001
DATA depth<>+0x28(SB)/8, $0x80800c0d_08090a0b
DATA depth<>+0x30(SB)/8, $0x04050607_00010203
DATA depth<>+0x38(SB)/8, $0x0c0d0e0f_80800809
DATA depth<>+0x40(SB)/8, $0x80800405_00010203
DATA depth<>+0x48(SB)/8, $0x0c0d0e0f_08090a0b
DATA depth<>+0x50(SB)/8, $0x04050607_80800001
DATA depth<>+0x58(SB)/8, $0x80800c0d_08090a0b
GLOBL depth<>(SB), RODATA|NOPTR, $96

// func swapFull(t *Tick, p *[fullLen]byte)
TEXT ·swapFull(SB), NOSPLIT, $0-16
	MOVQ           t+0(FP), DI
	MOVQ           p+8(FP), SI
	VBROADCASTI128 words<>(SB), Y6        // in both halves
	VMOVDQU        depth<>+0x40(SB), Y7
	VMOVDQU        0(SI), Y0
	VMOVDQU        32(SI), Y1
	VMOVDQU        64(SI), Y2
	VMOVDQU        96(SI), Y3
	VMOVDQU        128(SI), Y4
	VMOVDQU        152(SI), Y5            // ends with the packet, at 184
	VPSHUFB        Y6, Y0, Y0
	VPSHUFB        Y6, Y1, Y1
	VPSHUFB        depth<>+0x00(SB), Y2, Y2
	VPSHUFB        depth<>+0x20(SB), Y3, Y3
	VPSHUFB        Y7, Y4, Y4
	VPSHUFB        Y7, Y5, Y5
	VMOVDQU        Y0, 0(DI)
	VMOVDQU        Y1, 32(DI)
	VMOVDQU        Y2, 64(DI)
	VMOVDQU        Y3, 96(DI)
	VMOVDQU        Y4, 128(DI)
	VMOVDQU        Y5, 152(DI)
	VZEROUPPER                            // or the SSE code around pays for the upper halves
	RET
