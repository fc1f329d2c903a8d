package fuzz

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
)

// Law: whatever the bytes of a message are, decoder and reference see the same
// ticks, the same errors and the same counts; nothing panics; every byte is
// consumed by a packet or counted as trailing.
func FuzzDecode(f *testing.F) {
	packets := goldenPackets(f)
	whole := frameOf(packets...)
	f.Add(whole)
	for _, pkt := range packets {
		f.Add(frameOf(pkt))
	}
	for _, cut := range []int{2, 3, 4, 5, 13, 100, len(whole) - 1} {
		f.Add(whole[:cut])
	}
	f.Add(append(bytes.Clone(whole), 1, 2, 3))                                        // trailing bytes
	f.Add(frameOf(packets[0], make([]byte, 164), nil, make([]byte, 7)))               // lengths without a meaning
	f.Add([]byte(nil))                                                                // nothing
	f.Add([]byte{0})                                                                  // a heartbeat
	f.Add([]byte{0, 0})                                                               // no packets
	f.Add([]byte{0, 0, 9})                                                            // no packets, and a byte
	f.Add([]byte{0, 1})                                                               // a packet promised
	f.Add([]byte{0, 1, 0})                                                            // half a length
	f.Add([]byte{0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff})                                 // numbers with the sign bit
	f.Add([]byte("\x00\x01\x00\x1c\x00\x03\xe9\x09\x00\x0d\xed\x2d\x00\x0d\xfd\x18" + // forum sample
		"\x00\x0d\xe9\x0e\x00\x0d\xfc\xd7\x00\x0d\xed\x2d\xff\xff\xff\xdc"))

	f.Fuzz(func(t *testing.T, msg []byte) {
		got, consumed := decodeMessage(t, msg)
		if want := refMessage(msg); !reflect.DeepEqual(want, got) {
			t.Errorf("decoder and reference differ (-reference +decoder):\n%s", cmp.Diff(want, got, cmp.AllowUnexported(outcome{})))
		}
		if consumed+got.trailing != len(msg) {
			t.Errorf("%d bytes consumed and %d trailing of %d", consumed, got.trailing, len(msg))
		}
	})
}

// decodeMessage is the outcome of msg by the decoder, into one slot that is
// never cleaned.
func decodeMessage(t *testing.T, msg []byte) (o outcome, consumed int) {
	t.Helper()
	var dec decode.Decoder
	slot := decode.Tick{Token: 1<<32 - 1, Seq: 1<<64 - 1, Flags: 255, RawChange: -1, Conn: 255, ReceivedAt: -1}
	o.heartbeat = decode.IsHeartbeat(msg)
	consumed = min(len(msg), 2) // a count, or a heartbeat
	s := decode.Split(msg)
	o.count = s.Count()
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		o.packets++
		consumed += 2 + len(pkt)
		switch err := dec.Packet(&slot, pkt); {
		case err == nil:
			o.ticks = append(o.ticks, slot)
		case errors.Is(err, decode.ErrPacketLength):
			o.unknown++
		default:
			t.Errorf("unexpected error: %v", err)
		}
	}
	if err := s.Err(); errors.Is(err, decode.ErrTruncated) {
		o.truncated = true
	} else if err != nil {
		t.Errorf("unexpected error: %v", err)
	}
	o.trailing = s.Trailing()
	return o, consumed
}

// Law: a packet decodes by its own bytes and the table alone. What the slot
// held, what stands around the packet in memory, and an unknown length, which
// leaves the slot as it was, do not show.
func FuzzPacket(f *testing.F) {
	for _, pkt := range goldenPackets(f) {
		f.Add(pkt, uint8(12), uint8(4), false)
	}
	for _, n := range []int{28, 44, 164} { // of a segment that is not in the table
		f.Add(make([]byte, n), uint8(13), uint8(9), true)
	}
	f.Add([]byte(nil), uint8(9), uint8(0), false)

	f.Fuzz(func(t *testing.T, pkt []byte, code, decimals uint8, index bool) {
		segments := map[uint8]refSegment{code: {decimals, index}}
		for c, s := range refSegments {
			if c != code {
				segments[c] = s
			}
		}
		dec, err := decode.NewDecoder(decode.Segment{Code: code, Decimals: decimals, Index: index})
		if (err != nil) != (decimals > 9) {
			t.Fatalf("%d decimals: error %v", decimals, err)
		}
		if err != nil {
			return
		}

		want, known := refPacket(pkt, segments)
		if mode, ok := decode.PacketMode(len(pkt)); ok != known || mode != want.Mode {
			t.Errorf("PacketMode(%d) = %v, %v, reference %v, %v", len(pkt), mode, ok, want.Mode, known)
		}
		for _, around := range []byte{0x00, 0xff} {
			dirty := decode.Tick{
				Token: uint32(around), Close: int32(around), OI: uint32(around),
				ReceivedAt: int64(around), Seq: uint64(around), Conn: around, RawChange: int32(around),
			}
			dirty.Bids[4].Orders, dirty.Asks[4].Orders = uint32(around), uint32(around)
			memory := bytes.Repeat([]byte{around}, len(pkt)+512)
			inner := memory[256 : 256+copy(memory[256:], pkt)]
			got := dirty
			err := dec.Packet(&got, inner)
			switch {
			case known && (err != nil || got != want):
				t.Errorf("error %v, tick differs (-reference +decoder):\n%s", err, cmp.Diff(want, got))
			case !known && (!errors.Is(err, decode.ErrPacketLength) || got != dirty):
				t.Errorf("%d bytes: error %v, want ErrPacketLength and the slot untouched", len(pkt), err)
			}
		}
	})
}

// frameOf frames packets as the server does.
func frameOf(packets ...[]byte) []byte {
	msg := binary.BigEndian.AppendUint16(nil, uint16(len(packets)))
	for _, pkt := range packets {
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(pkt)))
		msg = append(msg, pkt...)
	}
	return msg
}

// goldenPackets returns the golden packets of package decode, in hex with
// comments, in the order of their names.
func goldenPackets(f *testing.F) (packets [][]byte) {
	f.Helper()
	files, err := filepath.Glob("../decode/testdata/*.packet")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden packets (error %v)", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var digits strings.Builder
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		pkt, err := hex.DecodeString(digits.String())
		if err != nil {
			f.Fatalf("%s: %v", file, err)
		}
		packets = append(packets, pkt)
	}
	return packets
}
