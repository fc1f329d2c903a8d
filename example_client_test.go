package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A mode belongs to a tick, not to the subscription: around a change, and after
// each reconnect, ticks of another mode arrive.
func ExampleClient_SetMode() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 1)
	defer stop()
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeLTP, 408065))

	for t := range stream.All(context.Background()) {
		fmt.Println(t.Mode, t.HasDepth())
		if t.Mode == kiteticker.ModeLTP {
			check(client.SetMode(kiteticker.ModeFull, 408065))
		}
		if t.Mode == kiteticker.ModeFull {
			break
		}
	}
	// Output:
	// quote false
	// ltp false
	// full true
}

// Subscribing is all or nothing.
func ExampleClient_Subscribe() {
	client := must(kiteticker.New(kiteticker.Config{APIKey: "key", AccessToken: "token", Conns: 1}))
	tokens := kitetest.Universe(3001)

	err := client.Subscribe(kiteticker.ModeFull, tokens...)
	if ce, ok := errors.AsType[*kiteticker.CapacityError](err); ok {
		fmt.Println("want", ce.Want, "free", ce.Free)
		err = client.Subscribe(kiteticker.ModeFull, tokens[:ce.Free]...)
	}
	fmt.Println(err, client.Stats().Conns[0].Instruments)
	// Output:
	// want 3001 free 3000
	// <nil> 3000
}

// A feed that looks connected may be dead. Ask for more than a connection.
func ExampleStats_Check() {
	exchange := kitetest.NewServer(nil, kitetest.Config{})
	client, stop := start(exchange, 1)
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065))
	for range stream.All(context.Background()) {
		break // the first tick is here
	}

	stats := client.Stats()
	fmt.Println("healthy:", stats.Check(5*time.Second) == nil, "lost:", stats.Lost())
	stop()
	fmt.Println(client.Stats().Check(5 * time.Second))
	// Output:
	// healthy: true lost: 0
	// connection 0 is stopped, not live
}

// An access token lasts a day. Refresh is asked for a new one when the server
// refuses the old one, once for all connections.
func ExampleConfig_refresh() {
	exchange := kitetest.NewServer(nil, kitetest.Config{AccessToken: "todays-token"})
	defer exchange.Close()
	ctx, cancel := context.WithCancel(context.Background())
	client := must(kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "yesterdays-token",
		URL: exchange.URL(), Dial: exchange.Dial,
		Refresh: func(ctx context.Context) (string, error) {
			fmt.Println("logging in")
			return "todays-token", nil
		},
	}))
	stream := must(client.Ticks(kiteticker.StreamConfig{}))
	check(client.Subscribe(kiteticker.ModeQuote, 408065))
	go func() {
		for range stream.All(ctx) {
			cancel() // a tick: it works
		}
	}()
	fmt.Println(client.Run(ctx))
	// Output:
	// logging in
	// <nil>
}

// Without Refresh a refusal is final, and Run says why.
func ExampleHandshakeError() {
	exchange := kitetest.NewServer(nil, kitetest.Config{AccessToken: "todays-token"})
	defer exchange.Close()
	client := must(kiteticker.New(kiteticker.Config{
		APIKey: "key", AccessToken: "yesterdays-token", Conns: 1,
		URL: exchange.URL(), Dial: exchange.Dial,
	}))
	err := client.Run(context.Background())
	if he, ok := errors.AsType[*kiteticker.HandshakeError](err); ok {
		fmt.Println("HTTP status", he.StatusCode, "permanent:", he.Permanent())
	}
	// Output: HTTP status 403 permanent: true
}

// How to test an engine: the exchange is in memory, the clock is the bubble's,
// the prices are the test's, and a minute takes no time.
func TestEngineByExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exchange := kitetest.NewServer(t, kitetest.Config{})
		client, stop := start(exchange, 3)
		defer stop()
		highest := int32(0) // what the engine computes; this one is very small
		stream := must(client.Ticks(kiteticker.StreamConfig{}))
		go func() {
			for t := range stream.All(context.Background()) {
				highest = max(highest, t.LastPrice)
			}
		}()
		check(client.Subscribe(kiteticker.ModeFull, 408065))
		synctest.Wait() // until everything that can happen now has happened

		exchange.Trade(408065, 3100_00, 1)
		exchange.Trade(408065, 3050_00, 1)
		synctest.Wait()
		if highest != 3100_00 {
			t.Errorf("the highest price is %d, want 3100.00", highest)
		}

		exchange.Conns()[0].Drop() // bad days are scripted, too
		time.Sleep(time.Minute)
		if err := client.Stats().Check(5 * time.Second); err != nil {
			t.Errorf("a minute after a cut connection: %v", err)
		}
	})
}
