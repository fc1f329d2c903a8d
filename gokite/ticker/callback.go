package kiteticker

import (
	"bytes"
	"context"
	"errors"

	native "github.com/kiteticker/kiteticker"
)

// enter waits for the turn to call back, and returns false if there is to be
// none any more.
func (r *run) enter(ctx context.Context, callback string) bool {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // select chooses at random when both are ready
		<-r.turn
		return false
	}
	r.callback = callback
	return true
}

// exit gives the turn back. It is not deferred: see loop.
func (r *run) exit() { <-r.turn }

// tell calls OnError, and returns false if there is to be no callback any more.
func (r *run) tell(ctx context.Context, err error) bool {
	f := r.t.callbacks.Load().onError
	if f == nil {
		return true
	}
	if !r.enter(ctx, "OnError") {
		return false
	}
	f(err)
	r.exit()
	return true
}

// readTicks calls OnTick.
func (r *run) readTicks() {
	<-r.opened
	for ticks, lost := range r.ticks.Batches(r.ctx) {
		f := r.t.callbacks.Load().onTick
		if f == nil {
			continue
		}
		if lost > 0 && !r.tell(r.ctx, &SlowCallbackError{Callback: "OnTick", Lost: lost}) {
			return
		}
		for i := range ticks {
			if !r.enter(r.ctx, "OnTick") {
				return
			}
			f(tickOf(&ticks[i]))
			r.exit()
		}
	}
}

// readFrames calls OnMessage.
func (r *run) readFrames() {
	<-r.opened
	for frame, lost := range r.frames.All(r.ctx) {
		f := r.t.callbacks.Load().onMessage
		if f == nil {
			continue
		}
		if lost > 0 && !r.tell(r.ctx, &SlowCallbackError{Callback: "OnMessage", Lost: lost}) {
			return
		}
		if !r.enter(r.ctx, "OnMessage") {
			return
		}
		kind := BinaryMessage
		if frame.Text {
			kind = TextMessage
		}
		f(kind, bytes.Clone(frame.Data)) // a copy: gokiteconnect's may be kept
		r.exit()
	}
}

// readEvents calls everything else.
func (r *run) readEvents() {
	letIn := func() { r.open.Do(func() { close(r.opened) }) }
	defer letIn() // whatever there is to wait for will not come
	defer r.events.Close()
	for e := range r.events.All(r.drain) {
		switch data := e.Data.(type) {
		case *native.StateChange:
			r.changed(data)
			if data.From == native.StateDialing && data.To == native.StateLive {
				letIn()
			}
		case *native.Order:
			if f := r.t.callbacks.Load().onOrderUpdate; f != nil && r.enter(r.drain, "OnOrderUpdate") {
				f(orderOf(data))
				r.exit()
			}
		case *native.ServerError:
			r.tell(r.drain, data)
		case *native.BadText:
			r.tell(r.drain, data.Err)
		case *native.DamagedMessage:
			r.tell(r.drain, &DamagedMessageError{Count: data.Count, Err: data.Err})
		case *native.RefreshFailed:
			r.tell(r.drain, data.Err)
		case *native.PanicError:
			r.tell(r.drain, data)
		}
	}
}

// changed tells what a change of state means to the program.
func (r *run) changed(c *native.StateChange) {
	r.attempt = c.Attempt
	cb := r.t.callbacks.Load()
	if c.From == native.StateDialing && c.To == native.StateLive {
		if cb.onConnect != nil && r.enter(r.drain, "OnConnect") {
			cb.onConnect()
			r.exit()
		}
		return
	}
	if c.From == native.StateIdle && c.To == native.StateRefused && r.waits {
		r.tell(r.drain, ErrNoAccessToken)
	}
	if c.Err == nil || c.To.Connected() {
		return
	}
	if c.From.Connected() && cb.onClose != nil && r.enter(r.drain, "OnClose") {
		cb.onClose(closing(c.Err))
		r.exit()
	}
	// The wait after a refusal has the reason of the refusal, which was told.
	if c.From != native.StateRefused {
		r.tell(r.drain, c.Err)
	}
	switch {
	case c.To != native.StateBackingOff:
	case !r.reconnect:
		r.end()
	case cb.onReconnect != nil && r.enter(r.drain, "OnReconnect"):
		cb.onReconnect(c.Attempt, c.Delay)
		r.exit()
	}
}

// abnormal is the code for a connection that ended without the server's
// goodbye (RFC 6455 section 7.1.5).
const abnormal = 1006

// closing returns the code and reason of a connection that ended for err.
func closing(err error) (code int, reason string) {
	if ce, ok := errors.AsType[*native.CloseError](err); ok && ce.Err == nil {
		return int(ce.Code), ce.Reason
	}
	return abnormal, err.Error()
}
