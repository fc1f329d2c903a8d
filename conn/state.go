package conn

import (
	"fmt"
	"slices"
	"time"
)

// State is where a connection stands.
//
//	idle ─► dialing ─► live ◄─► stale     (from idle to refused and on to
//	          ▲ │  │     │        │        dialing, if there is no token yet)
//	          │ │  │     ▼        ▼
//	          │ │  └─► backing off ──┐     every state may go to stopped
//	          │ ▼         ▲   │      │
//	          │ refused ──┘   │      │
//	          └───────────────┴──────┘
type State uint32

const (
	StateIdle       State = iota // Run has not been called
	StateDialing                 // TCP, TLS and the HTTP upgrade
	StateLive                    // the socket is open and the server shows signs of life
	StateStale                   // the socket is open, but a ping waits for its answer
	StateBackingOff              // waiting before the next dial
	StateRefused                 // the server refused the credentials, or there are none yet; waiting for new ones
	StateStopped                 // Run has returned
)

var stateNames = [...]string{"idle", "dialing", "live", "stale", "backing off", "refused", "stopped"}

// next lists the states that may follow each state.
var next = [...][]State{
	StateIdle:       {StateDialing, StateRefused, StateStopped},
	StateDialing:    {StateLive, StateBackingOff, StateRefused, StateStopped},
	StateLive:       {StateStale, StateBackingOff, StateStopped},
	StateStale:      {StateLive, StateBackingOff, StateStopped},
	StateBackingOff: {StateDialing, StateStopped},
	StateRefused:    {StateBackingOff, StateDialing, StateStopped},
	StateStopped:    {},
}

// mayBecome reports whether to may follow s.
func (s State) mayBecome(to State) bool { return slices.Contains(next[s], to) }

// Connected reports whether a socket is open in this state: live or stale.
func (s State) Connected() bool { return s == StateLive || s == StateStale }

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
