package kitetest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/kitetest"
)

// client is a raw WebSocket client: it knows frames and nothing of Kite.
type client struct {
	tb testing.TB
	nc net.Conn
	r  io.Reader
}

const credentials = "/?api_key=key&access_token=token"

// dial connects to s and fails the test if the handshake fails.
func dial(tb testing.TB, s *kitetest.Server) *client {
	tb.Helper()
	c, err := tryDial(tb, s, credentials)
	if err != nil {
		tb.Fatalf("dial: %v", err)
	}
	return c
}

func tryDial(tb testing.TB, s *kitetest.Server, query string) (*client, error) {
	tb.Helper()
	d := ws.Dialer{NetDial: s.Dial, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	nc, br, _, err := d.Dial(context.Background(), s.URL()+query)
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() { nc.Close() })
	c := &client{tb: tb, nc: nc, r: nc}
	if br != nil { // bytes that arrived with the response
		c.r = io.MultiReader(io.LimitReader(br, int64(br.Buffered())), nc)
	} else {
		c.r = bufio.NewReaderSize(nc, 1<<16)
	}
	return c, nil
}

// send writes one masked frame.
func (c *client) send(op ws.OpCode, payload []byte) {
	c.tb.Helper()
	var out bytes.Buffer
	ws.WriteFrame(&out, ws.MaskFrame(ws.NewFrame(op, true, payload)))
	if _, err := c.nc.Write(out.Bytes()); err != nil {
		c.tb.Fatalf("write: %v", err)
	}
}

func (c *client) text(s string) { c.tb.Helper(); c.send(ws.OpText, []byte(s)) }

// frame reads one frame.
func (c *client) frame() (ws.Header, []byte, error) {
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return h, nil, err
	}
	if h.Masked {
		c.tb.Errorf("server sent a masked frame")
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(c.r, payload)
	return h, payload, err
}

// next reads one unfragmented frame and wants it to have opcode op.
func (c *client) next(op ws.OpCode) []byte {
	c.tb.Helper()
	h, payload, err := c.frame()
	if err != nil {
		c.tb.Fatalf("read: %v", err)
	}
	if h.OpCode != op || !h.Fin {
		c.tb.Fatalf("got frame %+v %q, want opcode %v", h, payload, op)
	}
	return payload
}

// packets splits a binary message by hand, by PROTOCOL's framing.
func packets(tb testing.TB, msg []byte) [][]byte {
	tb.Helper()
	n, rest := int(binary.BigEndian.Uint16(msg)), msg[2:]
	out := make([][]byte, n)
	for i := range out {
		l := int(binary.BigEndian.Uint16(rest))
		out[i], rest = rest[2:2+l], rest[2+l:]
	}
	if len(rest) > 0 {
		tb.Fatalf("%d bytes after the last packet", len(rest))
	}
	return out
}

// token returns the instrument token of a packet.
func token(packet []byte) uint32 { return binary.BigEndian.Uint32(packet) }

func jsonList(tokens []uint32) string {
	b, err := json.Marshal(tokens)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// equities returns n tokens of the universe that are not indices.
func equities(n int) []uint32 {
	return slices.DeleteFunc(kitetest.Universe(n+n/8+1), func(t uint32) bool { return t&0xff == 9 })[:n]
}
