package main

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
)

// The load of a soak: all that one API key may have, at four updates a second.
const (
	soakConns       = kiteticker.MaxConns
	soakInstruments = soakConns * kiteticker.MaxTokensPerConn
	soakRate        = 4.0

	soakSpare = 300 // instruments of the exchange beyond those subscribed
	soakEdits = 20  // exchanged each soakEdit, and as many modes
	soakEdit  = 250 * time.Millisecond

	// soakBurst is how much the stream's rings may hold: when a slow wire is
	// freed, what it held up comes at once.
	soakBurst = 10 * time.Second
)

// recovery bounds the time from the end of the last fault until all is well: a
// connection may have used up the dials of this minute.
const recovery = time.Minute + redialled

// memoryGrowth is how much more memory the last quarter of a soak may have on
// average than the second, in MiB: the garbage collector's breath, and what
// toxiproxy leaves behind. In less than a minute nothing can be said: rings
// count only when they have been round once.
const (
	memoryGrowth = 16
	memoryAfter  = time.Minute
)

// report is what a soak prints.
type report struct {
	OK       bool     `json:"ok"`
	Failures []string `json:"failures,omitempty"`

	Seed        uint64         `json:"seed"`
	Seconds     float64        `json:"duration_s"`
	Connections int            `json:"connections"`
	Instruments int            `json:"instruments"`
	Rate        float64        `json:"ticks_per_s"` // sent
	Faults      int            `json:"faults"`
	Kinds       map[string]int `json:"faults_by_kind"`
	Edits       int            `json:"subscription_edits"`

	Desired int `json:"desired"`
	Held    int `json:"held_by_server"` // of those, in the mode desired and on one socket

	Sent     uint64 `json:"ticks_sent"`
	Received uint64 `json:"ticks_received"`
	InGaps   uint64 `json:"ticks_in_gaps"`
	Copies   uint64 `json:"ticks_copies"`
	Unasked  uint64 `json:"ticks_unasked"`

	Unseen      uint64 `json:"lost_unseen"`
	Duplicates  uint64 `json:"duplicates"`
	Reordered   uint64 `json:"reordered"`
	Altered     uint64 `json:"altered"`
	Unexplained uint64 `json:"gaps_unexplained"`
	Overflowed  uint64 `json:"overflowed"`

	Outages  uint64  `json:"outages"` // events
	Moves    uint64  `json:"moves"`   // events
	Dials    uint64  `json:"dials"`
	Sessions uint64  `json:"sessions"`
	Healed   float64 `json:"healed_s"` // after the last fault

	MemoryEarly float64 `json:"rss_mib_early"` // mean of the second quarter
	MemoryLate  float64 `json:"rss_mib_late"`  // mean of the last quarter
	Before      load    `json:"before"`        // there was a client
	Early       load    `json:"early"`         // with everything well, before the first fault
	Late        load    `json:"late"`          // with everything well, after the last one
	After       load    `json:"after"`         // the client had ended
}

// soak runs everything at once for so long.
func soak(duration time.Duration, instruments int, seed uint64) (rep report) {
	rep = report{Seed: seed, Connections: soakConns, Instruments: instruments, Kinds: map[string]int{}}
	fail := func(err error) {
		if err != nil {
			rep.Failures = append(rep.Failures, err.Error())
		}
	}
	defer func() { rep.OK = len(rep.Failures) == 0 }()

	rep.Before = weigh()
	burst := instruments / soakConns * int(soakRate*soakBurst.Seconds()) // ticks
	r, err := newRig(plan{
		conns: soakConns, subscribed: instruments, spare: soakSpare, rate: soakRate,
		abrupt: true, failover: failover, ring: 1 << (bits.Len(uint(burst)) - 1), seed: seed, soak: true,
	})
	if err != nil {
		fail(err)
		return rep
	}
	rep.Early = weigh()
	fail(r.suffer(duration, rand.New(rand.NewPCG(seed, 2)), &rep))

	over := time.Now()
	healed, err := r.heal(over, recovery)
	fail(err)
	rep.Healed = healed.Sub(over).Seconds()
	rep.Late = rep.Early.again()
	for _, c := range r.client.Stats().Conns {
		rep.Dials += c.Dials
		rep.Sessions += c.Sessions
	}
	rep.Desired, rep.Held = r.holdings()
	s, notes, err := r.stop()
	fail(err)
	rep.After = rep.Before.again()

	rep.Rate = float64(s.Sent) / rep.Seconds
	rep.Sent, rep.Received, rep.InGaps, rep.Copies, rep.Unasked = s.Sent, s.Received, s.InGaps, s.Copies, s.Unasked
	rep.Unseen, rep.Duplicates, rep.Reordered, rep.Altered = s.Unseen, s.Duplicates, s.Reordered, s.Altered
	rep.Unexplained, rep.Overflowed, rep.Outages, rep.Moves = s.Unexplained, s.Overflowed, s.Outages, s.Moves
	if broken := s.broken(); len(broken) > 0 {
		rep.Failures = append(append(rep.Failures, broken...), notes...)
	}
	fail(rep.flat())
	return rep
}

