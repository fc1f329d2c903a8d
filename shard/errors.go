package shard

import (
	"errors"
	"fmt"

	"github.com/kiteticker/kiteticker/decode"
)

// Users meet the errors of subscribing through package kiteticker, which hands
// them on as they are: so their texts begin with its name.
var (
	// ErrCapacity is what a [*CapacityError] wraps.
	ErrCapacity = errors.New("kiteticker: not enough capacity")
	// ErrNotSubscribed is what a [*TokenError] wraps when the table does not
	// have the token.
	ErrNotSubscribed = errors.New("kiteticker: token is not subscribed")
	// ErrZeroToken is what a [*TokenError] wraps when the token is 0, which no
	// instrument has: it is an unset variable or a failed lookup.
	ErrZeroToken = errors.New("kiteticker: token is zero")
)

// CapacityError says that a call brings more new tokens than there is room
// for. Nothing was subscribed.
type CapacityError struct {
	Conn int // the connection the new tokens are pinned to; -1 for all connections together
	Want int // new tokens of the call, duplicates not counted
	Free int // tokens there is room for
}

func (e *CapacityError) Error() string {
	if e.Conn < 0 {
		return fmt.Sprintf("kiteticker: %d new tokens, room for %d", e.Want, e.Free)
	}
	return fmt.Sprintf("kiteticker: %d new tokens pinned to connection %d, room for %d", e.Want, e.Conn, e.Free)
}

// Unwrap returns [ErrCapacity].
func (e *CapacityError) Unwrap() error { return ErrCapacity }

// TokenError names the first token a call was refused for. Nothing was
// changed.
type TokenError struct {
	Token uint32
	Index int   // position of Token among the tokens of the call
	Err   error // ErrNotSubscribed or ErrZeroToken
}

func (e *TokenError) Error() string {
	return fmt.Sprintf("%v: token %d, index %d", e.Err, e.Token, e.Index)
}

// Unwrap returns e.Err.
func (e *TokenError) Unwrap() error { return e.Err }

// PinError says that [Config.Pin] sent a token to a connection that does not
// exist. Nothing was subscribed.
type PinError struct {
	Token uint32
	Conn  int // what Pin returned
	Conns int // Conn must be 0 to Conns-1
}

func (e *PinError) Error() string {
	return fmt.Sprintf("kiteticker: token %d is pinned to connection %d, want 0 to %d", e.Token, e.Conn, e.Conns-1)
}

// ModeError says that the server does not accept Mode: see
// [decode.Mode.Subscribable]. Nothing was changed.
type ModeError struct{ Mode decode.Mode }

func (e *ModeError) Error() string {
	return fmt.Sprintf("kiteticker: mode is %v, want ltp, quote or full", e.Mode)
}
