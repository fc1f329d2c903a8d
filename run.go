package kiteticker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker/internal/role"
)

// Run connects all connections, reconnects and resubscribes them, until ctx is
// cancelled: then it says goodbye to the server, lets every message that came
// in be decoded, and returns nil. Readers of streams get what is left and end.
//
// If a server refuses a connection for good (HTTP 400, or 403 without Refresh)
// the others go on; when none is left, Run returns the reasons, joined, each a
// *[HandshakeError]. Run may be called once.
func (c *Client) Run(ctx context.Context) error {
	if !c.started.CompareAndSwap(false, true) {
		return ErrRunning
	}
	c.guard("Run", c.logPlan)
	before := c.Stats() // of the first interval
	var conns, pollers, parsers, supervisor, events, impatience sync.WaitGroup
	connsDone, parsersDone := make(chan struct{}), make(chan struct{})
	events.Go(func() { role.Do("events", role.Common, func() { c.hub.run(parsersDone) }) })
	supervisor.Go(func() { role.Do("supervisor", role.Common, func() { c.supervise(ctx, connsDone, before) }) })
	errs := make([]error, len(c.lines))
	for i, l := range c.lines {
		if l.ring != nil {
			parsers.Go(func() {
				role.Do("parser", i, func() {
					c.bind("parser", i)
					l.pipeline.run(connsDone, c.restart(l))
				})
			})
		}
		conns.Go(func() { role.Do("reader", i, func() { errs[i] = l.conn.Run(ctx) }) })
	}
	impatience.Go(func() {
		role.Do("supervisor", role.Common, func() { c.impatient(ctx, connsDone, parsersDone) })
	})
	for _, p := range c.pollers {
		pollers.Go(func() {
			role.Do("poller", role.Common, func() {
				rest := 1
				if c.plan.inline && len(c.cfg.PinCPUs) > 0 { // else the CPUs are the parsers'
					c.bind("poller", p.id)
					rest = restPasses
				}
				p.run(connsDone, rest)
			})
		})
	}
	// From the socket inwards, so that each stage outlives what feeds it.
	conns.Wait()
	close(connsDone)
	pollers.Wait()
	supervisor.Wait()
	parsers.Wait()
	close(parsersDone)
	events.Wait()
	impatience.Wait()
	c.stop()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errs...)
}

// impatient gives the readers of streams that block DrainTimeout from the moment
// Run begins to end. A parser that waits for one keeps even its connection from
// ending, once the frame ring is full.
func (c *Client) impatient(ctx context.Context, connsDone, parsersDone <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-connsDone:
	}
	timer := time.NewTimer(c.cfg.DrainTimeout)
	defer timer.Stop()
	select {
	case <-timer.C:
		c.giveUp()
	case <-parsersDone:
	}
}

// giveUp lets every parser go on that waits for the reader of a stream.
func (c *Client) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hurry = true
	for _, s := range c.ticks {
		s.giveUp()
	}
	for _, s := range c.frames {
		s.giveUp()
	}
}

// stop ends every stream.
func (c *Client) stop() {
	c.mu.Lock()
	c.stopped = true
	for _, s := range c.ticks {
		s.end()
	}
	for _, s := range c.frames {
		s.end()
	}
	c.mu.Unlock()
	c.hub.stop()
}
