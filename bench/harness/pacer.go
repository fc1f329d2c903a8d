package harness

import (
	"time"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// margin is what the pacer spins through at the end of a wait: the kernel may
// wake it so much too late.
const margin = 80 * time.Microsecond

// send sends frames for the time of the load, to the sockets in turn and no
// path always behind the same other one.
//
// A frame counts from when it was due, whenever it is let out: a client that
// holds the exchange up pays for every frame that waited meanwhile (otherwise
// its slowness would be omitted, since what is not sent is not measured). What
// the exchange's own timer is late is not the client's doing: a frame is due
// when the timer fired, if that was later than planned. An endless load has no
// plan: a frame is due when it is written.
func (p *pacer) send() (fin finished) {
	return p.pace(wallClock{}, p.sendOne)
}

// clock is what a pacer goes by.
type clock interface {
	now() int64
	until(t int64) int64 // waits, and returns the time when it returns
}

type wallClock struct{}

func (wallClock) now() int64          { return int64(hrtime.Now()) }
func (wallClock) until(t int64) int64 { return waitUntil(t) }

func (p *pacer) pace(c clock, sendOne func(slot, due int64) error) (fin finished) {
	gap := int64(0)
	if !p.load.Endless() {
		gap = int64(p.load.gap())
	}
	var woke int64
	for slot := int64(0); ; slot++ {
		planned := p.start + slot*gap
		now := c.now()
		if p.load.Endless() && slot > 0 {
			planned = now
		}
		if planned >= p.start+int64(p.total) {
			return fin
		}
		if now < planned {
			woke = c.until(planned)
		} else if slot > 0 && planned > woke && !p.load.Endless() {
			fin.Late++
		}
		if err := sendOne(slot, max(planned, woke)); err != nil {
			fin.Err = err.Error()
			return fin
		}
		fin.Frames++
	}
}

func (p *pacer) sendOne(slot, due int64) error {
	n := int64(len(p.conns))
	round := slot / n
	i := (slot + round) % n
	frame := p.frames[i][round%int64(len(p.frames[i]))]
	frame.stamp(due)
	return p.conns[i].SendRaw(frame)
}

// waitUntil returns the time when it returns, which is not before t.
func waitUntil(t int64) int64 {
	for {
		now := int64(hrtime.Now())
		if now >= t {
			return now
		}
		if left := time.Duration(t - now); left > margin {
			cpu.Sleep(left - margin)
		}
	}
}
