package main

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/kiteticker/kiteticker"
)

// check compares what the client told after mark with what f is.
func (f *fault) check(r *rig, mark int) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	// An Outage is told when the socket is open, before the first tick after
	// it; by another way, though.
	if f.outages != 0 {
		r.journal.await(mark, time.Second, is[*kiteticker.Outage])
	}
	conns := map[int]bool{}
	var outages, stales int
	for _, e := range r.journal.since(mark) {
		switch d := e.Data.(type) {
		case *kiteticker.StateChange:
			conns[d.Conn] = true
			if d.To == kiteticker.StateStale {
				stales++
			}
		case *kiteticker.Outage:
			outages++
			if d.Reason == nil || d.From.After(d.To) || len(d.Tokens) == 0 {
				bad("Outage of %d instruments from %v to %v, reason %v", len(d.Tokens), d.From, d.To, d.Reason)
			}
		}
	}
	switch {
	case f.outages == 0 && len(conns) > 0:
		bad("connections %v changed state, want none%s", keys(conns), r.journal.states(mark))
	case f.outages != 0 && len(conns) != 1:
		bad("connections %v changed state, want the one that was hit%s", keys(conns), r.journal.states(mark))
	}
	if f.outages >= 0 && outages != f.outages || f.outages < 0 && outages == 0 {
		bad("%d Outage events, want %d", outages, f.outages)
	}
	if f.stale && stales == 0 {
		bad("the connection was not stale before it was dead")
	}
	return errors.Join(errs...)
}

// failOver waits for the instruments of the connection that is down to tick
// elsewhere.
func (f *fault) failOver(r *rig, down int, mark int, told time.Time, out *outcome) error {
	tokens := r.subscribed()
	deadline := told.Add(f.heals)
	for !r.audit.tickedSince(tokens, told) {
		if time.Now().After(deadline) {
			return fmt.Errorf("instruments are not moved in %v", f.heals)
		}
		time.Sleep(2 * time.Millisecond)
	}
	out.healed = max(out.healed, time.Since(told))
	away := func(e kiteticker.Event) bool {
		m, ok := e.Data.(*kiteticker.Moved)
		return ok && m.From == down
	}
	if _, ok := r.journal.await(mark, time.Second, away); !ok {
		return errors.New("instruments moved, and no Moved event says so")
	}
	return nil
}

// comeHome waits for what the connection carried before to be moved back when
// the fault is over.
func (f *fault) comeHome(r *rig, down int, carried []uint32, mark int) error {
	away := func() (n int) {
		for _, token := range carried {
			if on, ok := r.client.ConnOf(token); ok && on != down {
				n++
			}
		}
		return n
	}
	home := redialled + f.failover + lookAround
	for deadline := time.Now().Add(home); away() > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d instruments are not moved back in %v", away(), home)
		}
	}
	if _, err := r.heal(time.Now(), redialled); err != nil {
		return fmt.Errorf("not well after moving back: %w", err)
	}
	return f.check(r, mark)
}

// carriedBy returns the instruments of a connection.
func (r *rig) carriedBy(conn int) (list []uint32) {
	for _, token := range r.subscribed() {
		if on, ok := r.client.ConnOf(token); ok && on == conn {
			list = append(list, token)
		}
	}
	return list
}

// is recognises an event with data of type T.
func is[T any](e kiteticker.Event) bool {
	_, ok := e.Data.(T)
	return ok
}

func keys(m map[int]bool) (list []int) {
	for k := range maps.Keys(m) {
		list = append(list, k)
	}
	return list
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
