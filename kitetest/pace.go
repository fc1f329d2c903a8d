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
	most   int64     // slots of one message: those of two beats, and no instrument twice
	epoch  time.Time // when slot 0 was due
	slot   int64     // next slot to serve
	paused time.Time // zero unless paused
}

// beat is the time between two messages of the market on one socket. Timers
// fire late, so a message may take what two beats have: one beat's and no more
// would leave a few slots for a second, tiny message nearly every time.
const beat = 10 * time.Millisecond

// endless is how many slots make one message when the rate is infinite: as many
// as a beat has at 9,000 instruments and 4 updates a second.
const endless = 360

func newClock(now time.Time, rate float64, n int) clock {
	c := clock{rate: rate, n: int64(n), epoch: now}
	most := math.Ceil(rate * float64(n) * 2 * beat.Seconds())
	if c.endless() {
		most = endless
	}
	c.most = int64(min(most, float64(n)))
	return c
}

func (c *clock) endless() bool { return math.IsInf(c.rate, 1) }

// dueBy returns how many slots are due at now. Multiplying first keeps whole
// numbers exact.
func (c *clock) dueBy(now time.Time) int64 {
	if c.endless() {
		return c.slot + c.most
	}
	return int64(float64(now.Sub(c.epoch)) * c.rate * float64(c.n) / 1e9)
}

// skip gives up the slots before now: nobody was subscribed.
func (c *clock) skip(now time.Time) {
	if c.paused.IsZero() {
		c.slot = max(c.slot, c.dueBy(now))
	}
}

func (c *clock) pause(now time.Time) {
	if c.paused.IsZero() {
		c.paused = now
	}
}

func (c *clock) resume(now time.Time) {
	if !c.paused.IsZero() {
		c.epoch = c.epoch.Add(now.Sub(c.paused))
		c.paused = time.Time{}
	}
}

// rouse ends the wait of an idle market.
func (m *market) rouse() {
	select {
	case m.wake <- struct{}{}:
	default: // it has been told already
	}
}

// run is the goroutine of the market. It gives up the gate after every message,
// so that nobody waits for a market that is late.
func (m *market) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		m.gate.lock()
		idle := m.subscribed == 0 || !m.paused.IsZero()
		late := !idle && m.beat(time.Now())
		m.gate.unlock()

		if late {
			select {
			case <-m.s.done:
				return
			default:
			}
			continue
		}
		var next <-chan time.Time // nil while idle: no timer keeps a bubble's clock busy
		if !idle {
			timer.Reset(beat - time.Since(m.s.start)%beat)
			next = timer.C
		}
		select {
		case <-next:
		case <-m.wake:
		case <-m.s.done:
			return
		}
	}
}

// beat serves slots that are due in one message for each socket, and reports
// whether there are more.
func (m *market) beat(now time.Time) bool {
	due := m.dueBy(now)
	m.due = m.due[:0]
	for end := min(due, m.slot+m.most); m.slot < end; m.slot++ {
		if i := m.slot % m.n; m.subs[i] > 0 {
			m.ins[i].advance(now)
			m.due = append(m.due, int32(i))
		}
	}
	m.publish()
	return m.slot < due || m.endless()
}
