package kiteticker

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/kiteticker/kiteticker/ring"
)

// StreamConfig says what a stream receives and how it waits.
type StreamConfig struct {
	Name string // for Stats; "" is fine
	// Conns lists the connections to receive from; empty means all of them. An
	// instrument is on one at a time, but not for ever the same, unless
	// Config.FailoverAfter is negative: to divide work by instrument see
	// [Client.Workers].
	Conns []int
	// Filter chooses ticks; the zero Filter takes all. Not for Frames.
	Filter Filter
	// Overflow is what happens when the reader is too slow; default DropNewest.
	// Frames cannot be conflated.
	Overflow Overflow
	// Capacity of the stream's ring for each connection: in ticks for Ticks, in
	// bytes for Frames; 0 means Config.TickRing and Config.FrameRing. Frames need
	// the latter at least, since a message may have a quarter of it. A conflating
	// stream has no ring; there it is how many ticks are lent at once, and 0 means
	// 256.
	Capacity int
	// Snapshot starts the stream with the last known tick of every subscribed
	// instrument, marked with [FlagSnapshot], and goes on from there without
	// gap or overlap. It needs Config.LastValues, and a ring that takes them: like
	// any others they are numbered, and lost if there is no room. Meanwhile the
	// parsers wait, some 50 ns per instrument and worker
	// (BenchmarkAttachWithSnapshot).
	Snapshot bool
	// Wait is how the stream's reader waits; default WaitPark.
	Wait WaitStrategy
}

// Ticks attaches a stream of decoded ticks, at any time and from any goroutine.
// Each stream has rings of its own and gets every tick of its connections that
// its Filter lets through, from then on; what happens to one that is read too
// slowly is its own choice (see [Overflow]) and, unless it is Block, disturbs
// no other. A stream must be read by one goroutine; attach as many as needed.
// The error says what is wrong with cfg, or is [ErrStopped].
func (c *Client) Ticks(cfg StreamConfig) (*TickStream, error) {
	streams, err := c.attachTicks(1, cfg, false)
	if err != nil {
		return nil, err
	}
	return streams[0], nil
}

// Workers attaches n streams that share what one would get: each instrument's
// ticks go to one of them, always the same, and so stay in order. The streams
// are named Name/0, Name/1 and so on. Each has the memory of any other stream:
// rings of cfg.Capacity for every connection, 1.7 MB for the default of 8192
// ticks, or one tick for each of the client's instruments if it conflates. Errors
// are those of Ticks.
func (c *Client) Workers(n int, cfg StreamConfig) ([]*TickStream, error) {
	if n < 1 || n > maxWorkers {
		return nil, fmt.Errorf("kiteticker: Workers is asked for %d streams, want 1 to %d", n, maxWorkers)
	}
	return c.attachTicks(n, cfg, true)
}

const maxWorkers = 1024

