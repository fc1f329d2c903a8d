package kiteticker

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kiteticker/kiteticker/ring"
)

// inlet is what tick and frame streams share: the reader's side of a set of
// rings, one per connection, with one waiter for all of them.
type inlet struct {
	name    string
	waiter  *ring.Waiter
	done    chan struct{} // closed when nothing more will be published
	hurry   chan struct{} // closed when no parser is to wait for this stream any more
	ended   sync.Once
	given   sync.Once
	reading atomic.Bool // one goroutine at a time reads; held as long as a Poll's lease
	next    int         // input to look at first, so that none starves
	assist  func()      // polls the sockets before the reader waits; nil: they need no help
}

func newInlet(name string, wait ring.WaitStrategy) inlet {
	return inlet{name: name, waiter: ring.NewWaiter(wait), done: make(chan struct{}), hurry: make(chan struct{})}
}

// Name returns the name the stream was given.
func (s *inlet) Name() string { return s.name }

// Format prints the stream's name, whatever the verb: its fields lead to the
// client and its credentials.
func (s *inlet) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "kiteticker stream %q", s.name) }

// Done returns a channel that is closed when nothing more will come: what waits
// then is the last.
func (s *inlet) Done() <-chan struct{} { return s.done }

// over reports whether Done is closed.
func (s *inlet) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// end lets the reader finish: nothing more will be published.
func (s *inlet) end() { s.ended.Do(func() { close(s.done) }) }

// giveUp lets parsers go on that wait for the reader.
func (s *inlet) giveUp() { s.given.Do(func() { close(s.hurry) }) }

// enter claims the reading side. A ring has one consumer; a second one would
// read slots that the first has given back, so it is told loudly.
func (s *inlet) enter() {
	if !s.reading.CompareAndSwap(false, true) {
		panic("kiteticker: stream " + s.name + " is read by two goroutines at once, or polled before Release")
	}
}

func (s *inlet) leave() { s.reading.Store(false) }

// pump calls poll until it reports the end. poll says whether it found
// something and whether to go on; in between pump waits as the stream's wait
// strategy says. It returns when ctx is done, or the stream has ended and poll
// finds nothing more: then it calls last.
func (s *inlet) pump(ctx context.Context, poll func() (found, more bool), last func()) {
	s.enter()
	defer s.leave()
	stop := context.AfterFunc(ctx, func() { s.waiter.Wake() }) // a parked reader notices ctx too
	defer stop()
	for ended := false; ctx.Err() == nil; {
		found, more := poll()
		switch {
		case !more:
			return
		case found:
			s.waiter.Reset()
		case ended:
			last()
			return
		default:
			if s.assist != nil {
				s.assist()
			}
			ended = !s.waiter.Idle(s.done) // once done: one more poll sees what was published before
		}
	}
}
