package kiteticker

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/ring"
)

const (
	// standBy is how long a reader of a stream may be away, in its loop's body,
	// before a poller takes its place.
	standBy = 5 * time.Millisecond
	// restPasses is how often a poller that is locked to its thread lets others
	// run: each time costs it two switches of threads, 10 to 60 µs. The runtime
	// would take its P every 10 ms anyway.
	restPasses = 1 << 13
)

// poller polls the sockets of some connections, as long as no reader of a
// stream does.
type poller struct {
	id    int
	lines []*line
	wake  chan struct{} // capacity 1: one of them has a socket to poll
	seen  uint64        // turns at polling that are known, its own included
	log   *slog.Logger
}

// newPollers makes the pollers that the plan asks for, and deals the lines out.
func (c *Client) newPollers() {
	for id := range c.plan.pollers {
		c.pollers = append(c.pollers, &poller{id: id, wake: make(chan struct{}, 1), log: c.cfg.Logger})
	}
	if len(c.pollers) == 0 {
		return
	}
	for id, l := range c.lines {
		p := c.pollerOf(id)
		p.lines = append(p.lines, l)
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
	attrs := []any{"profile", c.cfg.Profile.String(), "conns", len(c.lines), "cpus", usableCPUs(),
		"decodes", decodes, "pollers", c.plan.pollers}
	if len(c.cfg.PinCPUs) > 0 {
		attrs = append(attrs, "pin", c.cfg.PinCPUs)
	}
	if c.plan.reason != "" {
		attrs = append(attrs, "reason", c.plan.reason)
	}
	c.cfg.Logger.Info("profile", attrs...)
}

// usableCPUs returns how many CPUs goroutines may run on at once.
func usableCPUs() int {
	n := runtime.GOMAXPROCS(0)
	if allowed, err := cpu.Allowed(); err == nil {
		n = min(n, len(allowed))
	}
	return n
}

// pollerPins returns the CPUs to bind pollers to: parsers come first.
func (c *Client) pollerPins() []int {
	if !c.plan.inline {
		return nil
	}
	return c.cfg.PinCPUs
}

// run polls until done is closed. With pin it does so on a thread of its own,
// bound to one of these CPUs.
func (p *poller) run(done <-chan struct{}, pin []int) {
	rest := 1
	if len(pin) > 0 {
		rest = restPasses
		runtime.LockOSThread() // never unlocked: the bound thread ends with its goroutine
		n := pin[p.id%len(pin)]
		if err := cpu.Pin(n); err != nil {
			p.log.Warn("poller is not bound to its CPU", "poller", p.id, "cpu", n, "err", err)
		}
	}
	timer := time.NewTimer(standBy)
	defer timer.Stop()
	for {
		var look <-chan time.Time // nil never fires
		if p.drive(done, rest) {
			timer.Reset(standBy)
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

// drive polls until done is closed, no socket can be polled, or others poll,
// which it reports.
func (p *poller) drive(done <-chan struct{}, rest int) (others bool) {
	for pass := 1; ; pass++ {
		if turns := p.turns(); turns != p.seen {
			p.seen = turns
			return true
		}
		idle := true
		for _, l := range p.lines {
			switch l.conn.Poll() {
			case conn.NoSocket:
				continue
			case conn.Busy: // another's turn, that will be counted
			default:
				p.seen++
			}
			idle = false
		}
		if idle {
			return false
		}
		if pass%rest == 0 {
			runtime.Gosched()
		}
		select {
		case <-done:
			return false
		default:
		}
	}
}

// turns counts how often anybody has polled.
func (p *poller) turns() (n uint64) {
	for _, l := range p.lines {
		n += l.conn.Counters().Polls.Load()
	}
	return n
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
