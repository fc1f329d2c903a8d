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

// The types of a tick.
type (
	// Tick is one update of one instrument, its prices raw integers: see
	// [decode.Tick].
	Tick = decode.Tick
	// Level is one line of the market depth: see [decode.Level].
	Level = decode.Level
	// Mode is how much of an instrument's data a packet carries, and what a
	// subscription asks for: see [decode.Mode].
	Mode = decode.Mode
	// Flags tell what is unusual about a tick: see [decode.Flags].
	Flags = decode.Flags
)

// Packet is a view of one instrument's bytes in a message, for single fields
// without decoding all: see [decode.Packet], [Client.Decoder] and [Frame].
type Packet = decode.Packet

// IST is Indian Standard Time, the time zone of the exchanges: UTC+05:30.
var IST = decode.IST

// Segment is one line of the table of segments: see Config.Segments.
type Segment = decode.Segment

// Modes of subscriptions and packets.
const (
	ModeLTP   = decode.ModeLTP   // last price
	ModeLTPC  = decode.ModeLTPC  // last price and close; a packet may have it, nobody can subscribe it
	ModeQuote = decode.ModeQuote // all but depth and times
	ModeFull  = decode.ModeFull  // with depth and times
)

// Flags of a tick. Package decode says more of each.
const (
	FlagIndex           = decode.FlagIndex           // an index: nothing to trade
	FlagUnknownSegment  = decode.FlagUnknownSegment  // the price scale is a guess
	FlagSegmentMismatch = decode.FlagSegmentMismatch // the packet and the segment disagree on whether it is an index
	FlagLost            = decode.FlagLost            // the stream lost ticks just before it
	FlagGap             = decode.FlagGap             // the first of its instrument after an outage or a move
	FlagSnapshot        = decode.FlagSnapshot        // a last value, from before the stream was attached
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
	StateIdle       = conn.StateIdle       // Run has not been called
	StateDialing    = conn.StateDialing    // TCP, TLS and the HTTP upgrade
	StateLive       = conn.StateLive       // the socket is open and the server shows signs of life
	StateStale      = conn.StateStale      // the socket is open, but a ping waits for its answer
	StateBackingOff = conn.StateBackingOff // waiting before the next dial
	StateRefused    = conn.StateRefused    // the server refused the credentials, or there are none yet; waiting for new ones
	StateStopped    = conn.StateStopped    // it will not be dialled again: Run has ended, or the connection gave up
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
