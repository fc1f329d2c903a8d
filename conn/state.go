package conn

import (
	"fmt"
	"time"
)

// State is where a connection stands.
type State uint32

const (
	StateIdle       State = iota // Run has not been called
	StateDialing                 // TCP, TLS and the HTTP upgrade
	StateLive                    // the socket is open
	StateBackingOff              // waiting before the next dial
	StateRefused                 // the server refused the credentials; waiting for new ones
	StateStopped                 // Run has returned
)

var stateNames = [...]string{"idle", "dialing", "live", "backing off", "refused", "stopped"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint32(s))
}

// MarshalText returns the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Transition is one change of state, with its reason.
type Transition struct {
	Conn     int
	From, To State
	At       time.Time
	Attempt  int           // dials since the connection was last stable
	Delay    time.Duration // wait before the next dial, when To is StateBackingOff
	Err      error         // why, nil for a wanted change; credentials removed
}
