package kiteticker

import (
	"fmt"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
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

// IST is Indian Standard Time, the time zone of the exchanges: UTC+05:30.
var IST = decode.IST

// Segment is one line of the table of segments: see Config.Segments.
type Segment = decode.Segment

// Modes to subscribe in, and ModeLTPC, which a packet may have and nobody can
// subscribe.
const (
	ModeLTP   = decode.ModeLTP
	ModeLTPC  = decode.ModeLTPC
	ModeQuote = decode.ModeQuote
	ModeFull  = decode.ModeFull
)

// Flags of a tick.
const (
	FlagIndex           = decode.FlagIndex
	FlagUnknownSegment  = decode.FlagUnknownSegment
	FlagSegmentMismatch = decode.FlagSegmentMismatch
	FlagLost            = decode.FlagLost
	FlagGap             = decode.FlagGap
	FlagSnapshot        = decode.FlagSnapshot
)

// ParseMode returns the mode named "ltp", "quote" or "full".
func ParseMode(s string) (Mode, error) {
	m, err := decode.ParseMode(s)
	if err != nil {
		return 0, fmt.Errorf("kiteticker: mode is %q, want ltp, quote or full", s)
	}
	return m, nil
}

// State is where a connection stands.
type State = conn.State

// States of a connection.
const (
	StateIdle       = conn.StateIdle
	StateDialing    = conn.StateDialing
	StateLive       = conn.StateLive
	StateStale      = conn.StateStale
	StateBackingOff = conn.StateBackingOff
	StateRefused    = conn.StateRefused
	StateStopped    = conn.StateStopped
)

// Status is the state of an [Order]. It is open: compare with what you know and
// expect others. [Status.Final] reports whether the order is over.
type Status = decode.Status

// States of an order.
const (
	StatusComplete          = decode.StatusComplete
	StatusRejected          = decode.StatusRejected
	StatusCancelled         = decode.StatusCancelled
	StatusUpdate            = decode.StatusUpdate
	StatusOpen              = decode.StatusOpen
	StatusOpenPending       = decode.StatusOpenPending
	StatusValidationPending = decode.StatusValidationPending
	StatusPutReceived       = decode.StatusPutReceived
	StatusTriggerPending    = decode.StatusTriggerPending
	StatusModified          = decode.StatusModified
	StatusModifyPending     = decode.StatusModifyPending
)

// ErrorKind says what a [ServerError] is about.
type ErrorKind = decode.ErrorKind

// Kinds of server errors.
const (
	ErrorOther           = decode.ErrorOther
	ErrorInstrumentLimit = decode.ErrorInstrumentLimit
	ErrorTokens          = decode.ErrorTokens
	ErrorConnection      = decode.ErrorConnection
)

// ShardPolicy says which connection a new token goes to: see Config.Sharding.
type ShardPolicy = shard.Policy

// Policies for Config.Sharding.
const (
	LeastLoaded = shard.LeastLoaded // the connection with the fewest tokens
	RoundRobin  = shard.RoundRobin  // the next connection in turn
	Pinned      = shard.Pinned      // the one that Config.PinToken names
)

// WaitStrategy is what a goroutine does when there is nothing to do: see
// Config.Wait and StreamConfig.Wait.
type WaitStrategy = ring.WaitStrategy

// Strategies to wait by.
const (
	WaitPark  = ring.WaitPark  // spin a little, yield a little, then park until woken
	WaitYield = ring.WaitYield // let others run between polls, never park
	WaitSpin  = ring.WaitSpin  // poll without pause: needs a core for itself
)
