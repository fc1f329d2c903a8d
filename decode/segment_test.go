package decode_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
)

func TestSegments(t *testing.T) {
	want := []decode.Segment{
		{1, "NSE", 2, false},
		{2, "NFO", 2, false},
		{3, "CDS", 7, false},
		{4, "BSE", 2, false},
		{5, "BFO", 2, false},
		{6, "BCD", 4, false},
		{7, "MCX", 2, false},
		{8, "MCXSX", 2, false},
		{9, "INDICES", 2, true},
		{12, "NCO", 4, false},
	}
	got := decode.Segments()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
	clear(got)
	if diff := cmp.Diff(want, decode.Segments()); diff != "" {
		t.Errorf("writing to the result changed the table (-want +got):\n%s", diff)
	}
}

// shapes holds one packet length per way to treat a segment.
var shapes = map[string]int{"ltp": 8, "ltpc": 12, "index quote": 28, "index full": 32, "quote": 44, "full": 184}

func withToken(n int, token uint32) []byte {
	pkt := make([]byte, n)
	binary.BigEndian.PutUint32(pkt, token)
	return pkt
}

// Law: decimals come from the segment alone, flags from segment and length,
// for all 256 segments and both with and without an explicit table.
func TestSegmentDecidesDecimalsAndFlags(t *testing.T) {
	known := make(map[uint8]decode.Segment)
	for _, s := range decode.Segments() {
		known[s.Code] = s
	}
	made, err := decode.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for name, dec := range map[string]*decode.Decoder{"zero": {}, "made": made} {
		for code := range 256 {
			for shape, n := range shapes {
				segment, ok := known[uint8(code)]
				decimals := segment.Decimals
				index := strings.HasPrefix(shape, "index")
				tradable := !segment.Index
				var flags decode.Flags
				if !ok {
					decimals = 2
					flags |= decode.FlagUnknownSegment
					tradable = !index
				}
				if strings.HasPrefix(shape, "ltp") {
					index = segment.Index
				} else if ok && index != segment.Index {
					flags |= decode.FlagSegmentMismatch
				}
				if index {
					flags |= decode.FlagIndex
				}
				var tick decode.Tick
				if err := dec.Packet(&tick, withToken(n, 7<<8|uint32(code))); err != nil {
					t.Fatal(err)
				}
				if dec.Knows(tick.Token) != ok || tick.SegmentName() != segment.Name {
					t.Errorf("%s decoder, segment %d: known %v, name %q, want %v, %q",
						name, code, dec.Knows(tick.Token), tick.SegmentName(), ok, segment.Name)
				}
				if tick.Decimals != decimals || tick.Flags != flags {
					t.Errorf("%s decoder, segment %d, %s packet: %d decimals, flags %v, want %d, %v",
						name, code, shape, tick.Decimals, tick.Flags, decimals, flags)
				}
				if tick.Tradable() != tradable || tick.IsIndex() != index || tick.HasDepth() != (n == 184) {
					t.Errorf("%s decoder, segment %d, %s packet: tradable %v, index %v, depth %v",
						name, code, shape, tick.Tradable(), tick.IsIndex(), tick.HasDepth())
				}
			}
		}
	}
}

func TestNewDecoderOverrides(t *testing.T) {
	dec, err := decode.NewDecoder(
		decode.Segment{Code: 1, Name: "NSE", Decimals: 3},  // replaces
		decode.Segment{Code: 0, Name: "GIFT", Decimals: 0}, // extends, at either end
		decode.Segment{Code: 255, Name: "X", Decimals: 9, Index: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		code     uint32
		decimals uint8
		flags    decode.Flags
	}{
		{1, 3, 0}, {0, 0, 0}, {255, 9, decode.FlagIndex},
		{3, 7, 0}, {9, 2, decode.FlagIndex}, {13, 2, decode.FlagUnknownSegment}, // as before
	} {
		var tick decode.Tick
		if err := dec.Packet(&tick, withToken(8, tt.code)); err != nil {
			t.Fatal(err)
		}
		if tick.Decimals != tt.decimals || tick.Flags != tt.flags {
			t.Errorf("segment %d: %d decimals, flags %v, want %d, %v", tt.code, tick.Decimals, tick.Flags, tt.decimals, tt.flags)
		}
		if got, want := dec.Knows(7<<8|tt.code), tt.flags&decode.FlagUnknownSegment == 0; got != want {
			t.Errorf("segment %d is known: %v, want %v", tt.code, got, want)
		}
	}
	if tick := mustDecode(t, withToken(8, 1)); tick.Decimals != 2 {
		t.Errorf("an override reached another decoder: %d decimals", tick.Decimals)
	}
}

func TestNewDecoderReportsEverything(t *testing.T) {
	dec, err := decode.NewDecoder(
		decode.Segment{Code: 20, Decimals: 10},
		decode.Segment{Code: 21, Decimals: 9},
		decode.Segment{Code: 22, Decimals: 2},
		decode.Segment{Code: 22, Decimals: 3},
	)
	if err == nil {
		t.Fatal("no error")
	}
	if dec != nil {
		t.Error("a decoder in spite of the error")
	}
	want := "decode: segment 20 has 10 decimals, want 0 to 9\ndecode: segment 22 is given twice"
	if err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}
