package main

import (
	"errors"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// fault is one thing that goes wrong, and what the client must make of it.
type fault struct {
	name     string
	straight bool          // no wires: the exchange's own sockets are at fault
	abrupt   bool          // wires that end with a reset
	failover time.Duration // Config.FailoverAfter; 0 is never. Heals while it goes on
	slow     bool          // the last wire has a latency of 200 ms, both ways
	lag      time.Duration // how late the stream is read
	rounds   int           // injections, if not as many as asked for

	// inject lets it happen, for the round-th time, to one connection. end
	// takes it away again; nil if it is over at once.
	inject func(r *rig, round int) (end func() error, err error)
	// told recognises the event that tells of it. Nil: it must go by without
	// any change of state, since nothing is lost.
	told   func(r *rig, e kiteticker.Event) bool
	within time.Duration // bound from inject to that event
	hold   time.Duration // how long it goes on after it was told
	// heals is the bound from its end, or from inject if it has none, until everything is well: all live, the
	// exchange's sockets as desired, each instrument ticking.
	heals    time.Duration
	outages  int   // Outage events of each injection; -1 is one or more
	stale    bool  // StateStale comes before it is told
	dials    int   // most handshakes until all is well; 0 is not counted
	renewals int64 // access tokens asked for
	alone    bool  // not for a soak
}

// Bounds.
const (
	// atOnce: the socket says that it is broken, or the message does.
	atOnce = time.Second
	// bySilence: liveness plus one probe interval.
	bySilence = liveness + probe
	// redialled: a dial that is under way fails, the next one waits longest,
	// and what is subscribed then ticks within a second.
	redialled = dialTimeout + maxBackoff + time.Second
	// failover is how long a connection is down before its instruments move,
	// where they do; lookAround is how often the client looks.
	failover   = time.Second
	lookAround = time.Second
	// caughtUp: what was held up comes through.
	caughtUp = time.Second
)

// faults lists everything that a run injects.
func faults() []fault {
	return slices.Concat(tooManyDials(), harmlessToxics(), toxics(), harmlessFaults(), cuts(), refusals(), deafness())
}

// down recognises that a connection broke for a reason like target.
func down(target any) func(*rig, kiteticker.Event) bool {
	return func(_ *rig, e kiteticker.Event) bool {
		c, ok := e.Data.(*kiteticker.StateChange)
		if !ok || !c.From.Connected() || c.To.Connected() {
			return false
		}
		switch target := target.(type) {
		case error:
			return errors.Is(c.Err, target)
		case int: // a close code
			ce, ok := errors.AsType[*kiteticker.CloseError](c.Err)
			return ok && int(ce.Code) == target
		}
		return false
	}
}

// abnormal is how a connection ends without a close frame (RFC 6455, 7.1.5).
const abnormal = 1006

// refused recognises a handshake that got an HTTP status; 0 is no answer.
func refused(status int, delay time.Duration) func(*rig, kiteticker.Event) bool {
	return func(_ *rig, e kiteticker.Event) bool {
		c, ok := e.Data.(*kiteticker.StateChange)
		if !ok || c.Delay < delay {
			return false
		}
		he, ok := errors.AsType[*kiteticker.HandshakeError](c.Err)
		return ok && he.StatusCode == status
	}
}

// damaged recognises the report of a message cut short.
func damaged(_ *rig, e kiteticker.Event) bool {
	d, ok := e.Data.(*kiteticker.DamagedMessage)
	return ok && errors.Is(d.Err, kiteticker.ErrTruncated)
}

// unhealthy recognises a report that something is wrong.
func unhealthy(_ *rig, e kiteticker.Event) bool {
	h, ok := e.Data.(*kiteticker.Health)
	return ok && h.Changed && h.Err != nil
}

// unseen recognises a report that exactly those of the latest subscriptions
// that are on its connection do not tick.
func unseen(r *rig, e kiteticker.Event) bool {
	u, ok := e.Data.(*kiteticker.Unseen)
	if !ok {
		return false
	}
	var want []uint32
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, token := range r.fresh {
		if on, ok := r.client.ConnOf(token); ok && on == u.Conn {
			want = append(want, token)
		}
	}
	slices.Sort(want)
	return slices.Equal(want, u.Tokens)
}

// onWire puts toxics on the wire whose turn it is.
func onWire(list ...toxic) func(*rig, int) (func() error, error) {
	return func(r *rig, round int) (func() error, error) {
		return onWires(r.wires.list[round%len(r.wires.list):][:1], list...)
	}
}

// onWires puts toxics on each of some wires.
func onWires(wires []*wire, list ...toxic) (end func() error, err error) {
	var ends []func() error
	for _, w := range wires {
		for _, t := range list {
			t.Toxicity = 1
			t.Name = t.Type + t.Stream
			remove, err := w.add(t)
			if err != nil {
				return nil, err
			}
			ends = append(ends, remove)
		}
	}
	return func() error {
		var errs []error
		for _, remove := range ends {
			errs = append(errs, remove())
		}
		return errors.Join(errs...)
	}, nil
}

// onSocket does something to the exchange's end of the connection whose turn it
// is, at once.
func onSocket(do func(c *kitetest.Conn)) func(*rig, int) (func() error, error) {
	return func(r *rig, round int) (func() error, error) {
		do(r.socket(round))
		return nil, nil
	}
}

// whileOnSocket does something to it until the fault's end.
func whileOnSocket(do, undo func(c *kitetest.Conn)) func(*rig, int) (func() error, error) {
	return func(r *rig, round int) (func() error, error) {
		c := r.socket(round)
		do(c)
		return func() error { undo(c); return nil }, nil
	}
}

// socket returns a live connection of the exchange, in turn.
func (r *rig) socket(round int) *kitetest.Conn {
	conns := r.exchange.Conns()
	return conns[round%len(conns)]
}
