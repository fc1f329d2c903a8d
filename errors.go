package kiteticker

import (
	"errors"
	"fmt"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// Sentinels, told apart with errors.Is.
var (
	// ErrCapacity: a Subscribe call brings more tokens than there is room for.
	// Nothing of it was subscribed. The error is a *CapacityError.
	ErrCapacity = shard.ErrCapacity
	// ErrNotSubscribed: SetMode was given a token that is not subscribed.
	// Nothing of the call was changed. The error is a *TokenError.
	ErrNotSubscribed = shard.ErrNotSubscribed
	// ErrZeroToken: a token is 0, which no instrument has.
	ErrZeroToken = shard.ErrZeroToken
	// ErrRunning: Run was called a second time.
	ErrRunning = errors.New("kiteticker: Run was called before on this client")
	// ErrStopped: the client has ended; make a new one.
	ErrStopped = errors.New("kiteticker: client has stopped")

	// Why a connection ended, inside StateChange.Err.
	ErrSilent          = conn.ErrSilent
	ErrProtocol        = conn.ErrProtocol
	ErrInvalidUTF8     = conn.ErrInvalidUTF8
	ErrMessageTooLarge = conn.ErrMessageTooLarge

	// What was wrong with a message, inside DamagedMessage.Err.
	ErrTruncated    = decode.ErrTruncated
	ErrPacketLength = decode.ErrPacketLength
)

// Errors with facts in them, read with errors.AsType.
type (
	// HandshakeError reports a connection that could not be opened.
	HandshakeError = conn.HandshakeError
	// CloseError reports a connection that the server closed or that broke.
	CloseError = conn.CloseError
	// SilentError reports a connection on which nothing came any more.
	SilentError = conn.SilentError
	// AttemptsError reports a connection that gave up: see Config.MaxAttempts.
	AttemptsError = conn.AttemptsError
	// PanicError reports a panic in one of the library's own goroutines.
	PanicError = conn.PanicError
	// CapacityError says how many tokens a call wanted and how many were free.
	CapacityError = shard.CapacityError
	// TokenError names the token a call stumbled over.
	TokenError = shard.TokenError
	// ModeError names a mode that cannot be subscribed.
	ModeError = shard.ModeError
	// PinError reports a Config.PinToken that named no connection.
	PinError = shard.PinError
)

// UnhealthyError is one finding of [Stats.Check].
type UnhealthyError struct {
	Conn   int
	Reason string
}

func (e *UnhealthyError) Error() string { return fmt.Sprintf("connection %d is %s", e.Conn, e.Reason) }
