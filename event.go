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

// Event is something that happened, other than a tick. Data is one of
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
	// Conn is the connection it happened on, -1 if it is none's. What concerns a
	// whole account comes once and names one of its connections: an Order the one
	// that brought it first, a Reconcile the one whose loss or return made it
	// known, a RefreshFailed the one that asked for the token. A Moved names the
	// connection that has the instruments now.
	Conn int
	At   time.Time // of the socket read, or of the change
	Data any
}

// The types of Event.Data that other packages define.
type (
	// StateChange says that a connection went from one state to another, and why:
	// see [conn.Transition].
	StateChange = conn.Transition
	// Order is the state of one order of the user after a change, sent on every
	// connection and told once: see [decode.Order].
	Order = decode.Order
	// ServerError is a complaint of the server, such as too many instruments; the
	// connection stays up: see [decode.ServerError].
	ServerError = decode.ServerError
	// Notice is words of the broker for its clients: see [decode.Notice].
	Notice = decode.Notice
	// InstrumentsMeta is the size and version of the broker's list of
	// instruments, told after connecting: see [decode.InstrumentsMeta].
	InstrumentsMeta = decode.InstrumentsMeta
	// AppCode is a time of the server's, told after connecting; it is not
	// documented what of: see [decode.AppCode].
	AppCode = decode.AppCode
	// UnknownText is a text message of a type that this version does not know:
	// see [decode.UnknownText].
	UnknownText = decode.UnknownText
	// BadText is a text message that is not JSON: see [decode.BadText].
	BadText = decode.BadText
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
// kept in memory, so read it or close it. The log warns of one with 10,000
// events unread, and again at each doubling; [Stats.Events] has the number.
type EventStream struct {
	name string
	hub  *hub
	done chan struct{} // closed when no event will follow
	once sync.Once
	wake chan struct{} // capacity 1

	reading atomic.Bool // one goroutine at a time reads

	warnAt int // length to warn at next, 0: the first; the supervisor's

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
		s.enter()
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

// Poll returns the next event that waits, false if none does. It never blocks.
func (s *EventStream) Poll() (e Event, ok bool) {
	s.enter()
	defer s.reading.Store(false)
	return s.take()
}

// Done is closed when nothing more will come: the client has ended, or the
// stream is closed. Events may still wait then.
func (s *EventStream) Done() <-chan struct{} { return s.done }

// enter claims the reading side: two readers would share the events by chance.
func (s *EventStream) enter() {
	if !s.reading.CompareAndSwap(false, true) {
		panic("kiteticker: event stream " + s.name + " is read by two goroutines at once")
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

// firstWarning is how many unread events of a stream are worth a warning.
const firstWarning = 10_000

// overdue returns how many events wait if that is worth a warning now, else 0.
// The supervisor calls it.
func (s *EventStream) overdue() int {
	n := s.Len()
	if n < firstWarning/2 { // it has been read since
		s.warnAt = firstWarning
	}
	if s.warnAt = max(s.warnAt, firstWarning); n < s.warnAt {
		return 0
	}
	for s.warnAt <= n {
		s.warnAt *= 2
	}
	return n
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
