package kiteticker_test

import (
	"fmt"
	"net/url"
	"time"

	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	kitemodels "github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Below, nothing but the imports is this library's.

var (
	ticker *kiteticker.Ticker
	tokens = []uint32{408065}
)

func onError(err error) { fmt.Println("Error:", err) }

func onClose(code int, reason string) { fmt.Println("Close:", code, reason) }

func onConnect() {
	fmt.Println("Connected")
	if err := ticker.Subscribe(tokens); err != nil {
		fmt.Println("Error:", err)
	}
	if err := ticker.SetMode(kiteticker.ModeFull, tokens); err != nil {
		fmt.Println("Error:", err)
	}
}

func onTick(tick kitemodels.Tick) {
	if tick.Mode == string(kiteticker.ModeFull) {
		fmt.Println("Tick:", tick.InstrumentToken, tick.IsTradable, tick.LastPrice > 0, tick.Depth.Buy[0].Quantity > 0)
		ticker.Stop()
	}
}

func onReconnect(attempt int, delay time.Duration) { fmt.Println("Reconnect:", attempt, delay) }

func onNoReconnect(attempt int) { fmt.Println("Gave up:", attempt) }

func onOrderUpdate(order kiteconnect.Order) { fmt.Println("Order:", order.OrderID, order.Status) }

// A program in the style of gokiteconnect's own example. It talks to a
// simulated exchange; without SetRootURL it would talk to Kite.
func Example() {
	exchange, err := kitetest.Listen(kitetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer exchange.Close()
	root, err := url.Parse(exchange.URL())
	if err != nil {
		fmt.Println(err)
		return
	}

	ticker = kiteticker.New("api_key", "access_token")
	ticker.SetRootURL(*root)

	ticker.OnError(onError)
	ticker.OnClose(onClose)
	ticker.OnConnect(onConnect)
	ticker.OnReconnect(onReconnect)
	ticker.OnNoReconnect(onNoReconnect)
	ticker.OnTick(onTick)
	ticker.OnOrderUpdate(onOrderUpdate)

	ticker.Serve()
	// Output:
	// Connected
	// Tick: 408065 true true true
}
