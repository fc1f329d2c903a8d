package kitetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// market is the state of all instruments and who is subscribed to them. It
// writes to the sockets itself, holding its gate: so the order of packets, the
// ledger and the digests are one sequence, and a slow socket holds it up.
//
// Lock order: gate, then Conn.writing, then the mutexes.
type market struct {
	s     *Server
	index map[uint32]int32 // token to instrument; never written, may be shared
	wake  chan struct{}    // cap 1: there may be something to do

	gate       gate
	ins        []*instrument // nil until somebody asks for it
	subs       []int32       // sockets subscribed to each instrument
	subscribed int           // sum of subs
	members    []*Conn       // connections that have ever subscribed
	due        []int32       // reused: instruments of the next messages
	tick       decode.Tick   // reused: what OnTick sees
	clock

	ticks, messages, bytes atomic.Uint64 // written under the gate
}

var universeIndex = sync.OnceValue(func() map[uint32]int32 {
	index, _ := indexOf(universe())
	return index
})

// indexOf returns the position of each token; an error if one comes twice.
func indexOf(tokens []uint32) (map[uint32]int32, error) {
	index := make(map[uint32]int32, len(tokens))
	for i, token := range tokens {
		if _, ok := index[token]; ok {
			return nil, fmt.Errorf("kitetest: Instruments has %d twice", token)
		}
		index[token] = int32(i)
	}
	return index, nil
}

func newMarket(s *Server) (*market, error) {
	m := &market{
		s:     s,
		wake:  make(chan struct{}, 1),
		gate:  newGate(),
		clock: newClock(s.start, s.cfg.Rate, len(s.cfg.Instruments)),
		ins:   make([]*instrument, len(s.cfg.Instruments)),
		subs:  make([]int32, len(s.cfg.Instruments)),
	}
	if &s.cfg.Instruments[0] == &universe()[0] {
		m.index = universeIndex()
		return m, nil
	}
	var err error
	m.index, err = indexOf(s.cfg.Instruments)
	return m, err
}

// instrument returns instrument i, whose day begins when it is first asked for.
func (m *market) instrument(i int32) *instrument {
	if m.ins[i] == nil {
		m.ins[i] = newInstrument(m.s.cfg.Seed, m.s.cfg.Instruments[i], time.Now())
	}
	return m.ins[i]
}

// publish sends the instruments of m.due to everybody, one message per socket.
// It returns the number of packets.
func (m *market) publish() (sent int) {
	for _, c := range m.members {
		sent += m.send(c, m.due)
	}
	return sent
}

// send sends the state of those instruments in due that c is subscribed to,
// as one message, and accounts for it. It returns the number of packets.
func (m *market) send(c *Conn, due []int32) int {
	if c.silent() {
		return 0
	}
	const start = headroom + 2 // where packets begin, after their count
	msg := slices.Grow(c.message[:0], start)[:start]
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
	c.message = msg
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
	if c.sendMessage(msg) != nil {
		return 0
	}
	return m.account(c, due, msg[headroom:])
}

// account enters the packets of msg, which c was sent, into the ledger.
func (m *market) account(c *Conn, due []int32, msg []byte) (n int) {
	rest := msg[min(2, len(msg)):]
	for _, i := range due {
		if c.modes[i] == 0 {
			continue
		}
		if len(rest) < 2 || len(rest) < 2+int(be.Uint16(rest)) {
			break // truncated
		}
		end := 2 + int(be.Uint16(rest))
		in := m.ins[i]
		in.entry.Add(rest[2:end])
		if m.s.cfg.OnTick != nil {
			m.tick = carried(&in.tick, c.modes[i], rest[2:end])
			m.s.cfg.OnTick(c.id, &m.tick)
		}
		rest = rest[end:]
		n++
	}
	m.ticks.Add(uint64(n))
	m.messages.Add(1)
	m.bytes.Add(uint64(len(msg)))
	return n
}
