package kiteticker_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A screen wants the newest price of each instrument and nothing that is old by
// now. A stream that conflates keeps one tick of each, and tells how many it
// stands for.
func ExampleTickStream_ReplacedBy() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Instruments: []uint32{408065, 738561}})
	client, stop := start(exchange, 1)
	defer stop()
	screen := must(client.Ticks(kiteticker.StreamConfig{Overflow: kiteticker.Conflate}))
	all := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065, 738561))

	receive(all, 2) // the snapshot; nobody has looked at the screen yet
	for _, price := range []int32{2950_00, 2950_05, 2949_95} {
		exchange.Trade(408065, price, 10)
	}
	receive(all, 3)

	for ticks := range screen.Batches(context.Background()) {
		for i := range ticks {
			t := &ticks[i]
			fmt.Println(t.Token, t.Price(t.LastPrice), "in place of", screen.ReplacedBy(i), "older ones")
		}
		break // a screen would go on
	}
	fmt.Println(screen.Replaced(), "replaced,", screen.Lost(), "lost")
	// Output:
	// 408065 2949.95 in place of 3 older ones
	// 738561 2590.45 in place of 0 older ones
	// 3 replaced, 0 lost
}

// receive reads n ticks, so that the examples know what has arrived.
func receive(stream *kiteticker.TickStream, n int) {
	for range stream.All(context.Background()) {
		if n--; n == 0 {
			break
		}
	}
}

// When one goroutine is too slow for all ticks, several share them by
// instrument: each has its own, in order, and keeps what it knows of them
// without a lock.
func ExampleClient_Workers() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 3)
	workers := must(client.Workers(4, kiteticker.StreamConfig{Name: "worker"}))

	var expected, running sync.WaitGroup
	counts := make([]map[uint32]int, len(workers))
	for i, w := range workers {
		counts[i] = map[uint32]int{}
		running.Go(func() {
			for t := range w.All(context.Background()) {
				counts[i][t.Token]++ // no other worker gets this instrument
				expected.Done()
			}
		})
	}
	expected.Add(90)
	check(client.Subscribe(kiteticker.ModeQuote, kitetest.Universe(90)...))
	expected.Wait() // the snapshot
	expected.Add(90)
	exchange.Step() // one tick of each
	expected.Wait()

	stop() // ends the loops
	running.Wait()
	instruments, ticks := 0, 0
	for i := range workers {
		instruments += len(counts[i])
		for _, n := range counts[i] {
			ticks += n
		}
	}
	fmt.Println(workers[0].Name(), "and others:", instruments, "instruments,", ticks, "ticks")
	// Output: worker/0 and others: 90 instruments, 180 ticks
}

// keeping connects a client that keeps last values.
func keeping(exchange *kitetest.Server) (client *kiteticker.Client, stop func()) {
	client, err := kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "token", Conns: 1,
		URL: exchange.URL(), Dial: exchange.Dial,
		LastValues: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- client.Run(ctx) }()
	return client, func() {
		cancel()
		check(<-result)
		exchange.Close()
	}
}

// With Config.LastValues anybody may ask for a price at any time: a risk check,
// an HTTP handler, a goroutine that has no stream.
func ExampleClient_Latest() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := keeping(exchange) // Config.LastValues is true
	defer stop()
	check(client.Subscribe(kiteticker.ModeQuote, 408065))

	var t kiteticker.Tick
	for known := false; !known; { // until the first tick is here
		t, known = client.Latest(408065)
		time.Sleep(time.Millisecond)
	}
	fmt.Println(t.Token, t.Price(t.LastPrice), "is recent:", time.Since(t.ReceivedTime()) < time.Minute)
	_, known := client.Latest(738561) // never subscribed
	fmt.Println(738561, known)
	// Output:
	// 408065 2945.15 is recent: true
	// 738561 false
}

// Snapshot is the last tick of everything that is subscribed. A stream that is
// attached late can start with it, and miss nothing in between.
func ExampleClient_Snapshot() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Instruments: []uint32{408065, 738561}})
	client, stop := keeping(exchange) // Config.LastValues is true
	defer stop()
	early := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065, 738561))
	receive(early, 2)

	for _, t := range client.Snapshot(nil) { // by token; hand in a slice to use it again
		fmt.Println(t.Token, t.Price(t.LastPrice))
	}
	late := must(client.Ticks(kiteticker.StreamConfig{Snapshot: true}))
	exchange.Trade(408065, 2950_00, 10)
	n := 0
	for t := range late.All(context.Background()) {
		fmt.Println(t.Token, t.Price(t.LastPrice), t.Flags)
		if n++; n == 3 {
			break
		}
	}
	// Unordered output:
	// 408065 2945.15
	// 738561 2590.45
	// 408065 2945.15 snapshot
	// 738561 2590.45 snapshot
	// 408065 2950.00
}

