package decode_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
)

// A golden file says what a packet decodes to, field by field, and what the
// methods of the Tick make of that. Fields it does not name are zero.
type golden struct {
	Tick  decode.Tick `json:"tick"`
	Reads struct {
		Flags         string  `json:"flags"`
		Segment       uint8   `json:"segment"`
		ExchangeToken uint32  `json:"exchange_token"`
		Index         bool    `json:"index"`
		Tradable      bool    `json:"tradable"`
		Depth         bool    `json:"depth"`
		LastPrice     string  `json:"last_price"`
		Rupees        float64 `json:"rupees"`
		Change        int64   `json:"change"`
		ChangePercent float64 `json:"change_percent"`
		TradedAt      string  `json:"traded_at"`
		ExchangeAt    string  `json:"exchange_at"`
	} `json:"reads"`
}

func goldenOf(t *decode.Tick) (g golden) {
	g.Tick = *t
	r := &g.Reads
	r.Flags = t.Flags.String()
	r.Segment = t.Segment()
	r.ExchangeToken = t.ExchangeToken()
	r.Index = t.IsIndex()
	r.Tradable = t.Tradable()
	r.Depth = t.HasDepth()
	r.LastPrice = t.Price(t.LastPrice)
	r.Rupees = t.Rupees(t.LastPrice)
	r.Change = t.Change()
	r.ChangePercent = t.ChangePercent()
	r.TradedAt = clock(t.TradedAt())
	r.ExchangeAt = clock(t.ExchangeAt())
	return g
}

// clock is what a clock in Mumbai shows at tm, and empty for the zero Time.
func clock(tm time.Time) string {
	if tm.IsZero() {
		return ""
	}
	return tm.In(decode.IST).Format(time.RFC3339)
}

func TestGolden(t *testing.T) {
	for name, pkt := range goldenPackets(t) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name+".golden.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want golden
			dec := json.NewDecoder(bytes.NewReader(text))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&want); err != nil {
				t.Fatal(err)
			}
			tick := mustDecode(t, pkt)
			if diff := cmp.Diff(want, goldenOf(&tick)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// goldenPackets returns the packets in testdata by name. A file holds one
// packet in hex, in any number of lines; "#" begins a comment.
func goldenPackets(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.packet")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden packets (error %v)", err)
	}
	packets := make(map[string][]byte)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var digits strings.Builder
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		pkt, err := hex.DecodeString(digits.String())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		packets[strings.TrimSuffix(filepath.Base(file), ".packet")] = pkt
	}
	return packets
}

func mustDecode(t *testing.T, pkt []byte) decode.Tick {
	t.Helper()
	var dec decode.Decoder
	var tick decode.Tick
	if err := dec.Packet(&tick, pkt); err != nil {
		t.Fatalf("packet of %d bytes: %v", len(pkt), err)
	}
	return tick
}
