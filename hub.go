package kiteticker

import (
	"sync"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// hub takes events from the connections, decodes texts on its own goroutine
// and hands every event to every stream.
type hub struct {
	wake     chan struct{}  // capacity 1
	rejected func(conn int) // told of a complaint about subscriptions
	orders   orderFilter

	mu      sync.Mutex
	streams []*EventStream
	queue   []pending
	stopped bool
}

// pending is an event on its way; text is decoded by the hub.
type pending struct {
	Event
	text []byte
}

func newHub(rejected func(conn int)) *hub {
	return &hub{wake: make(chan struct{}, 1), rejected: rejected}
}

// post never blocks: connections call it between two ticks.
func (h *hub) post(p pending) {
	h.mu.Lock()
	h.queue = append(h.queue, p)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run delivers until done is closed and everything was delivered.
func (h *hub) run(done <-chan struct{}) {
	for {
		for _, p := range h.takeAll() {
			if p.text != nil && !h.decode(&p) {
				continue
			}
			for _, s := range h.attached() {
				s.put(p.Event)
			}
		}
		select {
		case <-h.wake:
		case <-done:
			if h.empty() {
				return
			}
		}
	}
}

// decode turns a text into its event, and reports whether it is to be told: an
// order update that came on another connection before is not.
func (h *hub) decode(p *pending) bool {
	p.Data = decode.ParseText(p.text)
	switch d := p.Data.(type) {
	case *Order:
		return h.orders.first(d)
	case *ServerError:
		if d.Kind == decode.ErrorInstrumentLimit || d.Kind == decode.ErrorTokens {
			h.rejected(p.Conn)
		}
	}
	return true
}

func (h *hub) takeAll() []pending {
	h.mu.Lock()
	defer h.mu.Unlock()
	queue := h.queue
	h.queue = nil
	return queue
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.queue) == 0
}

func (h *hub) attach(name string) (*EventStream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return nil, ErrStopped
	}
	s := &EventStream{name: name, hub: h, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	h.streams = append(h.streams[:len(h.streams):len(h.streams)], s) // a copy: run may be ranging over the old list
	return s, nil
}

// attached returns the streams as they are now; the list is never changed.
func (h *hub) attached() []*EventStream {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams
}

func (h *hub) detach(s *EventStream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams = without(h.streams, s)
}

// stop tells the streams that no event will follow.
func (h *hub) stop() {
	h.mu.Lock()
	streams := h.streams
	h.stopped = true
	h.mu.Unlock()
	for _, s := range streams {
		s.end()
	}
}

// post puts an event of the client's own on its way to the streams.
func (c *Client) post(conn int, at time.Time, data any) {
	c.hub.post(pending{Event: Event{Conn: conn, At: at, Data: data}})
}
