package kitetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// subscription is one token's state on one connection.
type subscription struct {
	mode  decode.Mode
	count int // how often it was subscribed: each counts toward the limit
}

// subscribe adds tokens to c in quote mode, and sends a snapshot of them. Each
// token of each message counts toward the limit, also one that is already
// subscribed; what does not fit is refused with one error.
func (m *market) subscribe(c *Conn, tokens []uint32) {
	if n, first := m.unlisted(tokens); n > 0 {
		m.s.cfg.Logger.Warn("subscribed to instruments that the exchange does not list: they will have no data",
			"conn", c.id, "tokens", n, "first", first)
	}
	m.gate.lock()
	defer m.gate.unlock()
	if c.ended() {
		return // m.leave may be over: nobody would remove it again
	}
	if c.modes == nil {
		c.modes = make([]decode.Mode, len(m.ins))
		m.members = append(m.members, c)
	}
	limit := m.s.cfg.MaxTokens
	fit := tokens[:min(len(tokens), limit-c.used)]
	c.used += len(fit)
	m.due = m.due[:0]
	for _, token := range fit {
		sub := c.subs[token]
		c.subs[token] = subscription{mode: decode.ModeQuote, count: sub.count + 1}
		i, listed := m.index[token]
		if !listed {
			continue // as for a delisted instrument: no error, no data
		}
		c.modes[i] = decode.ModeQuote
		if sub.count == 0 {
			m.join(i)
		}
		m.due = append(m.due, i)
	}
	if len(fit) < len(tokens) {
		c.sendError(fmt.Sprintf("Can't subscribe to more than %d instruments.", limit))
	}
	slices.Sort(m.due)
	m.due = slices.Compact(m.due)
	m.send(c, m.due)
}

// unlisted returns how many tokens no listed instrument has, and the first.
func (m *market) unlisted(tokens []uint32) (n int, first uint32) {
	for _, token := range tokens {
		if _, listed := m.index[token]; listed {
			continue
		}
		if n == 0 {
			first = token
		}
		n++
	}
	return n, first
}

// join adds a subscriber to instrument i.
func (m *market) join(i int32) {
	m.instrument(i)
	if m.subscribed == 0 {
		m.skip(time.Now())
		m.rouse()
	}
	m.subs[i]++
	m.subscribed++
}

// setMode changes the mode of tokens that c is subscribed to, and sends a
// snapshot of those whose mode is another now.
func (m *market) setMode(c *Conn, mode decode.Mode, tokens []uint32) {
	m.gate.lock()
	defer m.gate.unlock()
	m.due = m.due[:0]
	for _, token := range tokens {
		sub, ok := c.subs[token]
		if !ok || sub.mode == mode {
			continue
		}
		sub.mode = mode
		c.subs[token] = sub
		if i, listed := m.index[token]; listed {
			c.modes[i] = mode
			m.due = append(m.due, i)
		}
	}
	slices.Sort(m.due)
	m.send(c, m.due)
}

// unsubscribe removes tokens from c, with all their duplicates.
func (m *market) unsubscribe(c *Conn, tokens []uint32) {
	m.gate.lock()
	defer m.gate.unlock()
	for _, token := range tokens {
		m.remove(c, token)
	}
}

// leave removes c, whose socket has ended.
func (m *market) leave(c *Conn) {
	m.gate.lock()
	defer m.gate.unlock()
	for token := range c.subs {
		m.remove(c, token)
	}
	if i := slices.Index(m.members, c); i >= 0 {
		m.members = slices.Delete(m.members, i, i+1)
	}
}

func (m *market) remove(c *Conn, token uint32) {
	sub, ok := c.subs[token]
	if !ok {
		return
	}
	delete(c.subs, token)
	c.used -= sub.count
	if i, listed := m.index[token]; listed {
		c.modes[i] = 0
		m.subs[i]--
		m.subscribed--
	}
}
