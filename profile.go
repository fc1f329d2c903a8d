package kiteticker

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// Profile says how sockets are read and where ticks are decoded.
type Profile uint8

const (
	// Balanced reads on one goroutine and decodes on another, both parked when
	// idle. A burst is taken off the socket while it is being decoded.
	Balanced Profile = iota
	// Inline decodes on the goroutine that reads: one hop and one wake-up
	// less, but the socket waits while ticks are decoded.
	Inline
	// LowLatency asks the sockets for data without pause, instead of waiting to be
	// woken, and decodes on the spot. That takes a CPU for good, whether ticks come
	// or not, and saves the wake-ups, which are most of the way of a tick.
	//
	// Who asks: the reader of a stream whose Wait is ring.WaitSpin or
	// ring.WaitYield, whenever it would wait otherwise. It then reads, decodes
	// and consumes on one goroutine, without a hop: one CPU serves all
	// connections, and this is the fastest way there is: 1.04 times the median of a
	// bare loop that polls its socket (1.17 if the reader parks, 1.5 for Balanced
	// against a bare loop that waits; bench/results). As long as no such
	// reader is at it, goroutines of the client ask, as many as there are
	// connections, but one fewer than CPUs: streams that park are woken by them.
	// They take over when a stream's reader has been away for 5 ms.
	//
	// What the machine cannot give is given up in this order: a polling
	// goroutine for each connection (they share those there are), then
	// polling itself, on one CPU or a socket that Linux did not make: the
	// sockets are then read as with Inline. The log says at the start of Run
	// what was chosen, and why.
	//
	// It is not for machines that have two CPUs and something else to do: when
	// all run without pause, other goroutines' sockets are looked at every 10 ms
	// only.
	LowLatency
)

var profileNames = [...]string{"balanced", "inline", "low-latency"}

func (p Profile) String() string {
	if int(p) < len(profileNames) {
		return profileNames[p]
	}
	return fmt.Sprintf("Profile(%d)", uint8(p))
}

// MarshalText returns the profile's name.
func (p Profile) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText sets p from "balanced", "inline" or "low-latency".
func (p *Profile) UnmarshalText(text []byte) error {
	for i, name := range profileNames {
		if name == string(text) {
			*p = Profile(i)
			return nil
		}
	}
	return fmt.Errorf("kiteticker: profile is %q, want balanced, inline or low-latency", text)
}

// plan is what a profile and what overrides it come to on a machine.
type plan struct {
	inline  bool // whoever reads decodes: there is no byte ring and no parser
	pollers int  // goroutines that poll sockets; 0: sockets are waited for
	cpus    int
	reason  string // why it is not all that was asked for, "" if it is
}

// choose plans for a number of connections on a number of CPUs, on a system that
// can poll sockets or not.
func choose(p Profile, busyPoll bool, conns, cpus int, pins, canPoll bool) plan {
	chosen := plan{inline: p != Balanced, cpus: cpus}
	var reasons []string
	because := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	switch {
	case p != LowLatency && !busyPoll:
	case !canPoll:
		because("sockets cannot be polled on this system")
	case !busyPoll && cpus < 2:
		because("there is one CPU: a goroutine that polls would keep all others from it")
	default:
		chosen.pollers = max(1, min(conns, cpus-1))
		if cpus < 2 {
			because("there is one CPU: others get it only when a poll has found nothing")
		} else if chosen.pollers < conns {
			because("there are %d CPUs: one is left to others, and connections share those that poll", cpus)
		}
	}
	if pins && chosen.inline && chosen.pollers == 0 {
		because("no goroutine spins that PinCPUs could bind")
	}
	chosen.reason = strings.Join(reasons, "; ")
	return chosen
}

// checkPins refuses CPUs that the process may not run on. Where CPUs cannot be
// told apart, any number will do.
func checkPins(pins []int, p Profile, busyPoll bool) error {
	if len(pins) > 0 && p == Inline && !busyPoll {
		return errors.New("kiteticker: PinCPUs is set with the Inline profile, which has no goroutine to pin")
	}
	allowed, err := allowedCPUs()
	for _, n := range pins {
		if n < 0 || err == nil && !slices.Contains(allowed, n) {
			return fmt.Errorf("kiteticker: PinCPUs has %d, want CPUs that this process may run on: %v", n, allowed)
		}
	}
	return nil
}

// allowedCPUs returns the CPUs of the process. It asks on another thread, for
// that of the caller may be bound to one.
func allowedCPUs() (cpus []int, err error) {
	done := make(chan struct{})
	go func() {
		cpus, err = cpu.Allowed()
		close(done)
	}()
	<-done
	return cpus, err
}
