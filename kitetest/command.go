package kitetest

import (
	"encoding/json"
	"fmt"

	"github.com/kiteticker/kiteticker/decode"
)

// command records and obeys one text message of the client. Like the exchange
// it acknowledges nothing, and ignores what it does not understand.
func (c *Conn) command(text []byte) {
	c.mu.Lock()
	c.received = append(c.received, string(text))
	c.mu.Unlock()

	var msg struct {
		A string          `json:"a"`
		V json.RawMessage `json:"v"`
	}
	if json.Unmarshal(text, &msg) != nil {
		return
	}
	switch msg.A {
	case "subscribe":
		if tokens, ok := c.parseTokens(msg.V); ok {
			c.s.market.subscribe(c, tokens)
		}
	case "unsubscribe":
		if tokens, ok := c.parseTokens(msg.V); ok {
			c.s.market.unsubscribe(c, tokens)
		}
	case "mode":
		var pair []json.RawMessage
		var mode decode.Mode
		if json.Unmarshal(msg.V, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[0], &mode) != nil ||
			!mode.Subscribable() {
			return
		}
		if tokens, ok := c.parseTokens(pair[1]); ok {
			c.s.market.setMode(c, mode, tokens)
		}
	}
}

// parseTokens reads a list of JSON numbers; anything else is answered with the
// exchange's error.
func (c *Conn) parseTokens(list []byte) ([]uint32, bool) {
	var tokens []uint32
	if json.Unmarshal(list, &tokens) != nil {
		c.sendError("Error parsing instrument tokens.")
		return nil, false
	}
	return tokens, true
}

func (c *Conn) sendError(text string) {
	c.SendText(fmt.Sprintf(`{"type":"error","data":%q}`, text))
}
