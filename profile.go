package kiteticker

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// Profile says where ticks are decoded.
type Profile uint8

const (
	// Balanced reads on one goroutine and decodes on another, both parked when
	// idle. A burst is taken off the socket while it is being decoded.
	Balanced Profile = iota
	// Inline decodes on the goroutine that reads: one hop and one wake-up
	// less, but the socket waits while ticks are decoded.
	Inline
)

var profileNames = [...]string{"balanced", "inline"}

func (p Profile) String() string {
	if int(p) < len(profileNames) {
		return profileNames[p]
	}
	return fmt.Sprintf("Profile(%d)", uint8(p))
}

// MarshalText returns the profile's name.
func (p Profile) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText sets p from "balanced" or "inline".
func (p *Profile) UnmarshalText(text []byte) error {
	for i, name := range profileNames {
		if name == string(text) {
			*p = Profile(i)
			return nil
		}
	}
	return fmt.Errorf("profile is %q, want balanced or inline", text)
}

// checkPins refuses CPUs that the process may not run on. Where CPUs cannot be
// told apart, any number will do.
func checkPins(pins []int, p Profile) error {
	if len(pins) > 0 && p == Inline {
		return errors.New("kiteticker: PinCPUs is set with the Inline profile, which has no goroutine to pin")
	}
	allowed, err := cpu.Allowed()
	for _, n := range pins {
		if n < 0 || err == nil && !slices.Contains(allowed, n) {
			return fmt.Errorf("kiteticker: PinCPUs has %d, want CPUs that this process may run on: %v", n, allowed)
		}
	}
	return nil
}
