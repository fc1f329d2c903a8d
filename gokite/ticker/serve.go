package kiteticker

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	native "github.com/kiteticker/kiteticker"
)

// stopGrace is how long Serve, once stopped, waits for a callback that is
// running. Closing the connection takes up to two seconds more.
const stopGrace = 2 * time.Second

// run is one call of Serve.
type run struct {
	t    *Ticker
	prev *run // the call before, if it has not returned

	ctx   context.Context // done once Serve is to return: Stop, the caller's context, a panic
	stop  context.CancelFunc
	feed  context.Context // of the client; also done when the Ticker gives up
	end   context.CancelFunc
	drain context.Context // of the events; also done when Serve does not wait for callbacks any more
	leave context.CancelFunc
	done  chan struct{} // closed when another Serve may start

	reconnect bool
	waits     bool // for SetAccessToken, rather than ask a Refresh of the program's
	client    *native.Client
	events    *native.EventStream
	ticks     *native.TickStream
	frames    *native.FrameStream // nil without OnMessage
	token     string              // what the client uses; guarded by Ticker.mu

	loops    sync.WaitGroup
	turn     chan struct{} // capacity 1: held by the goroutine that calls back
	callback string        // which one is running; belongs to the holder of turn
	opened   chan struct{} // closed when ticks and messages may come
	open     sync.Once
	attempt  int // of the latest change of state; the event loop's until it has ended

	mu       sync.Mutex // guards what follows
	gone     bool       // Serve does not wait for the loops any more
	panicked *PanicError
}

// Serve connects, reconnects and calls back until Stop. It blocks.
func (t *Ticker) Serve() { t.ServeWithContext(context.Background()) }

// ServeWithContext is Serve that also ends when ctx does. It returns soon
// after Stop, whatever the server and the callbacks do: see the package's
// documentation. It may be called again then.
//
// If a callback panics, ServeWithContext closes the connection and panics with
// a *[PanicError].
func (t *Ticker) ServeWithContext(ctx context.Context) {
	r, err := t.begin(ctx)
	if err != nil {
		if f := t.callbacks.Load().onError; f != nil {
			f(err)
		}
		return
	}
	gaveUp := r.serve()
	r.mu.Lock()
	p := r.panicked
	r.mu.Unlock()
	if p != nil {
		panic(p)
	}
	if f := t.callbacks.Load().onNoReconnect; gaveUp && f != nil {
		f(r.attempt)
	}
}

// Stop makes Serve return: it says goodbye to the server, hands out order
// updates that came before, but no tick any more. It does not wait, may be
// called in a callback, and again. Without a Serve it does nothing: a Serve
// that starts later is not stopped. A context cannot come too early.
func (t *Ticker) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.serving != nil {
		t.serving.stop()
	}
}

// Close is Stop. It returns nil.
func (t *Ticker) Close() error {
	t.Stop()
	return nil
}

// begin makes a run, unless there is one. One that has been stopped may still
// be on its way out; serve waits for it.
func (t *Ticker) begin(ctx context.Context) (*run, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.serving != nil && t.serving.ctx.Err() == nil {
		return nil, ErrServing
	}
	r := &run{
		t: t, prev: t.serving, done: make(chan struct{}),
		turn: make(chan struct{}, 1), opened: make(chan struct{}),
	}
	r.ctx, r.stop = context.WithCancel(ctx)
	r.feed, r.end = context.WithCancel(r.ctx)
	r.drain, r.leave = context.WithCancel(context.WithoutCancel(ctx))
	t.serving = r
	return r, nil
}

// serve reports whether it ended because the Ticker gave up.
func (r *run) serve() (gaveUp bool) {
	defer r.finish()
	if r.prev != nil {
		select {
		case <-r.prev.done:
		case <-r.ctx.Done():
			return false
		}
		r.prev = nil
	}
	if err := r.prepare(); err != nil {
		r.tell(r.drain, err)
		return false
	}
	r.loop(r.readEvents)
	r.loop(r.readTicks)
	if r.frames != nil {
		r.loop(r.readFrames)
	}
	_ = r.client.Run(r.feed) // its reasons have come as events
	gaveUp = r.reconnect && r.ctx.Err() == nil
	return r.wait() && gaveUp
}

// prepare makes the client and its streams, and tells it what is subscribed.
func (r *run) prepare() error {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	client, err := native.New(r.config())
	if err != nil {
		return err
	}
	if err := r.t.replay(client); err != nil {
		return err
	}
	// Before Run none of these can fail for the state of the client.
	if r.events, err = client.Events("callbacks"); err != nil {
		return err
	}
	if r.ticks, err = client.Ticks(native.StreamConfig{Name: "OnTick"}); err != nil {
		return err
	}
	if r.t.callbacks.Load().onMessage != nil {
		if r.frames, err = client.Frames(native.StreamConfig{Name: "OnMessage"}); err != nil {
			return err
		}
	}
	r.client, r.t.client = client, client
	return nil
}

// wait lets the loops end. Once Serve is to return it has patience for a
// running callback no longer than stopGrace, and reports whether all ended.
func (r *run) wait() bool {
	ended := make(chan struct{})
	go func() { r.loops.Wait(); close(ended) }()
	select {
	case <-ended:
		return true
	case <-r.ctx.Done():
	}
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
	}
	r.mu.Lock()
	r.gone = true
	r.mu.Unlock()
	return false
}

// finish makes room for another Serve.
func (r *run) finish() {
	r.stop()
	r.leave()
	r.t.mu.Lock()
	if r.t.serving == r {
		r.t.serving = r.prev // not nil if we were stopped before it had returned
	}
	if r.t.client == r.client {
		r.t.client = nil
	}
	r.t.mu.Unlock()
	close(r.done)
}

// loop starts a goroutine that calls back. If a callback ends it, by a panic or
// by runtime.Goexit, Serve is to end.
func (r *run) loop(body func()) {
	r.loops.Go(func() {
		ended := false
		defer func() {
			if v := recover(); v != nil {
				r.caught(&PanicError{Callback: r.callback, Value: v, Stack: debug.Stack()})
			}
			if !ended {
				r.stop()
				r.leave() // the turn is never given back: nobody must wait for it
			}
		}()
		body()
		ended = true
	})
}

// caught hands a panic to Serve, or lets it be if Serve has returned.
func (r *run) caught(p *PanicError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		panic(p)
	}
	r.panicked = p
}
