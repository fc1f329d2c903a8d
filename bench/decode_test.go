package bench

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
)

// What one packet costs, into a slot that is in the cache. Copy184 is the
// floor, moving the bytes without looking at them.
func BenchmarkDecodePacket(b *testing.B) {
	for _, kind := range []struct {
		name string
		pkt  []byte
	}{
		{"full", rawPacket(184, 1<<8|2)},
		{"quote", rawPacket(44, 1<<8|2)},
		{"ltp", rawPacket(8, 1<<8|2)},
		{"index", rawPacket(32, 1<<8|9)},
	} {
		b.Run("kind="+kind.name, func(b *testing.B) {
			var dec decode.Decoder
			var tick decode.Tick
			b.ReportAllocs()
			for b.Loop() {
				if err := dec.Packet(&tick, kind.pkt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The floor of DecodePacket/kind=full.
func BenchmarkCopy184(b *testing.B) {
	src, dst := rawPacket(184, 1<<8|2), make([]byte, 184)
	for b.Loop() {
		copy(dst, src)
	}
	if !bytes.Equal(dst, src) {
		b.Fatal("nothing was copied")
	}
}

var packetsPerFrame = []int{1, 100, 300, 3000}

// slotCount is the number of slots the frames go to, as they go to a tick
// ring: 852 kB, more than a first-level cache holds.
const slotCount = 4096

// What a frame of full packets costs, split and decoded into the slots of a
// ring, with what a parser adds to each tick. CopyFrame is the floor.
func BenchmarkDecodeFrame(b *testing.B) {
	for _, packets := range packetsPerFrame {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) {
			var dec decode.Decoder
			var seq uint64
			slots := make([]decode.Tick, slotCount)
			msg := fullFrame(packets)
			b.ReportAllocs()
			for b.Loop() {
				s := decode.Split(msg)
				for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
					t := &slots[seq%slotCount]
					if err := dec.Packet(t, pkt); err != nil {
						b.Fatal(err)
					}
					seq++
					t.ReceivedAt, t.Seq, t.Conn = 1, seq, 2
				}
				if err := s.Err(); err != nil {
					b.Fatal(err)
				}
			}
			reportPerPacket(b, packets)
		})
	}
}

// What it costs to look at the token and the last price of every packet of a
// frame. DecodeFrame is the other way to get at them.
func BenchmarkViewFrame(b *testing.B) {
	for _, packets := range packetsPerFrame {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) {
			var dec decode.Decoder
			var sum uint32
			msg := fullFrame(packets)
			b.ReportAllocs()
			for b.Loop() {
				s := decode.Split(msg)
				for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
					if p, ok := dec.View(pkt); ok {
						sum += p.Token() + uint32(p.LastPrice())
					}
				}
			}
			if sum == 0 {
				b.Fatal("nothing was seen")
			}
			reportPerPacket(b, packets)
		})
	}
}

// The floor of DecodeFrame: the same packets, split and copied into slots of
// the same size.
func BenchmarkCopyFrame(b *testing.B) {
	for _, packets := range packetsPerFrame {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) {
			var seq uint64
			slots := make([][208]byte, slotCount)
			msg := fullFrame(packets)
			for b.Loop() {
				s := decode.Split(msg)
				for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
					copy(slots[seq%slotCount][:], pkt)
					seq++
				}
			}
			reportPerPacket(b, packets)
		})
	}
}

func reportPerPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
}

// rawPacket returns n bytes of all values that begin with token.
func rawPacket(n int, token uint32) []byte {
	pkt := make([]byte, n)
	for i := range pkt {
		pkt[i] = byte(i * 7)
	}
	binary.BigEndian.PutUint32(pkt, token)
	return pkt
}

// fullFrame returns a message of n full packets of as many tokens.
func fullFrame(n int) []byte {
	msg := binary.BigEndian.AppendUint16(nil, uint16(n))
	for i := range n {
		pkt := rawPacket(184, uint32(i)<<8|2)
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(pkt)))
		msg = append(msg, pkt...)
	}
	return msg
}
