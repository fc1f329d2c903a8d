package kiteticker

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
)

// Event is something that happened on a connection, other than a tick. Data is
// one of
//
//   - *[StateChange]: the connection changed state;
//   - *[Outage]: it delivers again, after an interval without data;
//   - *[Unseen]: instruments that have not ticked since it opened;
//   - *[Moved]: instruments went to it from another connection, or back;
//   - *[Reconcile]: order updates of an account may have been missed;
//   - *[RefreshFailed]: Config.Refresh gave no usable access token;
//   - *[PanicError]: a panic that cost no connection; Conn is -1;
//   - *[Health]: the regular report, and changes of health; Conn is -1;
//   - *[Order]: an order update;
//   - *[ServerError]: the server's complaint, such as too many instruments;
//   - *[Notice]: a message of the broker;
//   - *[InstrumentsMeta], *[AppCode]: what the server says of itself;
//   - *[UnknownText], *[BadText]: a text message of unknown type, or not JSON;
//   - *[DamagedMessage]: a binary message that could not be decoded whole.
type Event struct {
	Conn int
	At   time.Time // of the socket read, or of the change
	Data any
}

// The types of Event.Data.
type (
	StateChange     = conn.Transition
	Order           = decode.Order
	ServerError     = decode.ServerError
	Notice          = decode.Notice
	InstrumentsMeta = decode.InstrumentsMeta
	AppCode         = decode.AppCode
	UnknownText     = decode.UnknownText
	BadText         = decode.BadText
)

// DamagedMessage reports binary messages that could not be decoded whole. What
// came before the damage was delivered. There is at most one such event per
// connection and second.
type DamagedMessage struct {
	Err   error  // ErrTruncated or ErrPacketLength
	Count int    // damaged messages since the last event, this one included
	Size  int    // bytes of this message; 0 in what is left to tell when a socket ends
	Head  []byte // its first bytes, at most 64
}

// EventStream delivers every event that happens while it is attached, in order
// for each connection. It never drops any: what its reader has not taken yet is
// kept in memory, so read it or close it.
type EventStream struct {
	name string
	hub  *hub
	done chan struct{} // closed when no event will follow
	once sync.Once
	wake chan struct{} // capacity 1

	reading atomic.Bool // one goroutine at a time reads

	mu     sync.Mutex
	queue  []Event
	closed bool
}

// Name returns the name given to Events.
func (s *EventStream) Name() string { return s.name }

// Format prints the stream's name, whatever the verb: its fields lead to the
// client and its credentials.
func (s *EventStream) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "kiteticker event stream %q", s.name)
}

// Len returns how many events wait to be read.
func (s *EventStream) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// All yields events until ctx is done, the stream is closed, or the client has
// ended and everything was delivered.
func (s *EventStream) All(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if !s.reading.CompareAndSwap(false, true) {
			panic("kiteticker: event stream " + s.name + " is read by two goroutines at once")
		}
		defer s.reading.Store(false)
		for ctx.Err() == nil {
			if e, ok := s.take(); ok {
				if !yield(e) {
					return
				}
				continue
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
			case <-s.done:
				if s.Len() == 0 { // nothing is put after done is closed
					return
				}
			}
		}
	}
}

func (s *EventStream) take() (e Event, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return e, false
	}
	e = s.queue[0]
	s.queue[0] = Event{}
	s.queue = s.queue[1:]
	return e, true
}

func (s *EventStream) put(e Event) {
	s.mu.Lock()
	if !s.closed {
		s.queue = append(s.queue, e)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close detaches the stream. Events not yet read are discarded.
func (s *EventStream) Close() error {
	s.hub.detach(s)
	s.mu.Lock()
	s.queue, s.closed = nil, true
	s.mu.Unlock()
	s.end()
	return nil
}

func (s *EventStream) end() { s.once.Do(func() { close(s.done) }) }
