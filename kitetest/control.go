package kitetest

import (
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Pause stops the market: no instrument changes, except by [Server.Step] and
// [Server.Trade], until [Server.Resume]. When Pause has returned, all that was
// sent is in the ledger.
func (s *Server) Pause() {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	m.pause(time.Now())
}

// Resume lets the market go on where Pause stopped it. Updates that the pause
// kept from happening are not made up for.
func (s *Server) Resume() {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	m.resume(time.Now())
	m.rouse()
}

// Step updates every subscribed instrument once, now, also while the market is
// paused. Each socket gets all its ticks in one message. It returns the number
// of ticks sent.
func (s *Server) Step() int {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	m.due = m.due[:0]
	now := time.Now()
	for i, subs := range m.subs {
		if subs > 0 {
			m.ins[i].advance(now)
			m.due = append(m.due, int32(i))
		}
	}
	return m.publish()
}

// Trade makes one trade of an instrument at a price of the caller's, in units
// of the segment, and sends it at once to whoever is subscribed: so a test
// scripts what its engine sees. High, low, average and the book follow; the
// market walks on from there. Any price will do: at the largest and smallest of
// all, the book ends. It returns the number of ticks sent.
func (s *Server) Trade(token uint32, price int32, quantity uint32) int {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	i, ok := m.index[token]
	if !ok {
		return 0
	}
	in := m.instrument(i)
	in.center(price)
	in.trade(price, quantity, time.Now())
	m.due = append(m.due[:0], i)
	return m.publish()
}

// Snapshot returns the state of an instrument, in full mode, and whether the
// exchange lists it.
func (s *Server) Snapshot(token uint32) (decode.Tick, bool) {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	i, ok := m.index[token]
	if !ok {
		return decode.Tick{}, false
	}
	t := m.instrument(i).tick
	t.Mode = decode.ModeFull
	return t, true
}
