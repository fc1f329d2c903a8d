package kiteticker

import (
	"errors"
	"fmt"
	"time"
)

// Sentinels, told apart with errors.Is.
var (
	// ErrServing: Serve was called while another Serve of the same Ticker was
	// running. It returned at once.
	ErrServing = errors.New("kiteticker: Serve is running already")
	// ErrNoAccessToken: Serve has no access token and waits for
	// SetAccessToken.
	ErrNoAccessToken = errors.New("kiteticker: there is no access token, waiting for SetAccessToken")
)

// SlowCallbackError says that a callback does not keep up: the newest ticks, or
// messages, had to be dropped. It comes before the tick or message that follows
// the gap. The connection does not suffer.
type SlowCallbackError struct {
	Callback string // "OnTick" or "OnMessage"
	Lost     uint64 // ticks or messages, since the last such error of this callback
}

func (e *SlowCallbackError) Error() string {
	what := "ticks"
	if e.Callback == "OnMessage" {
		what = "messages"
	}
	return fmt.Sprintf("kiteticker: %s is too slow: %d %s lost", e.Callback, e.Lost, what)
}

// DamagedMessageError reports binary messages that could not be decoded whole.
// The ticks before the damage were delivered. It comes at most once a second.
type DamagedMessageError struct {
	Count int   // damaged messages since the last such error
	Err   error // what is wrong with the latest: ErrTruncated or ErrPacketLength of the package at the root
}

func (e *DamagedMessageError) Error() string {
	return fmt.Sprintf("kiteticker: %d damaged messages: %v", e.Count, e.Err)
}

// Unwrap returns e.Err.
func (e *DamagedMessageError) Unwrap() error { return e.Err }

// DelayError refuses a delay that is too short.
type DelayError struct {
	Delay, Least time.Duration
}

func (e *DelayError) Error() string {
	return fmt.Sprintf("kiteticker: the delay is %v, want at least %v", e.Delay, e.Least)
}

// PanicError is what Serve panics with after a callback did.
type PanicError struct {
	Callback string // such as "OnTick"
	Value    any    // what the callback panicked with
	Stack    []byte // where it did
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("kiteticker: %s panicked: %v\n\n%s", e.Callback, e.Value, e.Stack)
}

// Unwrap returns e.Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
