package kitetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gobwas/ws"
)

// headroom is the space in front of a payload for the longest header of an
// unmasked frame.
const headroom = 10

// putHeader writes the header of a frame right in front of its payload
// buf[headroom:] and returns header and payload.
func putHeader(buf []byte, first byte) []byte {
	n := len(buf) - headroom
	switch {
	case n < 126:
		buf = buf[headroom-2:]
		buf[1] = byte(n)
	case n < 1<<16:
		buf = buf[headroom-4:]
		buf[1] = 126
		be.PutUint16(buf[2:4], uint16(n))
	default:
		buf[1] = 127
		be.PutUint64(buf[2:10], uint64(n))
	}
	buf[0] = first
	return buf
}

const finBit = 0x80

// Send sends msg as one binary message.
func (c *Conn) Send(msg []byte) error { return c.send(ws.OpBinary, msg) }

// SendText sends text as one text message.
func (c *Conn) SendText(text string) error { return c.send(ws.OpText, []byte(text)) }

// SendPing sends a WebSocket ping with at most 125 bytes of data.
func (c *Conn) SendPing(data []byte) error { return c.send(ws.OpPing, data) }

// SendRaw writes bytes as they are, with no frame around them.
func (c *Conn) SendRaw(b []byte) error {
	c.writing.lock()
	defer c.writing.unlock()
	return c.write(b)
}

// CloseWith starts the closing handshake with code and reason; a code of 0
// sends a close frame without a status. Any other code is sent as it is, even
// one that RFC 6455 forbids. Nothing else is sent after it. The connection ends
// when the client has answered, or after the write timeout.
func (c *Conn) CloseWith(code int, reason string) error {
	var body []byte
	if code != 0 {
		body = ws.NewCloseFrameBody(ws.StatusCode(code), reason)
	}
	err := c.send(ws.OpClose, body)

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linger == nil && !c.ended() {
		c.linger = time.AfterFunc(c.s.cfg.WriteTimeout, func() { c.end(nil) })
	}
	return err
}

// send sends one frame with a payload of the caller's.
func (c *Conn) send(op ws.OpCode, payload []byte) error {
	c.writing.lock()
	defer c.writing.unlock()
	c.frame = append(append(c.frame[:0], make([]byte, headroom)...), payload...)
	return c.sendFrame(op, c.frame)
}

// sendMessage sends one binary message that the market built in buf.
func (c *Conn) sendMessage(buf []byte) error {
	c.writing.lock()
	defer c.writing.unlock()
	return c.sendFrame(ws.OpBinary, buf)
}

// sendFrame sends one message whose payload is buf[headroom:]. The caller
// holds c.writing.
func (c *Conn) sendFrame(op ws.OpCode, buf []byte) error {
	if c.closing.Load() {
		return errClosing
	}
	if op == ws.OpClose {
		c.closing.Store(true)
	}
	if op.IsData() {
		c.touch()
		if n := c.faults.Load().Fragments; n > 1 {
			return c.write(c.fragment(op, buf[headroom:], n))
		}
	}
	return c.write(putHeader(buf, finBit|byte(op)))
}

// touch notes that data was sent now.
func (c *Conn) touch() { c.sentAt.Store(int64(time.Since(c.s.start))) }

// fragment returns payload as n frames with an empty ping between each two.
func (c *Conn) fragment(op ws.OpCode, payload []byte, n int) []byte {
	out := c.pieces[:0]
	for i := range n {
		part := payload[i*len(payload)/n : (i+1)*len(payload)/n]
		first := byte(op)
		if i > 0 {
			out = append(out, finBit|byte(ws.OpPing), 0)
			first = byte(ws.OpContinuation)
		}
		if i == n-1 {
			first |= finBit
		}
		start := len(out)
		out = append(append(out, make([]byte, headroom)...), part...)
		frame := putHeader(out[start:], first)
		out = out[:start+copy(out[start:], frame)]
	}
	c.pieces = out
	return out
}

// write hands b to the socket: in one Write, unless faults cut it. The caller
// holds c.writing. A connection that cannot be written to ends.
func (c *Conn) write(b []byte) error {
	f := c.faults.Load()
	size := len(b)
	if f.Split > 1 {
		size = (size + f.Split - 1) / f.Split
	}
	if f.MaxWrite > 0 {
		size = min(size, f.MaxWrite)
	}
	for first := true; first || len(b) > 0; first = false {
		if !first && f.Gap > 0 && !c.sleep(f.Gap) {
			return errEnded
		}
		n := min(size, len(b))
		c.nc.SetWriteDeadline(time.Now().Add(c.s.cfg.WriteTimeout))
		if _, err := c.nc.Write(b[:n]); err != nil {
			c.end(err)
			return fmt.Errorf("kitetest: conn %d: %w", c.id, err)
		}
		b = b[n:]
	}
	return nil
}

// SendOrder sends an order update, {"type":"order","data":order}, on every live
// connection, as the exchange does.
func (s *Server) SendOrder(order any) error {
	text, err := json.Marshal(struct {
		Type string `json:"type"`
		Data any    `json:"data"`
	}{"order", order})
	if err != nil {
		return fmt.Errorf("kitetest: order: %w", err)
	}
	s.SendText(string(text))
	return nil
}

// hello sends the two texts that were seen right after connecting.
func (c *Conn) hello() {
	now := time.Now().In(time.FixedZone("IST", 5*3600+1800)).Format(time.RFC3339)
	c.SendText(`{"type":"instruments_meta","data":{"count":86481,"etag":"W/\"68907d60-55bf\""}}`)
	c.SendText(`{"type":"app_code","timestamp":"` + now + `"}`)
}
