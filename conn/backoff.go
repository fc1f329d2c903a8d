package conn

import (
	"math/rand/v2"
	"time"
)

// backoff spaces dials. The first dial after a stable session comes soon, so
// that a single cut costs little; each further one waits between min and a
// bound that doubles up to max. Both draws are random over their whole range,
// so connections cut at the same instant do not return at the same instant.
type backoff struct {
	min, max time.Duration
	attempt  int // dials since the last stable session
}

func (b *backoff) reset() { b.attempt = 0 }

func (b *backoff) next() time.Duration {
	n := b.attempt
	b.attempt++
	if n == 0 {
		return jitter(0, b.min)
	}
	bound := b.max
	if n < 32 && b.min<<n > 0 { // beyond, the shift could only exceed max or overflow
		bound = min(b.max, b.min<<n)
	}
	return jitter(b.min, bound)
}

// jitter draws uniformly from [lo, hi].
func jitter(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + rand.N(hi-lo+1)
}

// MaxDialsPerMinute is the most often a connection dials, whatever happens.
const MaxDialsPerMinute = 20

// dialBudget remembers the latest dials, so that no sequence of events, however
// odd, makes more than MaxDialsPerMinute.
type dialBudget struct {
	at [MaxDialsPerMinute]time.Time // a circle
	n  int                          // dials so far
}

// delay returns how long to wait before the next dial, wanted or longer, and
// counts that dial.
func (b *dialBudget) delay(now time.Time, wanted time.Duration) time.Duration {
	slot := &b.at[b.n%len(b.at)]
	if b.n >= len(b.at) {
		wanted = max(wanted, slot.Add(time.Minute).Sub(now))
	}
	*slot = now.Add(wanted)
	b.n++
	return wanted
}
