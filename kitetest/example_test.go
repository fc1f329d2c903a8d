package kitetest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A client that knows only WebSocket and JSON reads a snapshot from an exchange
// in memory, and then a price that the test made.
func Example() {
	exchange := kitetest.NewServer(nil, kitetest.Config{Seed: 1}) // in a test: t, and no Close
	defer exchange.Close()

	dialer := ws.Dialer{NetDial: exchange.Dial}
	conn, _, _, err := dialer.Dial(context.Background(), exchange.URL()+"?api_key=any&access_token=any")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	wsutil.WriteClientText(conn, []byte(`{"a":"subscribe","v":[408065]}`)) // INFY
	show(wsutil.ReadServerBinary(conn))

	exchange.Trade(408065, 1650_25, 10)
	show(wsutil.ReadServerBinary(conn))

	fmt.Println(exchange.Conns()[0].Received())
	// Output:
	// packets: 1, length: 44, token: 408065, last price: 2460.50
	// packets: 1, length: 44, token: 408065, last price: 1650.25
	// [{"a":"subscribe","v":[408065]}]
}

// show prints a message with one packet.
func show(msg []byte, err error) {
	if err != nil {
		log.Fatal(err)
	}
	packets, length := binary.BigEndian.Uint16(msg), binary.BigEndian.Uint16(msg[2:])
	token, last := binary.BigEndian.Uint32(msg[4:]), binary.BigEndian.Uint32(msg[8:])
	fmt.Printf("packets: %d, length: %d, token: %d, last price: %.2f\n", packets, length, token, float64(last)/100)
}
