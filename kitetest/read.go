package kitetest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/gobwas/ws"
)

var (
	errEnded   = fmt.Errorf("kitetest: %w", net.ErrClosed)
	errClosing = fmt.Errorf("kitetest: a close frame was sent: %w", net.ErrClosed)
	errTooBig  = errors.New("kitetest: message too big")
)

// maxMessage is the longest client message in bytes. 3,000 tokens take 33 kB.
const maxMessage = 1 << 20

// read handles what the client sends until the connection ends.
func (c *Conn) read() error {
	var (
		header  [ws.MaxHeaderSize]byte
		state   = ws.StateServerSide
		op      ws.OpCode // of the message that is arriving
		message []byte
		payload []byte
	)
	for {
		if !c.thawed() {
			return errEnded
		}
		h, err := ws.ReadHeaderBuffer(c.in, header[:])
		if err != nil {
			return err
		}
		if err := ws.CheckHeader(h, state); err != nil {
			c.CloseWith(int(ws.StatusProtocolError), err.Error())
			return err
		}
		if h.Length > maxMessage-int64(len(message)) {
			c.CloseWith(int(ws.StatusMessageTooBig), "")
			return errTooBig
		}
		payload = slices.Grow(payload[:0], int(h.Length))[:h.Length]
		if _, err := io.ReadFull(c.in, payload); err != nil {
			return err
		}
		ws.Cipher(payload, h.Mask, 0)
		if !c.thawed() {
			return errEnded
		}
		switch h.OpCode {
		case ws.OpPing:
			c.send(ws.OpPong, payload)
		case ws.OpPong:
		case ws.OpClose:
			c.send(ws.OpClose, payload[:min(len(payload), 2)])
			return nil
		default:
			if h.OpCode != ws.OpContinuation {
				op = h.OpCode
			}
			message = append(message, payload...)
			if !h.Fin {
				state = state.Set(ws.StateFragmented)
				continue
			}
			state = state.Clear(ws.StateFragmented)
			if op == ws.OpText {
				c.command(message)
			}
			message = message[:0]
		}
	}
}
