package decode

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// These benchmarks are here because they need both ways to decode a full packet
// in one process; package bench measures what users get. Each loop is written
// out: the call of a function value would cost as much as what is measured.

// slots is how many slots of a ring are decoded into, one after the other: 852
// kB, more than a first-level cache holds.
const slots = 4096

// ways are those to treat a full packet. The first is the floor of the others.
func ways() []string {
	if useAVX2 {
		return []string{"copy", "avx2", "go"}
	}
	return []string{"copy", "go"}
}

// What a full packet costs: into the slot it had before, which is in the
// first-level cache, and into the next one of a ring, which is not.
func BenchmarkDecodeFull(b *testing.B) {
	pkt := extremes(fullLen)[6]
	for _, n := range []int{1, slots} {
		for _, way := range ways() {
			b.Run(fmt.Sprintf("slots=%d/way=%s", n, way), func(b *testing.B) {
				mask := n - 1
				var d Decoder
				i := 0
				ticks, copies := make([]Tick, slots), make([][208]byte, slots)
				b.ReportAllocs()
				switch way {
				case "copy":
					for b.Loop() {
						copy(copies[i&mask][:], pkt)
						i++
					}
				case "avx2":
					for b.Loop() {
						_ = d.Packet(&ticks[i&mask], pkt)
						i++
					}
				case "go":
					for b.Loop() {
						_ = d.packetGo(&ticks[i&mask], pkt)
						i++
					}
				}
			})
		}
	}
}

// What a message of 300 full packets costs, split and into the slots of a ring,
// with what a parser adds to each tick.
func BenchmarkDecodeFullFrame(b *testing.B) {
	const packets = 300
	msg := binary.BigEndian.AppendUint16(nil, packets)
	for i := range uint32(packets) {
		msg = binary.BigEndian.AppendUint16(msg, fullLen)
		msg = binary.BigEndian.AppendUint32(msg, i<<8|2)
		msg = append(msg, extremes(fullLen - 4)[6]...)
	}
	for _, way := range ways() {
		b.Run(fmt.Sprintf("packets=%d/way=%s", packets, way), func(b *testing.B) {
			var d Decoder
			var seq uint64
			ticks, copies := make([]Tick, slots), make([][208]byte, slots)
			b.ReportAllocs()
			for b.Loop() {
				s := Split(msg)
				switch way {
				case "copy":
					for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
						copy(copies[seq%slots][:], pkt)
						seq++
					}
				case "avx2":
					for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
						t := &ticks[seq%slots]
						_ = d.Packet(t, pkt)
						seq++
						t.ReceivedAt, t.Seq, t.Conn = 1, seq, 2
					}
				case "go":
					for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
						t := &ticks[seq%slots]
						_ = d.packetGo(t, pkt)
						seq++
						t.ReceivedAt, t.Seq, t.Conn = 1, seq, 2
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
		})
	}
}
