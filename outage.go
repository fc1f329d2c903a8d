package kiteticker

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
)

// Outage reports an interval in which a connection delivered nothing. What the
// exchange sent meanwhile is gone for good; the first tick of each instrument
// after it has [FlagGap].
type Outage struct {
	Conn   int
	From   time.Time // last byte before
	To     time.Time // when a socket was open again; zero if Run ended or the connection gave up before
	Reason error     // what ended the old socket
	Tokens []uint32  // what the connection carried when it broke, ascending
}

// Reconcile says that for a while no connection of an account was up. Order
// updates of that interval were not seen and are never replayed (Zerodha staff,
// forum 4217, 9855): ask for the orders over REST.
type Reconcile struct {
	Account  int
	From, To time.Time // To is zero if Run ended before
}

// ErrorCounts counts what ended sockets and dials, by class.
type ErrorCounts struct {
	Silent      uint64 // no sign of life
	Lost        uint64 // the stream broke without a Close frame
	Closed      uint64 // the server sent a Close frame
	Violations  uint64 // the server broke the protocol: ErrProtocol, ErrInvalidUTF8, ErrMessageTooLarge
	Unreachable uint64 // DNS, TCP, TLS or no answer
	Refused     uint64 // HTTP 400 and 403
	TooMany     uint64 // HTTP 429
	Unavailable uint64 // any other HTTP status
	Refresh     uint64 // Config.Refresh gave no usable token
	Panics      uint64 // of our own goroutines
}

func (n *ErrorCounts) count(err error) {
	var he *HandshakeError
	var ce *CloseError
	var pe *PanicError
	switch {
	case errors.As(err, &pe):
		n.Panics++
	case errors.As(err, &he):
		switch {
		case he.StatusCode == 0:
			n.Unreachable++
		case he.Permanent():
			n.Refused++
		case he.StatusCode == 429:
			n.TooMany++
		default:
			n.Unavailable++
		}
	case errors.Is(err, ErrSilent):
		n.Silent++
	case errors.As(err, &ce) && ce.Err == nil:
		n.Closed++
	case errors.As(err, &ce):
		n.Lost++
	default:
		n.Violations++
	}
}

// life is what the client remembers of a connection across its sockets; guarded
// by Client.mu.
type life struct {
	out      *Outage // under way, nil if none
	errors   ErrorCounts
	session  uint32               // number of the present socket; the parser is behind until it gets there
	rejected uint64               // complaints of the server on this socket
	waited   map[uint32]time.Time // when the server was told of tokens that have not ticked since
	behind   time.Time            // the server has not been told everything since then; zero if it has
	since    time.Time            // when the state last changed

	downSince time.Time // no socket is open since then; zero while one is
}

// notify hears of every change of state. What it has to tell travels with the
// messages, so that it keeps its place among the events that they bring; only
// what the watchdog says of a silent connection goes past them.
func (c *Client) notify(l *line, t conn.Transition) {
	c.mu.Lock()
	events := c.track(l, t)
	c.mu.Unlock()
	if t.From.Connected() && t.To.Connected() {
		c.post(t.Conn, t.At, &t)
	} else {
		l.mark(mark{at: t.At, opened: t.To == StateLive, events: append([]any{&t}, events...)})
	}
	select {
	case c.look <- struct{}{}: // the supervisor tells a change of health at once
	default:
	}
}

// kindMark is a record without a message: its place is what counts.
const kindMark ring.Kind = 255

// mark is what such a record stands for: a new socket opened, events to tell.
type mark struct {
	at     time.Time
	opened bool
	events []any
}

// mark puts m behind the messages that came before it. It runs on the
// goroutine that owns the sink.
func (l *line) mark(m mark) {
	l.pipeline.marks.put(m)
	_, err := l.sink.Claim(0)
	for err != nil { // full: the parser goes on, if only when streams that block are given up
		l.sink.Wait(nil, 0)
		_, err = l.sink.Claim(0)
	}
	l.sink.Commit(0, kindMark, m.at.UnixNano())
	l.sink.Publish()
}

// marks hands marks from the owner of the sink to the parser, one for each
// record.
type marks struct {
	mu    sync.Mutex
	queue []mark
}

func (q *marks) put(m mark) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, m)
}

func (q *marks) take() mark {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.queue[0]
	q.queue = q.queue[1:]
	return m
}

// track updates what is remembered and returns what there is to tell.
func (c *Client) track(l *line, t conn.Transition) (events []any) {
	life := &l.life
	life.since = t.At
	if t.To.Connected() {
		life.downSince = time.Time{}
	} else if life.downSince.IsZero() {
		life.downSince = t.At
	}
	ended := t.Err != nil && !t.To.Connected()
	if ended && t.From != StateRefused { // a refusal is followed by the wait it causes: one error
		life.errors.count(t.Err)
	}
	switch {
	case t.From.Connected() && !t.To.Connected():
		if t.Err == nil {
			break // wanted
		}
		life.out = &Outage{
			Conn: t.Conn, From: unixNano(l.conn.Counters().LastRead.Load()), Reason: t.Err,
			Tokens: slices.Sorted(maps.Keys(c.table.Desired(t.Conn))),
		}
		clear(life.waited)
		if r := c.accounts[l.account].down(l.account, life.out.From, c.lines); r != nil {
			events = append(events, r)
		}
	case t.From == StateDialing && t.To == StateLive:
		life.rejected = 0
		life.session = nextSession(life.session)
		clear(life.waited)
		clear(l.told)
		if life.out != nil {
			life.out.To = t.At
			events = append(events, life.out)
			life.out = nil
		}
		if r := c.accounts[l.account].up(l.account, t.At); r != nil {
			events = append(events, r)
		}
	}
	if t.To == StateStopped {
		if life.out != nil {
			events = append(events, life.out)
			life.out = nil
		}
		if r := c.accounts[l.account].end(l.account, c.lines); r != nil {
			events = append(events, r)
		}
	}
	return events
}

// down notes that a connection of the account broke, of which nothing had come
// since from. If every other one that is up now opened later than that, orders
// in between reached nobody.
func (a *account) down(index int, from time.Time, lines []*line) *Reconcile {
	var back time.Time // when the first of the others opened
	for _, l := range lines {
		if l.account != index || !l.conn.State().Connected() {
			continue
		}
		opened := unixNano(l.conn.Counters().LiveSince.Load())
		if !opened.After(from) {
			return nil // it was up all the time
		}
		if back.IsZero() || opened.Before(back) {
			back = opened
		}
	}
	if back.IsZero() {
		if a.deafSince.IsZero() {
			a.deafSince = from
		}
		return nil
	}
	return &Reconcile{Account: index, From: from, To: back}
}

// end tells of an interval that lasts until the end.
func (a *account) end(index int, lines []*line) *Reconcile {
	for _, l := range lines {
		if l.account == index && l.conn.State() != StateStopped {
			return nil
		}
	}
	return a.up(index, time.Time{})
}

// up ends an interval without any connection.
func (a *account) up(index int, at time.Time) *Reconcile {
	if a.deafSince.IsZero() {
		return nil
	}
	r := &Reconcile{Account: index, From: a.deafSince, To: at}
	a.deafSince = time.Time{}
	return r
}
