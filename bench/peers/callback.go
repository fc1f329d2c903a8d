package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// The design of the official Go client, as its documentation and source
// describe it, written anew: a goroutine reads a message into memory of its own,
// splits it into a slice of packets, makes a slice of ticks with prices in
// float64 and times in time.Time, and calls back for each tick, by value. What
// differs between the subjects made of it is the WebSocket library.

// floatTick is a tick as that design hands it out.
type floatTick struct {
	Mode                                string
	Token                               uint32
	Tradable, Index                     bool
	ExchangeTime, LastTradeTime         time.Time
	LastPrice                           float64
	LastQuantity, Volume                uint32
	TotalBuyQuantity, TotalSellQuantity uint32
	AveragePrice                        float64
	OpenInterest, OIDayHigh, OIDayLow   uint32
	Change                              float64
	Open, High, Low, Close              float64
	Buy, Sell                           [5]floatLevel
}

type floatLevel struct {
	Price            float64
	Quantity, Orders uint32
}

// parseMessage returns the ticks of a binary message.
func parseMessage(msg []byte) ([]floatTick, error) {
	var ticks []floatTick
	for _, packet := range splitMessage(msg) {
		t, err := parsePacket(packet)
		if err != nil {
			return nil, err
		}
		ticks = append(ticks, t)
	}
	return ticks, nil
}

func splitMessage(msg []byte) (packets [][]byte) {
	if len(msg) < 2 {
		return nil // a heartbeat
	}
	at := 2
	for range binary.BigEndian.Uint16(msg) {
		n := int(binary.BigEndian.Uint16(msg[at:]))
		packets = append(packets, msg[at+2:at+2+n])
		at += 2 + n
	}
	return packets
}

func parsePacket(b []byte) (floatTick, error) {
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	token := u32(0)
	price := func(at int) float64 { return rupees(token, u32(at)) }
	t := floatTick{Token: token, Index: token&0xff == 9, Tradable: token&0xff != 9, LastPrice: price(4)}
	switch len(b) {
	case 8:
		t.Mode = "ltp"
	case 28, 32:
		t.Mode = "quote"
		t.High, t.Low, t.Open, t.Close = price(8), price(12), price(16), price(20)
		t.Change = t.LastPrice - t.Close
		if len(b) == 32 {
			t.Mode = "full"
			t.ExchangeTime = time.Unix(int64(u32(28)), 0)
		}
	case 44, 184:
		t.Mode = "quote"
		t.LastQuantity, t.AveragePrice, t.Volume = u32(8), price(12), u32(16)
		t.TotalBuyQuantity, t.TotalSellQuantity = u32(20), u32(24)
		t.Open, t.High, t.Low, t.Close = price(28), price(32), price(36), price(40)
		t.Change = t.LastPrice - t.Close
		if len(b) == 184 {
			t.Mode = "full"
			t.LastTradeTime, t.ExchangeTime = time.Unix(int64(u32(44)), 0), time.Unix(int64(u32(60)), 0)
			t.OpenInterest, t.OIDayHigh, t.OIDayLow = u32(48), u32(52), u32(56)
			for i := range 5 {
				t.Buy[i], t.Sell[i] = level(token, b[64+12*i:]), level(token, b[124+12*i:])
			}
		}
	default:
		return t, fmt.Errorf("a packet of %d bytes", len(b))
	}
	return t, nil
}

func level(token uint32, b []byte) floatLevel {
	return floatLevel{
		Quantity: binary.BigEndian.Uint32(b), Price: rupees(token, binary.BigEndian.Uint32(b[4:])),
		Orders: uint32(binary.BigEndian.Uint16(b[8:])),
	}
}

// rupees scales a price by its segment, as the exchange's documentation says.
func rupees(token, price uint32) float64 {
	switch token & 0xff {
	case 3:
		return float64(price) / 1e7
	case 6:
		return float64(price) / 1e4
	}
	return float64(price) / 100
}

// callback is the user's function for each tick. It reads as much of it as the
// consumer of the other subjects does.
type callback struct {
	r   *harness.Recorder
	sum float64
}

func (c *callback) onTick(t floatTick) {
	c.sum += float64(t.Token) + t.LastPrice
	c.r.Tick(t.TotalBuyQuantity, t.TotalSellQuantity)
}

// onMessage is what happens to each binary message, on the goroutine that reads.
func (c *callback) onMessage(msg []byte) error {
	ticks, err := parseMessage(msg)
	if err != nil {
		return err
	}
	for _, t := range ticks {
		c.onTick(t)
	}
	return nil
}
