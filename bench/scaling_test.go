package bench

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/shard"
)

// What a tick costs as there are more of everything, through a whole client
// from the bytes of a socket to each stream's reader, but without the socket
// (feed_test.go). One iteration is about 36,000 ticks, what 9,000 instruments
// bring in a second. ns/tick is the time that passes, cpu-ns/tick what all
// processors together spend. Flat is as good as it gets.

func BenchmarkScaleInstruments(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000, 3000, 9000} {
		b.Run(fmt.Sprintf("instruments=%d", n), func(b *testing.B) {
			shape{instruments: n, conns: min(n, 3), streams: 1, packets: 100}.run(b)
		})
	}
}

func BenchmarkScaleConns(b *testing.B) {
	for n := 1; n <= 3; n++ {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			shape{instruments: 3000, conns: n, streams: 1, packets: 100}.run(b)
		})
	}
}

// Each stream gets every tick: beyond the first one, a copy of it.
func BenchmarkScaleStreams(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("streams=%d", n), func(b *testing.B) {
			shape{instruments: 3000, conns: 1, streams: n, packets: 100}.run(b)
		})
	}
}

// What a frame costs besides its packets is spread over them.
func BenchmarkScalePackets(b *testing.B) {
	for _, n := range []int{1, 3, 10, 30, 100, 300} {
		b.Run(fmt.Sprintf("packets=%d", n), func(b *testing.B) {
			shape{instruments: 3000, conns: 1, streams: 1, packets: n}.run(b)
		})
	}
}

// shape is how much there is of everything.
type shape struct {
	instruments, conns, streams, packets int
}

const scaleTicks = 36_000

func (s shape) run(b *testing.B) {
	feeds := make(chan *feed, s.conns)
	all := make([]*feed, s.conns)
	for i := range all {
		all[i] = newFeed(s.packets, s.streams)
		feeds <- all[i]
	}
	client, err := kiteticker.New(kiteticker.Config{
		APIKey: "bench", AccessToken: "bench", Conns: s.conns, URL: "ws://127.0.0.1",
		DrainTimeout: time.Millisecond, // a feed does not answer a Close
		Sharding:     shard.Pinned, PinToken: func(token uint32) int { return int(token>>8) % s.conns },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			select {
			case f := <-feeds:
				return f, nil
			default:
				return nil, net.ErrClosed
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	tokens := make([]uint32, s.instruments)
	for i := range tokens {
		tokens[i] = uint32(1000+i)<<8 | 1
	}
	if err := client.Subscribe(kiteticker.ModeFull, tokens...); err != nil {
		b.Fatal(err)
	}
	frames := max(scaleTicks/(s.conns*s.packets), 1) // of each connection, in an iteration
	ticks := frames * s.conns * s.packets
	taken := make(chan struct{}, s.streams)
	var group sync.WaitGroup
	streams := make([]*kiteticker.TickStream, s.streams)
	var found sync.Map // the feed of each connection's number
	for i := range streams {
		if streams[i], err = client.Ticks(kiteticker.StreamConfig{Name: fmt.Sprint(i)}); err != nil {
			b.Fatal(err)
		}
		group.Go(func() { drainFeeds(streams[i], i, ticks, &found, taken) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	group.Go(func() { client.Run(ctx) })
	defer group.Wait()
	defer cancel()
	for _, f := range all {
		carries := <-f.ready
		found.Store(uint8(int(carries[0]>>8)%s.conns), f)
	}
	before, _ := cpu.Used()
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range all {
			f.grant(frames)
		}
		for range streams {
			<-taken
		}
	}
	after, _ := cpu.Used()
	total := float64(b.N * ticks)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/total, "ns/tick")
	b.ReportMetric(float64(after-before)/total, "cpu-ns/tick")
	for _, st := range streams {
		if lost := st.Lost(); lost > 0 {
			b.Errorf("%d ticks were lost", lost)
		}
	}
}

// drainFeeds reads a stream, and says so after each iteration's ticks. A batch
// is of one connection.
func drainFeeds(stream *kiteticker.TickStream, i, ticks int, found *sync.Map, taken chan<- struct{}) {
	var sum int64
	left := ticks
	var feeds [kiteticker.MaxConns]*feed
	for batch := range stream.Batches(context.Background()) {
		for k := range batch {
			sum += int64(batch[k].LastPrice)
		}
		c := batch[0].Conn
		if feeds[c] == nil {
			f, _ := found.Load(c)
			feeds[c] = f.(*feed)
		}
		feeds[c].took(i, len(batch))
		if left -= len(batch); left == 0 {
			left = ticks
			taken <- struct{}{}
		}
	}
	if sum%1650_00 != 0 {
		panic("ticks of another price")
	}
}
