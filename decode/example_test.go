package decode_test

import (
	"fmt"
	"os"
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
		fmt.Println(tick.Token, tick.SegmentName(), tick.Mode, tick.Price(tick.LastPrice))
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 408065 NSE ltp 1528.35
	// 3 bytes: decode: unknown packet length
	// 256265 INDICES quote 9126.85
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

// A view finds the packets of one instrument without decoding the others.
func ExampleDecoder_View() {
	const infy = 408065
	var dec decode.Decoder
	s := decode.Split([]byte(threePackets))
	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
		p, ok := dec.View(pkt)
		if !ok || p.Token() != infy {
			continue
		}
		units := decode.Tick{Decimals: p.Decimals()} // to print a price
		fmt.Println(p.Mode(), p.LastPrice(), units.Price(p.LastPrice()), p.Close())
	}
	// Output: ltp 152835 1528.35 0
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
	fmt.Println(dec.Knows(tick.Token), tick.Price(tick.LastPrice))
	// Output: true 0.12345
}

func ExampleTick_Price() {
	tick := decode.Tick{LastPrice: -5, Close: 737750, Decimals: 4}
	fmt.Println(tick.Price(tick.LastPrice), tick.Price(tick.Close))
	// Output: -0.0005 73.7750
}

func ExampleTick_AppendPrice() {
	tick := decode.Tick{LastPrice: 152835, Decimals: 2}
	line := make([]byte, 0, 64) // reused for each tick
	line = append(tick.AppendPrice(append(line[:0], "last="...), tick.LastPrice), '\n')
	os.Stdout.Write(line)
	// Output: last=1528.35
}

// A stop price is turned into wire units once, when the decimals of the
// instrument are known, and then compared as integers.
func ExampleTick_FromRupees() {
	tick := decode.Tick{LastPrice: 152830, Decimals: 2}
	stop, ok := tick.FromRupees(1528.35)
	fmt.Println(stop, ok, tick.LastPrice <= stop)
	// Output: 152835 true true
}

func ExampleTick_String() {
	tick := decode.Tick{Token: 408065, LastPrice: 152835, Decimals: 2, Mode: decode.ModeFull, Conn: 2, Seq: 17, Flags: decode.FlagGap}
	fmt.Println(tick)
	// Output: 408065 NSE full 1528.35 conn 2 seq 17 gap
}

func ExampleTick_Change() {
	tick := decode.Tick{LastPrice: 10250, Close: 10000, Decimals: 2}
	fmt.Printf("%+d paise, %+.2f %%\n", tick.Change(), tick.ChangePercent())
	// Output: +250 paise, +2.50 %
}

func ExampleTick_ExchangeAt() {
	tick := decode.Tick{ExchangeTime: 1625461887}
	fmt.Println(tick.ExchangeAt().Format(time.RFC3339))
	fmt.Println(tick.ExchangeAt().In(decode.IST).Format(time.RFC3339))
	fmt.Println(tick.TradedAt().IsZero())
	// Output:
	// 2021-07-05T05:11:27Z
	// 2021-07-05T10:41:27+05:30
	// true
}
