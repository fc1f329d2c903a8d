package decode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
)

// message frames packets as the server does.
func message(packets ...[]byte) []byte {
	msg := binary.BigEndian.AppendUint16(nil, uint16(len(packets)))
	for _, pkt := range packets {
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(pkt)))
		msg = append(msg, pkt...)
	}
	return msg
}

// split returns everything a Splitter says about msg.
func split(msg []byte) (packets [][]byte, s decode.Splitter) {
	s = decode.Split(msg)
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		packets = append(packets, pkt)
	}
	return packets, s
}

func TestSplit(t *testing.T) {
	type packets = []string
	for _, tt := range []struct {
		name      string
		msg       string
		want      packets
		count     int
		trailing  int
		truncated bool
	}{
		{"nothing at all", "", nil, 0, 0, true},
		{"heartbeat", "\x00", nil, 0, 0, false},
		{"heartbeat of another value", "\xff", nil, 0, 0, false},
		{"no packets", "\x00\x00", nil, 0, 0, false},
		{"no packets, one byte more", "\x00\x00\x07", nil, 0, 1, false},
		{"a count alone", "\x00\x01", nil, 1, 0, true},
		{"a count and half a length", "\x00\x01\x00", nil, 1, 1, true},
		{"a packet of no bytes", "\x00\x01\x00\x00", packets{""}, 1, 0, false},
		{"one packet", "\x00\x01\x00\x03abc", packets{"abc"}, 1, 0, false},
		{"two packets", "\x00\x02\x00\x03abc\x00\x01d", packets{"abc", "d"}, 2, 0, false},
		{"an empty packet between", "\x00\x03\x00\x01a\x00\x00\x00\x01b", packets{"a", "", "b"}, 3, 0, false},
		{"trailing bytes", "\x00\x01\x00\x03abcdefg", packets{"abc"}, 1, 4, false},
		{"a length beyond the end", "\x00\x02\x00\x03abc\x00\x02d", packets{"abc"}, 2, 3, true},
		{"a count beyond the end", "\x00\x03\x00\x03abc\x00\x01d", packets{"abc", "d"}, 3, 0, true},
		{"numbers are unsigned", "\xff\xff\xff\xffabc", nil, 65535, 5, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, s := split([]byte(tt.msg))
			var text packets
			for _, pkt := range got {
				text = append(text, string(pkt))
			}
			if diff := cmp.Diff(tt.want, text); diff != "" {
				t.Errorf("packets (-want +got):\n%s", diff)
			}
			if s.Count() != tt.count {
				t.Errorf("Count() = %d, want %d", s.Count(), tt.count)
			}
			if s.Trailing() != tt.trailing {
				t.Errorf("Trailing() = %d, want %d", s.Trailing(), tt.trailing)
			}
			if errors.Is(s.Err(), decode.ErrTruncated) != tt.truncated || s.Err() != nil != tt.truncated {
				t.Errorf("Err() = %v, truncated %v", s.Err(), tt.truncated)
			}
			if decode.IsHeartbeat([]byte(tt.msg)) != (len(tt.msg) == 1) {
				t.Errorf("IsHeartbeat(%q) is wrong", tt.msg)
			}
			if pkt, ok := s.Next(); ok || pkt != nil {
				t.Errorf("Next() after the end = %q, %v", pkt, ok)
			}
		})
	}
}

// Law: cut anywhere, a message gives every packet that is whole, says that
// more was promised, and accounts for every byte.
func TestSplitTruncated(t *testing.T) {
	golden := goldenPackets(t)
	sent := [][]byte{golden["ltp"], golden["full"], make([]byte, 164), {}, golden["index_quote"], golden["quote"]}
	msg := message(sent...)
	for n := 2; n < len(msg); n++ {
		whole, end := 0, 2 // packets that fit in n bytes, and where the last of them ends
		for whole < len(sent) && end+2+len(sent[whole]) <= n {
			end += 2 + len(sent[whole])
			whole++
		}
		got, s := split(msg[:n])
		if !slices.EqualFunc(sent[:whole], got, bytes.Equal) {
			t.Errorf("%d bytes: %d packets, want the first %d", n, len(got), whole)
		}
		if !errors.Is(s.Err(), decode.ErrTruncated) {
			t.Errorf("%d bytes: error %v, want ErrTruncated", n, s.Err())
		}
		if s.Count() != len(sent) || s.Trailing() != n-end {
			t.Errorf("%d bytes: Count() = %d, Trailing() = %d, want %d, %d", n, s.Count(), s.Trailing(), len(sent), n-end)
		}
	}
	if got, s := split(msg); !slices.EqualFunc(sent, got, bytes.Equal) || s.Err() != nil || s.Trailing() != 0 {
		t.Errorf("whole message: %d packets, error %v, %d trailing", len(got), s.Err(), s.Trailing())
	}
}

// Packets that are not known cost nothing but themselves: 164 is the full
// packet of an obsolete protocol version.
func TestSkipUnknownPackets(t *testing.T) {
	golden := goldenPackets(t)
	msg := message(golden["ltp"], make([]byte, 164), golden["full"], nil, make([]byte, 7), golden["quote"])
	var dec decode.Decoder
	var got []decode.Tick
	unknown := 0
	s := decode.Split(msg)
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		var tick decode.Tick
		if err := dec.Packet(&tick, pkt); errors.Is(err, decode.ErrPacketLength) {
			unknown++
			continue
		}
		got = append(got, tick)
	}
	want := []decode.Tick{mustDecode(t, golden["ltp"]), mustDecode(t, golden["full"]), mustDecode(t, golden["quote"])}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticks (-want +got):\n%s", diff)
	}
	if unknown != 3 || s.Err() != nil {
		t.Errorf("%d unknown packets, error %v, want 3, none", unknown, s.Err())
	}
}

// A caller that appends to a packet must not write into the next one.
func TestNextLimitsCapacity(t *testing.T) {
	msg := message([]byte("abc"), []byte("def"))
	s := decode.Split(msg)
	pkt, _ := s.Next()
	_ = append(pkt, "more than there is"...)
	if pkt, _ = s.Next(); !bytes.Equal(pkt, []byte("def")) {
		t.Errorf("the next packet is %q, want %q", pkt, "def")
	}
}

func TestZeroSplitter(t *testing.T) {
	var s decode.Splitter
	if pkt, ok := s.Next(); ok || s.Err() != nil || s.Count() != 0 || s.Trailing() != 0 {
		t.Errorf("the zero Splitter has packet %q, error %v", pkt, s.Err())
	}
}
