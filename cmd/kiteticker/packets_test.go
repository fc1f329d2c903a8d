package main

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

// Packets of every kind, written by hand from the protocol's description, in
// hex: token, last price, and what follows.
const (
	hexLTP       = "00063a01 00025d7c"                                                                                            // NSE, 1550.04
	hexLTPC      = "01db0b0c 0039b570 0039b188"                                                                                   // NCO, 378.2000, closed at 378.1000
	hexNegative  = "068fb107 fffff18c"                                                                                            // MCX, -37.00
	hexBCD       = "00032106 000b41d6"                                                                                            // 73.7750
	hexUnknown   = "0000640a 00025d7c"                                                                                            // segment 10
	hexQuote     = "0004b103 31c57868 00000005 31c39020 0001e240 00001b58 00001f40 31b5d480 31d45900 31b572d8 31bd75a0"           // CDS
	hexIndex     = "0003e909 000ded2d 000dfd18 000de90e 000dfcd7 000ded2d ffffffdc"                                               // a public sample: forum 5126
	hexIndexFull = "0003e909 000ded2d 000dfd18 000de90e 000dfcd7 000de000 ffffffdc 60e2947f"                                      // 10:41:27 in India
	hexFull      = "00063a01 00025d7d 0000000a 00025d46 b2d05e00 0003d090 0001e848 00025990 00026160 0002598b 00025b84" + times + // NSE, volume above 2^31
		"00000064 00025d78 0003 0000  000000c8 00025d73 ffff 0000  0000012c 00025d6e 0001 0000  00000190 00025d69 0002 0000  00000000 00000000 0000 0000" +
		"00000032 00025d7d 0001 0000  0000003c 00025d82 0002 0000  00000046 00025d87 0003 0000  00000050 00025d8c 0004 0000  0000005a 00025d91 0005 0000"
	times = "60e2947f 00000001 00000002 00000003 00000000" // traded at 10:41:27, open interest, no exchange time
)

// The JSON of those packets, up to the end of what they carry.
const (
	jsonLTP      = `{"tradable":true,"mode":"ltp","instrument_token":408065,"last_price":1550.04`
	jsonLTPC     = `{"tradable":true,"mode":"ltpc","instrument_token":31132428,"last_price":378.2000,"ohlc":{"close":378.1000},"change":0.026448029621793177`
	jsonNegative = `{"tradable":true,"mode":"ltp","instrument_token":110080263,"last_price":-37.00`
	jsonBCD      = `{"tradable":true,"mode":"ltp","instrument_token":205062,"last_price":73.7750`
	jsonUnknown  = `{"tradable":true,"mode":"ltp","instrument_token":25610,"last_price":1550.04`
	jsonQuote    = `{"tradable":true,"mode":"quote","instrument_token":307459,"last_price":83.5025000,"last_traded_quantity":5,` +
		`"average_traded_price":83.4900000,"volume_traded":123456,"total_buy_quantity":7000,"total_sell_quantity":8000,` +
		`"ohlc":{"open":83.4000000,"high":83.6000000,"low":83.3975000,"close":83.4500000},"change":0.06291192330736968`
	jsonIndex = `{"tradable":false,"mode":"quote","instrument_token":256265,"last_price":9126.85,` +
		`"ohlc":{"open":9166.95,"high":9167.60,"low":9116.30,"close":9126.85},"change":0`
	jsonIndexFull = `{"tradable":false,"mode":"full","instrument_token":256265,"last_price":9126.85,` +
		`"ohlc":{"open":9166.95,"high":9167.60,"low":9116.30,"close":9093.12},"change":0.3709397874436937,"exchange_timestamp":"2021-07-05T10:41:27+05:30"`
	jsonFull = `{"tradable":true,"mode":"full","instrument_token":408065,"last_price":1550.05,"last_traded_quantity":10,` +
		`"average_traded_price":1549.50,"volume_traded":3000000000,"total_buy_quantity":250000,"total_sell_quantity":125000,` +
		`"ohlc":{"open":1540.00,"high":1560.00,"low":1539.95,"close":1545.00},"change":0.3268608414239482,` +
		`"last_trade_time":"2021-07-05T10:41:27+05:30","oi":1,"oi_day_high":2,"oi_day_low":3,"exchange_timestamp":null,` +
		`"depth":{"buy":[{"quantity":100,"price":1550.00,"orders":3},{"quantity":200,"price":1549.95,"orders":65535},` +
		`{"quantity":300,"price":1549.90,"orders":1},{"quantity":400,"price":1549.85,"orders":2},{"quantity":0,"price":0.00,"orders":0}],` +
		`"sell":[{"quantity":50,"price":1550.05,"orders":1},{"quantity":60,"price":1550.10,"orders":2},` +
		`{"quantity":70,"price":1550.15,"orders":3},{"quantity":80,"price":1550.20,"orders":4},{"quantity":90,"price":1550.25,"orders":5}]}`
)

// unhex returns the bytes of hex digits among spaces.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tick decodes a packet and gives it a connection and a time of reception.
func tick(t testing.TB, packet string) kiteticker.Tick {
	t.Helper()
	var d decode.Decoder
	var tick kiteticker.Tick
	if err := d.Packet(&tick, unhex(t, packet)); err != nil {
		t.Fatal(err)
	}
	tick.Conn = 2
	tick.ReceivedAt = 1625461887_123456000 // 10:41:27.123456 in India
	return tick
}