func (c *Client) attachTicks(n int, cfg StreamConfig, shared bool) ([]*TickStream, error) {
	streams := make([]*TickStream, n)
	for i := range streams {
		s, err := c.newTickStream(cfg, i, n, shared)
		if err != nil {
			return nil, err
		}
		streams[i] = s
	}
	if cfg.Snapshot {
		// No parser may move while what it has delivered is copied.
		for _, l := range c.lines {
			l.pipeline.moving.Lock()
			defer l.pipeline.moving.Unlock()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, ErrStopped
	}
	for _, s := range streams {
		c.admit(&s.inlet)
		s.makeRoom(c.instruments.count())
		if cfg.Snapshot {
			c.replay(s)
		}
	}
	c.ticks = append(c.ticks, streams...)
	for i := range streams[0].inputs {
		c.lines[streams[0].inputs[i].conn].pipeline.change(func(o *outputs) {
			o.ticks = slices.Clip(o.ticks)
			for _, s := range streams {
				o.ticks = append(o.ticks, s.inputs[i].out)
			}
		})
	}
	return streams, nil
}

// newTickStream makes the i-th of n streams that share their ticks.
func (c *Client) newTickStream(cfg StreamConfig, i, n int, shared bool) (*TickStream, error) {
	fallback := c.cfg.TickRing
	if cfg.Overflow == Conflate {
		fallback = conflateBatch
	}
	conns, capacity, err := c.checkStream(cfg, fallback, 1, maxTickRing)
	match, filterErr := newMatcher(cfg.Filter, segments(c.cfg.Segments), i, n)
	err = errors.Join(err, filterErr)
	if cfg.Snapshot && c.latest == nil {
		err = errors.Join(err, errors.New("kiteticker: StreamConfig.Snapshot needs Config.LastValues"))
	}
	if err != nil {
		return nil, err
	}
	name := cfg.Name
	if shared {
		name += "/" + strconv.Itoa(i)
	}
	s := &TickStream{inlet: newInlet(name, cfg.Wait), client: c, inputs: make([]tickInput, len(conns)), overflow: cfg.Overflow, timed: c.cfg.Stages}
	s.assist = c.assist(conns, cfg.Wait)
	var slots []*ring.ConflatingProducer[Tick]
	if cfg.Overflow == Conflate {
		s.slots = newConflated(capacity)
		slots, s.slots.ring = ring.NewConflating[Tick](len(conns))
		s.slots.ring.WaitOn(s.waiter)
	}
	for i, id := range conns {
		in := &s.inputs[i]
		in.conn = id
		in.out = &tickOutput{match: match, unread: unread{stages: c.lines[id].pipeline.stages}, patience: patience{blocks: cfg.Overflow == Block, over: s.hurry}}
		if cfg.Overflow == Conflate {
			in.out.slots = slots[i]
			continue
		}
		in.out.ring, in.ring = ring.NewIn[Tick](c.cfg.pages(), capacity)
		in.ring.WaitOn(s.waiter)
	}
	return s, nil
}

// admit lets a stream in that may come after parsers were told to wait for
// nobody. The lock is held.
func (c *Client) admit(s *inlet) {
	if c.hurry {
		s.giveUp()
	}
}

// Frames attaches a stream of raw messages, at any time and from any goroutine.
// Otherwise it is like Ticks, errors included; with frame streams alone, and
// without Config.LastValues, nothing is decoded into ticks.
func (c *Client) Frames(cfg StreamConfig) (*FrameStream, error) {
	conns, capacity, err := c.checkStream(cfg, c.cfg.FrameRing, c.cfg.FrameRing, maxFrameRing)
	if len(cfg.Filter.Tokens)+len(cfg.Filter.Segments)+len(cfg.Filter.Modes) > 0 {
		err = errors.Join(err, errors.New("kiteticker: StreamConfig.Filter is set for Frames, which are not decoded"))
	}
	if cfg.Overflow == Conflate {
		err = errors.Join(err, errors.New("kiteticker: StreamConfig.Overflow is Conflate for Frames, which carry many instruments each"))
	}
	if cfg.Snapshot {
		err = errors.Join(err, errors.New("kiteticker: StreamConfig.Snapshot is set for Frames, of which none are kept"))
	}
	if err != nil {
		return nil, err
	}
	s := &FrameStream{inlet: newInlet(cfg.Name, cfg.Wait), client: c, inputs: make([]frameInput, len(conns)), overflow: cfg.Overflow}
	s.assist = c.assist(conns, cfg.Wait)
	for i, id := range conns {
		producer, consumer := ring.NewBytesIn(c.cfg.pages(), capacity)
		consumer.WaitOn(s.waiter)
		out := &frameOutput{ring: producer, patience: patience{blocks: cfg.Overflow == Block, over: s.hurry}}
		s.inputs[i] = frameInput{conn: id, ring: consumer, out: out}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, ErrStopped
	}
	c.admit(&s.inlet)
	c.frames = append(c.frames, s)
	for i := range s.inputs {
		c.lines[s.inputs[i].conn].pipeline.change(func(o *outputs) {
			o.frames = append(slices.Clip(o.frames), s.inputs[i].out)
		})
	}
	return s, nil
}

// Events attaches a stream of order updates, changes of state and everything
// else that is not a tick. Attach before Run to see the first ones. After Run
// has ended the error is [ErrStopped].
func (c *Client) Events(name string) (*EventStream, error) { return c.hub.attach(name) }

func (c *Client) checkStream(cfg StreamConfig, fallback, least, most int) (conns []int, capacity int, err error) {
	conns, err = pickConns(cfg.Conns, len(c.lines))
	if capacity = cfg.Capacity; capacity == 0 {
		capacity = fallback
	}
	if capacity < least || capacity > most {
		err = errors.Join(err, fmt.Errorf("kiteticker: StreamConfig.Capacity is %d, want %d to %d", capacity, least, most))
	}
	if cfg.Wait > WaitSpin {
		err = errors.Join(err, fmt.Errorf("kiteticker: StreamConfig.Wait is %d, want WaitPark, WaitYield or WaitSpin", cfg.Wait))
	}
	if int(cfg.Overflow) >= len(overflowNames) {
		err = errors.Join(err, fmt.Errorf("kiteticker: StreamConfig.Overflow is %d, want DropNewest, Block or Conflate", cfg.Overflow))
	}
	if cfg.Overflow == Block && c.plan.inline {
		err = errors.Join(err, errors.New("kiteticker: StreamConfig.Overflow is Block with the Inline profile or LowLatency, whose readers must not wait"))
	}
	return conns, capacity, err
}

// pickConns checks a stream's list of connections.
func pickConns(conns []int, total int) ([]int, error) {
	if len(conns) == 0 {
		conns = make([]int, total)
		for i := range conns {
			conns[i] = i
		}
		return conns, nil
	}
	conns = slices.Clone(conns)
	slices.Sort(conns)
	for i, id := range conns {
		if id < 0 || id >= total {
			return nil, fmt.Errorf("kiteticker: StreamConfig.Conns has %d, want 0 to %d", id, total-1)
		}
		if i > 0 && id == conns[i-1] {
			return nil, fmt.Errorf("kiteticker: StreamConfig.Conns has %d twice", id)
		}
	}
	return conns, nil
}

func (c *Client) detachTicks(s *TickStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticks = without(c.ticks, s)
	for i := range s.inputs {
		c.lines[s.inputs[i].conn].pipeline.change(func(o *outputs) { o.ticks = without(o.ticks, s.inputs[i].out) })
	}
}

func (c *Client) detachFrames(s *FrameStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = without(c.frames, s)
	for i := range s.inputs {
		c.lines[s.inputs[i].conn].pipeline.change(func(o *outputs) { o.frames = without(o.frames, s.inputs[i].out) })
	}
}