// A filter decides before anything is decoded or copied for the stream. What it
// leaves out is not lost: Seq numbers what the stream was owed.
func ExampleFilter() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 1)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{
		Filter: kiteticker.Filter{Segments: []string{"INDICES"}},
	}))
	check(client.Subscribe(kiteticker.ModeQuote, kitetest.Universe(9)...)) // one of each segment

	for t := range stream.All(context.Background()) {
		fmt.Println(t.Token, t.IsIndex(), t.Seq)
		if t.Seq == 2 {
			break
		}
		exchange.Step()
	}
	fmt.Println(stream.Lost(), "lost")
	// Output:
	// 256265 true 1
	// 256265 true 2
	// 0 lost
}

// A stream is not a channel, but fills one in a few lines, for code that waits
// for several things at once. That costs for each tick a copy into the channel,
// one out of it and a lock, and often the wake-up of one more goroutine: some
// ten times what the loop costs. And ticks wait in two places now: when the channel is full,
// the goroutine waits, the stream's ring fills, and its Overflow decides.
func Example_channel() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Instruments: []uint32{408065, 738561}})
	client, stop := start(exchange, 1)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065, 738561))

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // without it the goroutine may wait for ever for a reader
	ticks := make(chan kiteticker.Tick, 256)
	go func() {
		defer close(ticks) // the client has stopped, or ctx is done
		for t := range stream.All(ctx) {
			select {
			case ticks <- *t: // a copy: t is lent for the loop body
			case <-ctx.Done():
				return
			}
		}
	}()

	closing := time.After(time.Minute)
	for range 2 {
		select {
		case t := <-ticks:
			fmt.Println(t.Token, t.Price(t.LastPrice))
		case <-closing:
			fmt.Println("the market is closed")
		}
	}
	// Output:
	// 408065 2945.15
	// 738561 2590.45
}

// All and Batches are iterators, so whatever takes one takes a stream, without
// a copy and without a goroutine. A tick that goes through is still lent for the
// body of the loop alone.
func Example_iterators() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 1)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065))

	highs := func(ticks iter.Seq[*kiteticker.Tick]) iter.Seq[*kiteticker.Tick] {
		return func(yield func(*kiteticker.Tick) bool) {
			highest := map[uint32]int32{}
			for t := range ticks {
				if t.LastPrice <= highest[t.Token] {
					continue
				}
				highest[t.Token] = t.LastPrice
				if !yield(t) {
					return
				}
			}
		}
	}
	receive(stream, 1) // the snapshot
	for _, price := range []int32{2950_00, 2949_95, 2949_90, 2950_05} {
		exchange.Trade(408065, price, 10)
	}
	for t := range highs(stream.All(context.Background())) {
		fmt.Println(t.Price(t.LastPrice))
		if t.LastPrice == 2950_05 {
			break
		}
	}
	// Output:
	// 2950.00
	// 2950.05
}

// A message holds the packets of many instruments. Split finds them, a view
// reads a field where it lies, and only what is wanted is decoded.
func ExampleFrameStream_All() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Instruments: []uint32{408065, 738561, 256265}})
	client, stop := start(exchange, 1)
	defer stop()
	frames := must(client.Frames(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeFull, 408065, 738561, 256265))

	decoder := client.Decoder()
	var tick kiteticker.Tick
	for frame := range frames.All(context.Background()) { // texts and heartbeats, too
		if frame.Text {
			continue
		}
		packets := decode.Split(frame.Data) // of a heartbeat: none
		for p, more := packets.Next(); more; p, more = packets.Next() {
			view, known := decoder.View(p)
			if !known || view.Token() != 408065 {
				continue
			}
			if err := decoder.Packet(&tick, p); err != nil {
				log.Fatal(err) // cannot happen: the packet's length is known
			}
			tick.ReceivedAt = frame.ReceivedAt // a packet does not have it
			fmt.Println(packets.Count(), "packets, one of them", len(p), "bytes:", tick.Mode, tick.Price(tick.LastPrice))
		}
		if err := packets.Err(); err != nil {
			log.Fatal(err) // damaged; the packets before that are good
		}
		if tick.HasDepth() {
			break
		}
	}
	// Output:
	// 3 packets, one of them 44 bytes: quote 2945.15
	// 3 packets, one of them 184 bytes: full 2945.15
}
