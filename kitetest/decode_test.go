package kitetest_test

import (
	"testing"
	"testing/synctest"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// The decoder, which shares no code with the market, turns every packet into
// the tick that OnTick saw, and that tick encodes to the packet.
func TestDecoderAgrees(t *testing.T) {
	decoder, err := decode.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	tokens := append(kitetest.Universe(900), 1234<<8|10, 1234<<8|77) // and two of unknown segments
	synctest.Test(t, func(t *testing.T) {
		var sent []decode.Tick
		s := kitetest.NewServer(t, kitetest.Config{
			Instruments: tokens,
			Seed:        7,
			OnTick:      func(_ int, tick *decode.Tick) { sent = append(sent, *tick) },
		})
		c := dial(t, s)
		receive := func() {
			t.Helper()
			got := packets(t, c.next(ws.OpBinary))
			synctest.Wait() // the server has accounted for it
			if len(got) != len(tokens) || len(sent) != len(tokens) {
				t.Fatalf("got %d packets, OnTick saw %d, want %d", len(got), len(sent), len(tokens))
			}
			for i, packet := range got {
				var tick decode.Tick
				if err := decoder.Packet(&tick, packet); err != nil {
					t.Fatal(err)
				}
				if tick != sent[i] {
					t.Fatalf("OnTick (-) and the decoder (+) disagree:\n%s", cmp.Diff(sent[i], tick))
				}
				if again := kitetest.AppendPacket(nil, &tick); string(again) != string(packet) {
					t.Fatalf("decoded tick encodes to\n%x, want\n%x", again, packet)
				}
			}
			sent = nil
		}
		c.text(`{"a":"subscribe","v":` + jsonList(tokens) + `}`)
		receive()
		for _, mode := range []string{"full", "ltp", "quote"} {
			c.text(`{"a":"mode","v":["` + mode + `",` + jsonList(tokens) + `]}`)
			receive()
			s.Step()
			receive()
		}
	})
}
