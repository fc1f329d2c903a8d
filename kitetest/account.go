package kitetest

import (
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Ledger returns the account of every instrument that was sent at least once:
// its packets on all sockets, snapshots included, in the order they were handed
// over. A packet that goes to two sockets counts twice, so digests compare only
// if each token has one subscriber at a time. Messages that a test sends itself
// are not in it. A socket that was cut may have lost what its client had not
// read.
func (s *Server) Ledger() map[uint32]Entry {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	ledger := make(map[uint32]Entry)
	for i := range m.ins {
		if in := &m.ins[i]; in.entry.Ticks > 0 {
			ledger[in.tick.Token] = in.entry
		}
	}
	return ledger
}

// Totals returns the counts so far. It waits for nothing; see [Server.Pause]
// for a moment when they stand still.
func (s *Server) Totals() Totals {
	return Totals{
		Ticks:      s.market.ticks.Load(),
		Messages:   s.market.messages.Load(),
		Bytes:      s.market.bytes.Load(),
		Heartbeats: s.heartbeats.Load(),
	}
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
	t := m.ins[i].tick
	t.Mode = decode.ModeFull
	return t, true
}

// Update lets edit change the state of one instrument, and sends it at once to
// whoever is subscribed: this is how a test scripts prices. The market walks on
// from there. It returns the number of ticks sent. Edit must not change the
// token, and must not call the server.
func (s *Server) Update(token uint32, edit func(t *decode.Tick)) int {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	i, ok := m.index[token]
	if !ok {
		return 0
	}
	t := &m.ins[i].tick
	flags := t.Flags
	edit(t)
	t.Token, t.Flags = token, flags
	m.due = append(m.due[:0], i)
	sent := 0
	for _, c := range m.members {
		sent += m.send(c, m.due, time.Now())
	}
	return sent
}

// carried returns the tick that a packet of the given mode carries: the
// instrument's state without what the packet has no room for.
func carried(state *decode.Tick, mode decode.Mode, packet []byte, stamped bool) decode.Tick {
	full := *state
	full.Mode = mode
	if stamped && (len(packet) == lenQuote || len(packet) == lenFull) {
		full.TotalBuyQuantity = be.Uint32(packet[20:])
		full.TotalSellQuantity = be.Uint32(packet[24:])
	}
	if mode == decode.ModeFull {
		return full
	}
	t := decode.Tick{Token: full.Token, LastPrice: full.LastPrice, Mode: mode, Flags: full.Flags, Decimals: full.Decimals}
	if mode == decode.ModeLTP {
		t.Flags &^= decode.FlagIndex // an ltp packet is the same for all
		return t
	}
	full.LastTradeTime, full.ExchangeTime = 0, 0
	full.OI, full.OIDayHigh, full.OIDayLow = 0, 0, 0
	full.Bids, full.Asks = [5]decode.Level{}, [5]decode.Level{}
	return full
}
