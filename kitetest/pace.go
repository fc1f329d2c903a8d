package kitetest

import (
	"math"
	"time"
)

// clock turns time into slots. In every 1/rate seconds there is one slot per
// instrument, in turn and evenly spread: slot k belongs to instrument k modulo
// their number. The slots due are computed from the time since the epoch, so a
// late beat makes up for itself and nothing drifts.
type clock struct {
	rate   float64
	n      int64     // instruments
	chunk  int64     // slots of one message: a beat's, and no instrument twice
	epoch  time.Time // when slot 0 was due
	slot   int64     // next slot to serve
	paused time.Time // zero unless paused
}

// endless is how many slots make one message when the rate is infinite: as many
// as a beat has at 9,000 instruments and 4 updates a second.
const endless = 360

func newClock(now time.Time, rate float64, n int) clock {
	c := clock{rate: rate, n: int64(n), epoch: now}
	perBeat := math.Ceil(rate * float64(n) * beat.Seconds())
	if math.IsInf(rate, 1) {
		perBeat = endless
	}
	c.chunk = int64(min(perBeat, float64(n)))
	return c
}

// dueBy returns how many slots are due at now. Multiplying first keeps whole
// numbers exact.
func (c *clock) dueBy(now time.Time) int64 {
	if math.IsInf(c.rate, 1) {
		return c.slot + c.chunk
	}
	return int64(float64(now.Sub(c.epoch)) * c.rate * float64(c.n) / 1e9)
}

// skip gives up the slots before now: nobody was subscribed.
func (c *clock) skip(now time.Time) {
	if c.paused.IsZero() {
		c.slot = max(c.slot, c.dueBy(now))
	}
}

// run is the goroutine of the market.
func (m *market) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		m.gate.lock()
		idle := m.subscribed == 0 || !m.paused.IsZero()
		late := !idle && m.beat(time.Now())
		m.gate.unlock()
		switch {
		case idle:
			select {
			case <-m.wake:
			case <-m.s.done:
				return
			}
		case late:
			select {
			case <-m.s.done:
				return
			default:
			}
		default:
			since := time.Since(m.s.start)
			timer.Reset(beat - since%beat)
			select {
			case <-timer.C:
			case <-m.s.done:
				return
			}
		}
	}
}

// beat serves the next chunk of slots that are due, and reports whether there
// are more.
func (m *market) beat(now time.Time) bool {
	due := m.dueBy(now)
	end := min(due, m.slot+m.chunk)
	m.due = m.due[:0]
	for ; m.slot < end; m.slot++ {
		if i := int32(m.slot % m.n); m.ins[i].subs > 0 {
			m.due = append(m.due, i)
		}
	}
	m.update(now)
	return m.slot < due || math.IsInf(m.rate, 1)
}

// Pause stops the market: no instrument is updated, except by Step and Update,
// until Resume. When Pause returns, all that was sent is in the ledger.
func (s *Server) Pause() {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	if m.paused.IsZero() {
		m.paused = time.Now()
	}
}

// Resume lets the market go on where Pause stopped it. Updates that were not
// due because of the pause are not made up for.
func (s *Server) Resume() {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	if m.paused.IsZero() {
		return
	}
	m.epoch = m.epoch.Add(time.Since(m.paused))
	m.paused = time.Time{}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Step updates every subscribed instrument once, now, also while the market is
// paused. Each socket gets all its ticks in one message. It returns the number
// of ticks sent.
func (s *Server) Step() int {
	m := s.market
	m.gate.lock()
	defer m.gate.unlock()
	m.due = m.due[:0]
	for i := range m.ins {
		if m.ins[i].subs > 0 {
			m.due = append(m.due, int32(i))
		}
	}
	return m.update(time.Now())
}
