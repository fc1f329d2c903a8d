package kiteticker_test

import (
	"context"
	"fmt"
	"log"
	"runtime"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Receive the ticks of an instrument. The examples run against a simulated
// exchange in memory; without URL and Dial the same program receives from Kite.
func Example() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	defer exchange.Close()

	client, err := kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "token",
		URL: exchange.URL(), Dial: exchange.Dial,
	})
	if err != nil {
		log.Fatal(err) // everything that is wrong with the Config, joined
	}
	stream, err := client.Ticks(kiteticker.StreamConfig{})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Subscribe(kiteticker.ModeQuote, 408065); err != nil { // INFY
		log.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- client.Run(ctx) }()

	for ticks, lost := range stream.Batches(ctx) { // the body is the lease of ticks
		if lost > 0 {
			fmt.Println(lost, "ticks lost before these")
		}
		for i := range ticks {
			t := &ticks[i]
			fmt.Printf("%d %v %s\n", t.Token, t.Mode, t.AppendPrice(nil, t.LastPrice))
		}
		cancel() // the snapshot will do
	}
	fmt.Println("Run returned", <-result)
	// Output:
	// 408065 quote 2945.15
	// Run returned <nil>
}

// start connects a client to exchange and returns what stops it.
func start(exchange *kitetest.Server, conns int) (client *kiteticker.Client, stop func()) {
	client, err := kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "token", Conns: conns,
		URL: exchange.URL(), Dial: exchange.Dial,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- client.Run(ctx) }()
	return client, func() {
		cancel()
		if err := <-result; err != nil {
			log.Fatal(err)
		}
		exchange.Close()
	}
}

// check and must end the examples that follow if there is an error.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

// One tick at a time. Breaking out of the loop loses nothing.
func ExampleTickStream_All() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 1)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065))

	for t := range stream.All(context.Background()) {
		fmt.Printf("%d: %.2f\n", t.Seq, t.Rupees(t.LastPrice))
		break // the snapshot
	}
	exchange.Trade(408065, 2950_00, 10)
	exchange.Trade(408065, 2950_05, 5)
	for t := range stream.All(context.Background()) {
		fmt.Printf("%d: %d at %.2f\n", t.Seq, t.LastQuantity, t.Rupees(t.LastPrice))
		if t.Seq == 3 {
			break
		}
	}
	// Output:
	// 1: 2945.15
	// 2: 10 at 2950.00
	// 3: 5 at 2950.05
}

// An engine with a duty cycle of its own polls, and never waits.
func ExampleTickStream_Poll() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Instruments: []uint32{408065, 738561, 341249}})
	client, stop := start(exchange, 3)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065, 738561, 341249))

	var sum int64
	for n := 0; n < 3; {
		ticks, lost := stream.Poll(64) // at most 64, all of one connection
		for i := range ticks {
			sum += int64(ticks[i].LastPrice)
		}
		n += len(ticks) + int(lost)
		stream.Release() // ticks are not ours any more

		// The other duties of the cycle come here.
		runtime.Gosched()
	}
	fmt.Println("sum of last prices:", sum, "paise")
	// Output: sum of last prices: 1049230 paise
}

// Order updates, changes of state and everything else that is not a tick.
func ExampleClient_Events() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client := must(kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "token", Conns: 1,
		URL: exchange.URL(), Dial: exchange.Dial,
	}))
	events := must(client.Events("orders")) // before Run, to see the first ones
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go client.Run(ctx)

	for e := range events.All(context.Background()) { // ends with the client
		switch data := e.Data.(type) {
		case *kiteticker.StateChange:
			fmt.Printf("connection %d: %v\n", e.Conn, data.To)
			if data.To == kiteticker.StateLive {
				exchange.SendOrder(map[string]any{
					"order_id": "151220000000000", "status": "COMPLETE",
					"transaction_type": "BUY", "filled_quantity": 5, "average_price": 2945.15,
				})
			}
		case *kiteticker.Order: // one copy per connection of the user: tell them apart by OrderID and Status
			fmt.Printf("order %s: %v, %v at %v\n", data.OrderID, data.Status, data.FilledQuantity, data.AveragePrice)
			cancel()
		case *kiteticker.ServerError:
			fmt.Println("the server says:", data)
		}
	}
	exchange.Close()
	// Output:
	// connection 0: dialing
	// connection 0: live
	// order 151220000000000: COMPLETE, 5 at 2945.15
	// connection 0: stopped
}

// Raw messages, to record them or to decode them elsewhere.
func ExampleClient_Frames() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Hello: true})
	client, stop := start(exchange, 1)
	defer stop()
	frames := must(client.Frames(kiteticker.StreamConfig{Name: "recorder"}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065, 256265))

	for frame, lost := range frames.All(context.Background()) {
		if frame.Text || decode.IsHeartbeat(frame.Data) {
			continue
		}
		packets := decode.Split(frame.Data) // lent for the loop body, like Data
		for p, ok := packets.Next(); ok; p, ok = packets.Next() {
			mode, _ := decode.PacketMode(len(p))
			fmt.Printf("%d bytes: %v\n", len(p), mode)
		}
		fmt.Println(lost, "messages lost")
		break
	}
	// Output:
	// 44 bytes: quote
	// 28 bytes: quote
	// 0 messages lost
}

// As many streams as there are engines: each has rings of its own, and a slow
// reader harms nobody but itself.
func ExampleClient_Ticks() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 3)
	defer stop()

	everything := must(client.Ticks(kiteticker.StreamConfig{Name: "everything"}))
	var each []*kiteticker.TickStream // one per connection
	for id := range client.Conns() {
		each = append(each, must(client.Ticks(kiteticker.StreamConfig{
			Name: fmt.Sprint("engine ", id), Conns: []int{id},
		})))
	}
	check(client.Subscribe(kiteticker.ModeQuote, kitetest.Universe(3)...))

	for _, stream := range each {
		for t := range stream.All(context.Background()) {
			id, _ := client.ConnOf(t.Token)
			fmt.Println(stream.Name(), "has the tick of its connection:", int(t.Conn) == id)
			break
		}
	}
	n := 0
	for ticks := range everything.Batches(context.Background()) {
		if n += len(ticks); n == 3 {
			break
		}
	}
	fmt.Println(everything.Name(), "has all three")
	// Output:
	// engine 0 has the tick of its connection: true
	// engine 1 has the tick of its connection: true
	// engine 2 has the tick of its connection: true
	// everything has all three
}
