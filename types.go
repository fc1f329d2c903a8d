package kiteticker

import (
	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
)

// Version of this module.
const Version = "0.1.0"

// The types of a tick, as package decode documents them.
type (
	Tick  = decode.Tick
	Level = decode.Level
	Mode  = decode.Mode
	Flags = decode.Flags
)

// Modes to subscribe in.
const (
	ModeLTP   = decode.ModeLTP
	ModeQuote = decode.ModeQuote
	ModeFull  = decode.ModeFull
)

// Flags of a tick.
const (
	FlagIndex           = decode.FlagIndex
	FlagUnknownSegment  = decode.FlagUnknownSegment
	FlagSegmentMismatch = decode.FlagSegmentMismatch
	FlagLost            = decode.FlagLost
)

// ParseMode returns the mode named "ltp", "quote" or "full".
func ParseMode(s string) (Mode, error) { return decode.ParseMode(s) }

// State is where a connection stands.
type State = conn.State

// States of a connection.
const (
	StateIdle       = conn.StateIdle
	StateDialing    = conn.StateDialing
	StateLive       = conn.StateLive
	StateBackingOff = conn.StateBackingOff
	StateRefused    = conn.StateRefused
	StateStopped    = conn.StateStopped
)
