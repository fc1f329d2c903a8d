package main

import (
	"sync/atomic"
	"time"
)

// metronome measures how long this process was kept from running. It says how
// far times that were measured meanwhile can be believed.
type metronome struct {
	worst atomic.Int64 // ns
}

// standstill is how long a process may be kept waiting for the bounds to hold
// nevertheless.
const standstill = 200 * time.Millisecond

func (m *metronome) run(done <-chan struct{}) {
	const beat = 10 * time.Millisecond
	timer := time.NewTicker(beat)
	defer timer.Stop()
	for last := time.Now(); ; {
		select {
		case <-done:
			return
		case <-timer.C:
		}
		now := time.Now()
		m.worst.Store(max(m.worst.Load(), int64(now.Sub(last)-beat)))
		last = now
	}
}
