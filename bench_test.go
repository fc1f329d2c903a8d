package kiteticker

import (
	"fmt"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// BenchmarkParse is what the parser does with a message of 120 full packets, as under the design load, of
// 3,000 instruments in turn, for streams of each kind, per tick. The streams are
// emptied in between without looking at the ticks. BenchmarkParseCopy is what a
// further stream cannot do without: copying the tick into its ring, of which
// there are one or as many as with eight streams, for memory that no cache holds
// is dearer.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{0, 1, 2, 4, 8} {
		b.Run(fmt.Sprintf("overflow=drop-newest/streams=%d", n), func(b *testing.B) {
			benchmarkParse(b, Config{}, n, StreamConfig{})
		})
	}
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("overflow=block/streams=%d", n), func(b *testing.B) {
			benchmarkParse(b, Config{}, n, StreamConfig{Overflow: Block})
		})
		b.Run(fmt.Sprintf("overflow=conflate/streams=%d", n), func(b *testing.B) {
			benchmarkParse(b, Config{}, n, StreamConfig{Overflow: Conflate})
		})
	}
	b.Run("filter=tokens/streams=1", func(b *testing.B) {
		benchmarkParse(b, Config{}, 1, StreamConfig{Filter: Filter{Tokens: benchTokens()}})
	})
	b.Run("workers=4", func(b *testing.B) {
		benchmarkParse(b, Config{}, -4, StreamConfig{})
	})
	b.Run("stages=true/streams=1", func(b *testing.B) {
		benchmarkParse(b, Config{Stages: true}, 1, StreamConfig{})
	})
	for _, n := range []int{0, 1} {
		b.Run(fmt.Sprintf("lastvalues=true/streams=%d", n), func(b *testing.B) {
			benchmarkParse(b, Config{LastValues: true}, n, StreamConfig{})
		})
	}
}

func BenchmarkParseCopy(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run(fmt.Sprintf("rings=%d", n), func(b *testing.B) {
			const mask = 1<<13 - 1 // as many slots as a stream's ring has
			rings := make([][]Tick, n)
			for i := range rings {
				rings[i] = make([]Tick, mask+1)
			}
			tick := Tick{Token: 1, LastPrice: 2}
			i := 0
			for b.Loop() {
				tick.Seq++
				for _, slots := range rings {
					slots[i&mask] = tick
				}
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/tick")
		})
	}
}

const benchPackets = 120

func benchTokens() (tokens []uint32) {
	for i := range uint32(3000) {
		tokens = append(tokens, (100_003*i+7)<<8|1)
	}
	return tokens
}

func benchmarkParse(b *testing.B, cfg Config, streams int, sc StreamConfig) {
	cfg.APIKey, cfg.AccessToken, cfg.Conns = "key", "token", 1
	c, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	tokens := benchTokens()
	if err := c.Subscribe(ModeFull, tokens...); err != nil {
		b.Fatal(err)
	}
	// Four updates of each instrument, so that last values do change: the
	// prices, the quantities, the times and two levels of depth.
	var messages []ring.Record
	for update := range uint32(4) {
		for first := 0; first < len(tokens); first += benchPackets {
			var packets [][]byte
			for _, token := range tokens[first : first+benchPackets] {
				t := Tick{Token: token, Mode: ModeFull, LastPrice: int32(100 + update), LastQuantity: update, Volume: 1000 + update, LastTradeTime: update, ExchangeTime: update}
				t.Bids[0] = Level{Quantity: 10 + update, Price: int32(99 + update), Orders: 1}
				t.Asks[0] = Level{Quantity: 20 + update, Price: int32(101 + update), Orders: 2}
				packets = append(packets, kitetest.AppendPacket(nil, &t))
			}
			messages = append(messages, ring.Record{Kind: 1, At: time.Now().UnixNano(), Data: kitetest.AppendFrame(nil, packets...)})
		}
	}
	var attached []*TickStream
	if streams < 0 {
		attached, err = c.Workers(-streams, sc)
		if err != nil {
			b.Fatal(err)
		}
	}
	for range streams {
		s, err := c.Ticks(sc)
		if err != nil {
			b.Fatal(err)
		}
		attached = append(attached, s)
	}
	p := c.lines[0].pipeline
	if cfg.Stages { // what the ring would have put behind each message
		for i := range messages {
			messages[i].Data = append(messages[i].Data, make([]byte, stampSize)...)
		}
	}
	i := 0
	message := func() {
		rec := messages[i%len(messages)]
		rec.At = int64(i) // else a last value's reception never changes
		p.handle(rec)
		i++
		for _, s := range attached {
			if sc.Overflow == Conflate {
				continue // to take is the reader's business, not to take costs the parser no less
			}
			s.timed = false // what the reader measures is not the parser's
			s.inputs[0].out.unread.since.Store(0)
			for ticks, _ := s.Poll(0); len(ticks) > 0; ticks, _ = s.Poll(0) {
				s.Release()
			}
		}
	}
	for range messages {
		message()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		message()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchPackets, "ns/tick")
}

// BenchmarkAttachWithSnapshot is how long the parsers stand still for a stream
// that begins with the last values of 3,000 instruments.
func BenchmarkAttachWithSnapshot(b *testing.B) {
	c, err := New(Config{APIKey: "key", AccessToken: "token", Conns: 1, LastValues: true})
	if err != nil {
		b.Fatal(err)
	}
	tokens := benchTokens()
	if err := c.Subscribe(ModeFull, tokens...); err != nil {
		b.Fatal(err)
	}
	for _, token := range tokens {
		packet := kitetest.AppendPacket(nil, &Tick{Token: token, Mode: ModeFull, LastPrice: 1})
		c.lines[0].pipeline.handle(ring.Record{Kind: 1, Data: kitetest.AppendFrame(nil, packet)})
	}
	s, err := c.Ticks(StreamConfig{Filter: Filter{Tokens: []uint32{1}}})
	if err != nil {
		b.Fatal(err)
	}
	s.inputs[0].out.match = nil // attached, so that only the copying is measured
	for b.Loop() {
		c.replay(s)
		for ticks, _ := s.Poll(0); len(ticks) > 0; ticks, _ = s.Poll(0) {
			s.Release()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(tokens)), "ns/instrument")
}