// flat returns what has grown.
func (rep *report) flat() error {
	var errs []error
	if grown := rep.MemoryLate - rep.MemoryEarly; grown > memoryGrowth && rep.Seconds >= memoryAfter.Seconds() {
		errs = append(errs, fmt.Errorf("RSS has grown by %.1f MiB", grown))
	}
	if rep.Late != rep.Early {
		errs = append(errs, fmt.Errorf("with everything well there were %+v before the first fault, %+v after the last", rep.Early, rep.Late))
	}
	if rep.After.Goroutines > rep.Before.Goroutines {
		errs = append(errs, fmt.Errorf("%d goroutines before the client, %d after it", rep.Before.Goroutines, rep.After.Goroutines))
	}
	return errors.Join(errs...)
}

// suffer injects random faults, one after the other, and edits subscriptions
// all the while.
func (r *rig) suffer(duration time.Duration, rng *rand.Rand, rep *report) error {
	var kinds []fault
	for _, f := range faults() {
		if !f.alone {
			kinds = append(kinds, f)
		}
	}
	start := time.Now()
	done := make(chan struct{})
	var others sync.WaitGroup
	var samples []uint64
	var editErr error
	others.Go(func() { samples = memory(done) })
	others.Go(func() { rep.Edits, editErr = r.keepEditing(done) })

	var errs []error
	for time.Since(start) < duration {
		time.Sleep(between(rng, time.Second, 3*time.Second))
		f := kinds[rng.IntN(len(kinds))]
		end, err := f.inject(r, rng.IntN(1000))
		if err == nil {
			time.Sleep(between(rng, 200*time.Millisecond, bySilence+time.Second))
			if end != nil {
				err = end()
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
		}
		rep.Faults++
		rep.Kinds[f.name]++
	}
	rep.Seconds = time.Since(start).Seconds()
	close(done)
	others.Wait()
	quarter := len(samples) / 4
	rep.MemoryEarly, rep.MemoryLate = mean(samples[quarter:2*quarter]), mean(samples[len(samples)-quarter:])
	return errors.Join(append(errs, editErr)...)
}

func (r *rig) keepEditing(done <-chan struct{}) (edits int, err error) {
	every := time.NewTicker(soakEdit)
	defer every.Stop()
	for {
		select {
		case <-done:
			return edits, nil
		case <-every.C:
		}
		if err := r.edit(soakEdits); err != nil {
			return edits, fmt.Errorf("after %d edits: %w", edits, err)
		}
		edits++
	}
}

func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}

// holdings returns how many instruments are desired, and how many of them the
// exchange's sockets hold as desired.
func (r *rig) holdings() (desired, held int) {
	on := map[uint32][]kiteticker.Mode{}
	for _, c := range r.exchange.Conns() {
		for token, mode := range c.Tokens() {
			on[token] = append(on[token], mode)
		}
	}
	for token, mode := range r.client.Subscriptions() {
		desired++
		if modes := on[token]; len(modes) == 1 && modes[0] == mode {
			held++
		}
	}
	return desired, held
}
