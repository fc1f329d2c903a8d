package kitetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// market is the state of all instruments and who is subscribed to them. It
// writes to the sockets itself, holding its gate: so the order of packets, the
// ledger and the digests are one sequence, and a slow socket holds it up.
type market struct {
	s     *Server
	index map[uint32]int32 // token to instrument
	wake  chan struct{}    // cap 1: there may be something to do

	gate       gate
	ins        []instrument
	members    []*Conn // connections with a subscription
	subscribed int     // sum of all instruments' subs
	due        []int32 // reused
	one        decode.Tick
	clock

	ticks, messages, bytes atomic.Uint64 // written under the gate
}

func newMarket(s *Server) *market {
	m := &market{
		s:     s,
		index: make(map[uint32]int32, len(s.cfg.Instruments)),
		wake:  make(chan struct{}, 1),
		gate:  newGate(),
		ins:   make([]instrument, len(s.cfg.Instruments)),
	}
	now := uint32(s.start.Unix())
	for i, token := range s.cfg.Instruments {
		m.index[token] = int32(i)
		m.ins[i].open(s.cfg.Seed, token, now)
	}
	m.clock = newClock(s.start, s.cfg.Rate, len(m.ins))
	return m
}

// subscribe adds tokens to c in quote mode, and sends a snapshot of them.
func (m *market) subscribe(c *Conn, tokens []uint32) {
	m.gate.lock()
	defer m.gate.unlock()
	if c.ended() {
		return
	}
	if c.modes == nil {
		c.modes = make([]decode.Mode, len(m.ins))
		m.members = append(m.members, c)
	}
	// Each token of each message counts, also one that is already subscribed.
	limit := m.s.cfg.MaxTokens
	fit := tokens[:min(len(tokens), limit-c.used)]
	c.used += len(fit)
	m.due = m.due[:0]
	for _, token := range fit {
		sub := c.subs[token]
		first := sub.count == 0
		c.subs[token] = subscription{mode: decode.ModeQuote, count: sub.count + 1}
		i, listed := m.index[token]
		if !listed {
			continue // as for a delisted instrument: no error, no data
		}
		c.modes[i] = decode.ModeQuote
		if first {
			m.join(i)
		}
		m.due = append(m.due, i)
	}
	if len(fit) < len(tokens) {
		c.sendError(fmt.Sprintf("Can't subscribe to more than %d instruments.", limit))
	}
	slices.Sort(m.due)
	m.due = slices.Compact(m.due)
	m.send(c, m.due, time.Now())
}

func (m *market) join(i int32) {
	if m.subscribed == 0 {
		m.skip(time.Now())
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
	m.ins[i].subs++
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
	m.send(c, m.due, time.Now())
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
		m.ins[i].subs--
		m.subscribed--
	}
}

// update steps the instruments of m.due and sends them to every member.
func (m *market) update(now time.Time) (sent int) {
	sec := uint32(now.Unix())
	for _, i := range m.due {
		m.ins[i].advance(sec)
	}
	for _, c := range m.members {
		sent += m.send(c, m.due, now)
	}
	return sent
}

// send sends the state of those instruments in due that c is subscribed to,
// as one message, and accounts for it. It returns the number of packets.
func (m *market) send(c *Conn, due []int32, now time.Time) int {
	if c.silent() {
		return 0
	}
	const start = headroom + 2 // where packets begin, after their count
	msg := slices.Grow(c.buf[:0], start)[:start]
	n := 0
	for _, i := range due {
		mode := c.modes[i]
		if mode == 0 {
			continue
		}
		t := &m.ins[i].tick
		t.Mode = mode
		at := len(msg)
		msg = AppendPacket(append(msg, 0, 0), t)
		be.PutUint16(msg[at:], uint16(len(msg)-at-2))
		n++
	}
	c.buf = msg
	if n == 0 {
		return 0
	}
	be.PutUint16(msg[headroom:], uint16(n))
	if m.s.cfg.Stamp {
		stamp(msg[headroom:], time.Now().UnixNano())
	}
	if cut := c.faults.Load().Truncate; cut > 0 {
		msg = msg[:max(headroom, len(msg)-cut)]
	}
	if c.sendMarket(msg) != nil {
		return 0
	}
	return m.account(c, due, msg)
}

// account enters the packets of msg, which was sent, into the ledger.
func (m *market) account(c *Conn, due []int32, msg []byte) (n int) {
	rest := msg[min(headroom+2, len(msg)):]
	for _, i := range due {
		if c.modes[i] == 0 {
			continue
		}
		if len(rest) < 2 {
			break // truncated
		}
		end := 2 + int(be.Uint16(rest))
		if len(rest) < end {
			break
		}
		in := &m.ins[i]
		in.entry.Add(rest[2:end])
		if m.s.cfg.OnTick != nil {
			m.one = carried(&in.tick, c.modes[i], rest[2:end], m.s.cfg.Stamp)
			m.s.cfg.OnTick(c.id, &m.one)
		}
		rest = rest[end:]
		n++
	}
	m.ticks.Add(uint64(n))
	m.messages.Add(1)
	m.bytes.Add(uint64(len(msg) - headroom + headerLen(len(msg)-headroom)))
	return n
}
