package decode_test

import (
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// A message of three packets: the last price of INFY, a packet of a kind that
// nobody knows yet, and a quote of the NIFTY 50 index.
const threePackets = "\x00\x03" +
	"\x00\x08" + "\x00\x06\x3a\x01" + "\x00\x02\x55\x03" +
	"\x00\x03" + "\x01\x02\x03" +
	"\x00\x1c" + "\x00\x03\xe9\x09" + "\x00\x0d\xed\x2d" + "\x00\x0d\xfd\x18" + "\x00\x0d\xe9\x0e" +
	"\x00\x0d\xfc\xd7" + "\x00\x0d\xe0\x1c" + "\xff\xff\xff\xdc"

func Example() {
	var dec decode.Decoder
	var tick decode.Tick // decoded into again and again
	s := decode.Split([]byte(threePackets))
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		if err := dec.Packet(&tick, pkt); err != nil {
			fmt.Printf("%d bytes: %v\n", len(pkt), err)
			continue
		}
		fmt.Printf("%d %v %s\n", tick.Token, tick.Mode, tick.AppendPrice(nil, tick.LastPrice))
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 408065 ltp 1528.35
	// 3 bytes: decode: unknown packet length
	// 256265 quote 9126.85
}

// A damaged message gives what precedes the damage.
func ExampleSplitter_Err() {
	var dec decode.Decoder
	var tick decode.Tick
	ticks := 0
	s := decode.Split([]byte(threePackets)[:40])
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		if dec.Packet(&tick, pkt) == nil {
			ticks++
		}
	}
	fmt.Println(ticks, "tick of", s.Count(), "packets")
	fmt.Println(s.Err())
	fmt.Println(s.Trailing(), "bytes left")
	// Output:
	// 1 tick of 3 packets
	// decode: truncated message
	// 23 bytes left
}

// Tell the decoder about a segment it does not know, or about new decimals.
func ExampleNewDecoder() {
	dec, err := decode.NewDecoder(decode.Segment{Code: 13, Name: "NEW", Decimals: 5})
	if err != nil {
		panic(err)
	}
	pkt := []byte("\x00\x00\x01\x0d" + "\x00\x00\x30\x39")
	var tick decode.Tick
	if err := dec.Packet(&tick, pkt); err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", tick.AppendPrice(nil, tick.LastPrice))
	// Output: 0.12345
}

func ExampleTick_AppendPrice() {
	tick := decode.Tick{LastPrice: -5, Close: 737750, Decimals: 4}
	fmt.Printf("%s %s\n", tick.AppendPrice(nil, tick.LastPrice), tick.AppendPrice(nil, tick.Close))
	// Output: -0.0005 73.7750
}

func ExampleTick_Change() {
	tick := decode.Tick{LastPrice: 10250, Close: 10000, Decimals: 2}
	fmt.Printf("%+d paise, %+.2f %%\n", tick.Change(), tick.ChangePercent())
	// Output: +250 paise, +2.50 %
}

func ExampleTick_Exchange() {
	tick := decode.Tick{ExchangeTime: 1625461887}
	fmt.Println(tick.Exchange().Format(time.RFC3339))
	fmt.Println(tick.Exchange().In(decode.IST).Format(time.RFC3339))
	fmt.Println(tick.LastTraded().IsZero())
	// Output:
	// 2021-07-05T05:11:27Z
	// 2021-07-05T10:41:27+05:30
	// true
}
