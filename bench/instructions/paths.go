package main

import (
	"encoding/binary"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// path is something to count the instructions of. make returns a function that
// does it once.
type path struct {
	name string
	unit string // what once is
	n    int    // how often it runs, for some five million instructions
	make func() func()
}

func paths() []path {
	return []path{
		{"decode-full", "packet", 50000, decodePacket(184, 1<<8|2)},
		{"decode-quote", "packet", 50000, decodePacket(44, 1<<8|2)},
		{"decode-ltp", "packet", 50000, decodePacket(8, 1<<8|2)},
		{"decode-index", "packet", 50000, decodePacket(32, 1<<8|9)},
		{"decode-frame", "message of 300 full packets", 150, decodeFrame},
		{"publish-ticks", "publish of 16 ticks, read again", 5000, publishTicks},
		{"publish-message", "message of one full packet, read again", 20000, publishMessage},
		{"wake", "publish of one tick, and a poll of nothing", 50000, pollTick},
	}
}

func decodePacket(n int, token uint32) func() func() {
	return func() func() {
		var dec decode.Decoder
		var tick decode.Tick
		packet := make([]byte, n)
		binary.BigEndian.PutUint32(packet, token)
		return func() {
			if err := dec.Packet(&tick, packet); err != nil {
				panic(err)
			}
		}
	}
}

func decodeFrame() func() {
	var dec decode.Decoder
	var packets [][]byte
	for _, token := range kitetest.Universe(300) {
		packets = append(packets, kitetest.AppendPacket(nil, &decode.Tick{Token: token<<8 | 1, Mode: decode.ModeFull}))
	}
	msg, slots := kitetest.AppendFrame(nil, packets...), make([]decode.Tick, 512)
	return func() {
		split, i := decode.Split(msg), 0
		for packet, ok := split.Next(); ok; packet, ok = split.Next() {
			if err := dec.Packet(&slots[i%len(slots)], packet); err != nil {
				panic(err)
			}
			i++
		}
	}
}

func publishTicks() func() {
	p, c := ring.New[decode.Tick](64)
	return func() {
		for range 16 {
			t, ok := p.Reserve()
			if !ok {
				panic("full")
			}
			t.Seq++
			p.Commit()
		}
		p.Publish()
		for _, ok := c.Peek(); ok; _, ok = c.Peek() {
			c.Advance()
		}
		c.Release()
	}
}

func publishMessage() func() {
	p, c := ring.NewBytes(64 << 10)
	return func() {
		b, err := p.Claim(188)
		if err != nil {
			panic(err)
		}
		b[0]++
		p.Commit(188, 1, 0)
		p.Publish()
		if _, ok := c.Peek(); !ok {
			panic("empty")
		}
		c.Advance()
		c.Release()
	}
}

func pollTick() func() {
	p, c := ring.New[decode.Tick](64)
	return func() {
		if _, ok := c.Peek(); ok {
			panic("not empty")
		}
		p.Reserve()
		p.Commit()
		p.Publish()
		c.Peek()
		c.Advance()
		c.Release()
	}
}
