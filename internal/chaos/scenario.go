package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker"
)

// outcome is a row of the table.
type outcome struct {
	fault    *fault
	times    int
	told     time.Duration // longest; 0 where nothing is to be told
	healed   time.Duration // longest
	sums     sums
	failures []string
	late     time.Duration // longest that this process was kept waiting
	tries    int
}

// dose says how much of a fault there is.
type dose struct {
	rounds      int // injections
	instruments int
	seed        uint64
}

// The rig of one fault.
const (
	instruments = 300
	conns       = 2
	spares      = 60
	edits       = 10   // instruments that each fault meets being exchanged, and as many modes
	rate        = 10.0 // updates per second of each
)

// prove injects f, and does so again if a bound was missed while this process
// was kept from running: that says nothing about the client. What it says about
// ticks stands.
func (f *fault) prove(d dose) outcome {
	const most = 3
	for try := 1; ; try++ {
		out := f.run(d)
		out.tries = try
		if len(out.failures) == 0 || len(out.sums.broken()) > 0 || out.late < standstill || try == most {
			return out
		}
	}
}

// run injects f into a rig of its own.
func (f *fault) run(d dose) outcome {
	out := outcome{fault: f}
	rounds := d.rounds
	if f.rounds > 0 {
		rounds = f.rounds
	}
	never := f.failover
	if never == 0 {
		never = -1
	}
	r, err := newRig(plan{
		conns: conns, subscribed: d.instruments, spare: spares, rate: rate,
		straight: f.straight, abrupt: f.abrupt, slow: f.slow, failover: never, ring: 1 << 14, lag: f.lag, seed: d.seed,
	})
	if err != nil {
		return out.failed(err)
	}
	for round := range rounds {
		if err := f.round(r, round, &out); err != nil {
			out = out.failed(fmt.Errorf("round %d: %w", round+1, err))
			break
		}
	}
	sums, notes, err := r.stop()
	out.sums, out.late = sums, time.Duration(r.metronome.worst.Load())
	if err != nil {
		out = out.failed(err)
	}
	if broken := sums.broken(); len(broken) > 0 {
		out.failures = append(append(out.failures, broken...), notes...)
	}
	if f.told == nil && sums.InGaps+sums.Flagged > 0 {
		out = out.failed(fmt.Errorf("a harmless fault has left %d ticks in gaps, %d flagged", sums.InGaps, sums.Flagged))
	}
	return out
}

func (o outcome) failed(err error) outcome {
	o.failures = append(o.failures, err.Error())
	return o
}

// round injects f once, waits until it was told, ends it and waits until all is
// well again. Meanwhile subscriptions change.
func (f *fault) round(r *rig, round int, out *outcome) error {
	for deadline := time.Now().Add(atOnce); !r.journal.live(conns); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("no event says that all connections are live")
		}
	}
	mark, dials, renewals, start := r.journal.mark(), r.exchange.Dials(), r.renewals.Load(), time.Now()
	end, err := f.inject(r, round)
	if err != nil {
		return err
	}
	out.times++
	lasts := end != nil || f.hold > 0
	if end == nil {
		end = func() error { return nil }
	}
	told, hit := start, 0
	if f.told != nil {
		e, ok := r.journal.await(mark, f.within, func(e kiteticker.Event) bool { return f.told(r, e) })
		if !ok {
			return errors.Join(fmt.Errorf("not told in %v%s", f.within, r.journal.states(mark)), end())
		}
		told, hit = e.At, e.Conn
		out.told = max(out.told, told.Sub(start))
	}
	carried := r.carriedBy(hit)
	if err := r.edit(edits); err != nil {
		return errors.Join(err, end())
	}
	if f.failover > 0 {
		return errors.Join(f.failOver(r, hit, mark, told, out), end(), f.comeHome(r, hit, carried, mark))
	}
	time.Sleep(f.hold)
	over := start
	if lasts {
		over = time.Now()
	}
	if err := end(); err != nil {
		return err
	}
	healed, err := r.heal(latest(told, over), f.heals-time.Since(over))
	out.healed = max(out.healed, healed.Sub(over))
	if err != nil {
		return fmt.Errorf("not healed in %v: %w%s", f.heals, err, r.journal.states(mark))
	}
	if dials = r.exchange.Dials() - dials; f.dials > 0 && dials > f.dials {
		return fmt.Errorf("%d handshakes, want at most %d", dials, f.dials)
	}
	if renewals = r.renewals.Load() - renewals; renewals != f.renewals {
		return fmt.Errorf("asked for %d access tokens, want %d", renewals, f.renewals)
	}
	return f.check(r, mark)
}
