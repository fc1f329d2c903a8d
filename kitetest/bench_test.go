package kitetest_test

import (
	"io"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// BenchmarkStep is the cost of one simulated tick: a step of the walk, its
// packet, its share of the message and of the Write on loopback TCP, and the
// ledger. The client only drains its socket, on the other processor.
func BenchmarkStep(b *testing.B) {
	for _, size := range []struct {
		name   string
		tokens int
	}{{"ticks=1", 1}, {"ticks=120", 120}, {"ticks=3000", 3000}} {
		b.Run("mode=full/"+size.name, func(b *testing.B) {
			s, err := kitetest.Listen(kitetest.Config{Heartbeat: -1, WriteTimeout: time.Minute})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			c := dial(b, s)
			subscribe(c, decode.ModeFull, equities(size.tokens))
			go io.Copy(io.Discard, c.nc)
			for s.Totals().Messages < 2 {
				time.Sleep(time.Millisecond)
			}
			b.ReportAllocs()
			start := s.Totals()
			for b.Loop() {
				s.Step()
			}
			end := s.Totals()
			b.ReportMetric(float64(b.Elapsed())/float64(end.Ticks-start.Ticks), "ns/tick")
			b.SetBytes(int64(end.Bytes-start.Bytes) / int64(b.N))
		})
	}
}

// BenchmarkAppendPacket encodes one packet of each kind.
func BenchmarkAppendPacket(b *testing.B) {
	for _, mode := range []decode.Mode{decode.ModeLTP, decode.ModeQuote, decode.ModeFull} {
		b.Run("mode="+mode.String(), func(b *testing.B) {
			t := decode.Tick{Token: 408065, Mode: mode}
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = kitetest.AppendPacket(buf[:0], &t)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

// BenchmarkEntryAdd is what a receiver pays to prove one full packet.
func BenchmarkEntryAdd(b *testing.B) {
	packet := kitetest.AppendPacket(nil, &decode.Tick{Token: 408065, Mode: decode.ModeFull})
	var e kitetest.Entry
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		e.Add(packet)
	}
}

// BenchmarkNewServer is what each test pays for its own exchange.
func BenchmarkNewServer(b *testing.B) {
	for b.Loop() {
		s, err := kitetest.Listen(kitetest.Config{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// subscribe asks for tokens in mode, as clients do: subscribe, then mode.
func subscribe(c *client, mode decode.Mode, tokens []uint32) {
	c.tb.Helper()
	list := jsonList(tokens)
	c.text(`{"a":"subscribe","v":` + list + `}`)
	c.text(`{"a":"mode","v":["` + mode.String() + `",` + list + `]}`)
}
