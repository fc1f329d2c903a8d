package kiteticker

import (
	"runtime"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/ring"
)

const (
	// lookEvery is how often a poller looks at who polls its connections.
	lookEvery = time.Millisecond
	// spinning is how many polls by others between two looks mean that somebody
	// polls a connection without pause: a reader that spins makes a thousand,
	// one with duties of its own a few.
	spinning = 64
	// restPasses is how often a poller that is locked to its thread lets others
	// run: each time costs it two switches of threads, 10 to 60 µs. The runtime
	// would take its P every 10 ms anyway.
	restPasses = 1 << 13
)

// poller polls the sockets of some connections, each as long as no reader of a
// stream polls it without pause.
type poller struct {
	id      int
	watched []*watched
	wake    chan struct{} // capacity 1: one of them has a socket to poll
}

// watched is a connection of a poller.
type watched struct {
	line   *line
	known  uint64 // polls by anybody, at the last look
	own    uint64 // of those since then, the poller's
	others bool   // others poll it without pause
}

// look tells by the number of polls so far whether others poll.
func (w *watched) look(polls uint64) {
	w.others = polls-w.known-w.own >= spinning
	w.known, w.own = polls, 0
}

// newPollers makes the pollers that the plan asks for, and deals the lines out.
func (c *Client) newPollers() {
	for id := range c.plan.pollers {
		c.pollers = append(c.pollers, &poller{id: id, wake: make(chan struct{}, 1)})
	}
	if len(c.pollers) == 0 {
		return
	}
	for id, l := range c.lines {
		p := c.pollerOf(id)
		p.watched = append(p.watched, &watched{line: l})
	}
}

func (c *Client) pollerOf(id int) *poller { return c.pollers[id%len(c.pollers)] }

// pollable says that connection id has a socket to poll.
func (c *Client) pollable(id int) {
	select {
	case c.pollerOf(id).wake <- struct{}{}:
	default:
	}
}

// logPlan tells what was chosen for this machine.
func (c *Client) logPlan() {
	decodes := "parser"
	if c.plan.inline {
		decodes = "reader"
	}
	attrs := []any{"profile", c.cfg.Profile.String(), "conns", len(c.lines), "cpus", c.plan.cpus,
		"decodes", decodes, "pollers", c.plan.pollers}
	if len(c.cfg.PinCPUs) > 0 {
		attrs = append(attrs, "pin", c.cfg.PinCPUs)
	}
	if c.plan.reason != "" {
		attrs = append(attrs, "reason", c.plan.reason)
	}
	c.cfg.Logger.Info("profile", attrs...)
}

// bind gives the calling goroutine, the n-th of its role, a thread of its own on
// one of the CPUs that were asked for, if any were.
func (c *Client) bind(role string, n int) {
	if len(c.cfg.PinCPUs) == 0 {
		return
	}
	runtime.LockOSThread() // never unlocked: the bound thread ends with its goroutine
	on := c.cfg.PinCPUs[n%len(c.cfg.PinCPUs)]
	if err := cpu.Pin(on); err != nil {
		c.guard(role, func() { c.cfg.Logger.Warn(role+" is not bound to its CPU", role, n, "cpu", on, "err", err) })
	}
}

// run polls until done is closed. It lets others run after so many passes.
func (p *poller) run(done <-chan struct{}, rest int) {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		var look <-chan time.Time // nil never fires
		if p.drive(done, rest) {
			timer.Reset(lookEvery)
			look = timer.C
		}
		select {
		case <-done:
			return
		case <-p.wake:
		case <-look:
		}
	}
}

// drive polls until done is closed, or there is nothing to poll. It reports
// whether that is so since others poll.
func (p *poller) drive(done <-chan struct{}, rest int) (others bool) {
	p.look()
	last := time.Now()
	for pass := 1; ; pass++ {
		idle, others := true, false
		for _, w := range p.watched {
			if w.others {
				others = true
				continue
			}
			switch w.line.conn.Poll() {
			case conn.NoSocket:
				continue
			case conn.Busy: // another's turn
			default:
				w.own++
			}
			idle = false
		}
		if idle {
			return others
		}
		if pass%rest == 0 {
			runtime.Gosched()
		}
		if pass%16 == 0 {
			if now := time.Now(); now.Sub(last) >= lookEvery {
				p.look()
				last = now
			}
		}
		select {
		case <-done:
			return false
		default:
		}
	}
}

func (p *poller) look() {
	for _, w := range p.watched {
		w.look(w.line.conn.Counters().Polls.Load())
	}
}

// assist is what a reader of a stream does before it waits: it polls the sockets
// of the stream's connections itself. It returns nil if that is not wanted: then
// the reader shall sleep, or the sockets wake their own readers.
func (c *Client) assist(conns []int, wait ring.WaitStrategy) func() {
	if len(c.pollers) == 0 || wait == ring.WaitPark {
		return nil
	}
	lines := make([]*line, len(conns))
	for i, id := range conns {
		lines[i] = c.lines[id]
	}
	return func() {
		for _, l := range lines {
			l.conn.Poll()
		}
	}
}
