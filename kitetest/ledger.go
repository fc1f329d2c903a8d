package kitetest

import (
	"encoding/binary"
	"math/bits"
)

// Entry accounts for the packets of one instrument: how many there were, and
// a digest of their bytes that depends on their order. Two equal entries prove
// the same packets in the same order, up to the odds of a 64-bit collision.
type Entry struct {
	Ticks  uint64
	Digest uint64
}

// Odd constants with well-spread bits, from wyhash.
const (
	mixA = 0xa0761d6478bd642f
	mixB = 0xe7037ed1a0b428db
)

// Add accounts for one packet.
//
// A receiver proves that it got everything by keeping an Entry per instrument,
// adding the bytes of each packet ([AppendPacket] turns a decoded tick back
// into them), and comparing with [Server.Ledger].
func (e *Entry) Add(packet []byte) {
	h := e.Digest ^ uint64(len(packet))
	for len(packet) >= 16 {
		h = mix(h^binary.LittleEndian.Uint64(packet), binary.LittleEndian.Uint64(packet[8:])^mixA)
		packet = packet[16:]
	}
	var tail [16]byte
	copy(tail[:], packet)
	h = mix(h^binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:])^mixB)
	e.Digest = h
	e.Ticks++
}

// mix folds a 128-bit product: every bit of the result depends on all bits of
// both words.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Totals counts what a server handed to its sockets since it started.
type Totals struct {
	Ticks      uint64 // packets of the market, counted once per socket
	Messages   uint64 // messages that carried them
	Bytes      uint64 // bytes of those messages, WebSocket headers included
	Heartbeats uint64
}
