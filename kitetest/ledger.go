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

// Ledger returns the account of every instrument that was sent at least once:
// its packets on all sockets, snapshots included, in the order they were handed
// over. A packet that goes to two sockets counts twice, so digests compare only
// if each token has one subscriber at a time. Messages that a test sends itself
// are not in it, and a socket that was cut may have lost what its client had
// not read.
func (s *Server) Ledger() map[uint32]Entry {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	ledger := make(map[uint32]Entry)
	for _, in := range m.ins {
		if in != nil && in.entry.Ticks > 0 {
			ledger[in.tick.Token] = in.entry
		}
	}
	return ledger
}

// Totals counts what a server handed to its sockets since it started.
type Totals struct {
	Ticks      uint64 // packets of the market, counted once per socket
	Messages   uint64 // binary messages that carried them
	Bytes      uint64 // payload bytes of those messages
	Heartbeats uint64
}

// Totals returns the counts so far. It never waits; they stand still while the
// market is paused.
func (s *Server) Totals() Totals {
	return Totals{
		Ticks:      s.market.ticks.Load(),
		Messages:   s.market.messages.Load(),
		Bytes:      s.market.bytes.Load(),
		Heartbeats: s.heartbeats.Load(),
	}
}
