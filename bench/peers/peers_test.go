package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/bench/harness"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestMain(m *testing.M) {
	harness.Child(subjects())
	os.Exit(m.Run())
}

// Each design receives every frame: a table that compares one that works with
// one that does not would say nothing.
func TestPeers(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	tool := harness.Tool{Name: "test", Subjects: subjects()}
	for _, flags := range []string{"-quick -loads three -transports plain", "-quick -loads single -transports tls"} {
		var stdout, stderr bytes.Buffer
		if code := tool.Main(strings.Fields(flags), &stdout, &stderr); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", flags, code, stdout.String(), stderr.String())
		}
	}
}

func TestRings(t *testing.T) {
	file := t.TempDir() + "/rings.json"
	var stdout, stderr bytes.Buffer
	if code := rings(strings.Fields("-rounds 2 -items 5000 -json "+file), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	var r harness.RingReport
	if err := harness.Read(file, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rings) != len(ringQueues()) {
		t.Fatalf("%d queues in the report, want %d", len(r.Rings), len(ringQueues()))
	}
	for _, c := range r.Rings {
		if c.Nanos <= 0 || len(c.Runs) != 2 || !strings.Contains(stdout.String(), c.Name) {
			t.Errorf("cost is %+v", c)
		}
	}
	if code := rings([]string{"-rounds", "0"}, &stdout, &stderr); code != 2 {
		t.Errorf("no rounds: exit code %d, want 2", code)
	}
}

// The callback design reads packets right: what it is compared with does, too.
func TestParsePacket(t *testing.T) {
	want := decode.Tick{Token: 408065, Mode: decode.ModeFull, LastPrice: 1650_25, Open: 1600_00, High: 1700_05, Low: 1599_95,
		Close: 1640_00, Volume: 12345, TotalBuyQuantity: 7, TotalSellQuantity: 8, ExchangeTime: 1700000000}
	want.Bids[4] = decode.Level{Quantity: 5, Price: 1640_25, Orders: 3}
	want.Asks[0] = decode.Level{Quantity: 6, Price: 1650_30, Orders: 2}
	msg := kitetest.AppendFrame(nil, kitetest.AppendPacket(nil, &want))
	ticks, err := parseMessage(msg)
	if err != nil || len(ticks) != 1 {
		t.Fatalf("%d ticks, %v", len(ticks), err)
	}
	got := ticks[0]
	if got.Token != 408065 || got.Mode != "full" || got.LastPrice != 1650.25 || got.Open != 1600 || got.High != 1700.05 || got.Low != 1599.95 ||
		got.Close != 1640 || math.Abs(got.Change-10.25) > 1e-9 || got.Volume != 12345 || got.TotalBuyQuantity != 7 || got.TotalSellQuantity != 8 ||
		got.ExchangeTime.Unix() != 1700000000 || got.Buy[4] != (floatLevel{1640.25, 5, 3}) || got.Sell[0] != (floatLevel{1650.30, 6, 2}) || !got.Tradable {
		t.Errorf("tick is %+v", got)
	}
	if ticks, err := parseMessage([]byte{0}); ticks != nil || err != nil {
		t.Errorf("a heartbeat: %v, %v", ticks, err)
	}
	if _, err := parseMessage([]byte{0, 1, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9}); err == nil {
		t.Error("a packet of unknown length is taken")
	}
}
