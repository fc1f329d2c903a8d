package kiteticker

import (
	"errors"
	"fmt"

	"github.com/kiteticker/kiteticker/ring"
)

// Ticks attaches a stream of decoded ticks, at any time. Each stream has rings
// of its own and gets every tick of its connections from then on; one that is
// read too slowly loses the newest ticks, is told how many, and disturbs no
// other. A stream must be read by one goroutine; attach as many as needed.
func (c *Client) Ticks(cfg StreamConfig) (*TickStream, error) {
	conns, capacity, err := c.checkStream(cfg, c.cfg.TickRing, 1, maxTickRing)
	if err != nil {
		return nil, err
	}
	s := &TickStream{inlet: newInlet(cfg.Name, cfg.Wait), client: c, inputs: make([]tickInput, len(conns))}
	for i, id := range conns {
		producer, consumer := ring.New[Tick](capacity)
		consumer.WaitOn(s.waiter)
		in := &s.inputs[i]
		in.conn, in.ring, in.out = id, consumer, &tickOutput{ring: producer}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, ErrStopped
	}
	c.ticks = append(c.ticks, s)
	for i := range s.inputs {
		add(&c.lines[s.inputs[i].conn].pipeline.ticks, s.inputs[i].out)
	}
	return s, nil
}

// Frames attaches a stream of raw messages, at any time. Otherwise it is like
// Ticks; with frame streams alone nothing is decoded into ticks.
func (c *Client) Frames(cfg StreamConfig) (*FrameStream, error) {
	conns, capacity, err := c.checkStream(cfg, c.cfg.FrameRing, minFrameRing, maxFrameRing)
	if err != nil {
		return nil, err
	}
	s := &FrameStream{inlet: newInlet(cfg.Name, cfg.Wait), client: c, inputs: make([]frameInput, len(conns))}
	for i, id := range conns {
		producer, consumer := ring.NewBytes(capacity)
		consumer.WaitOn(s.waiter)
		s.inputs[i] = frameInput{conn: id, ring: consumer, out: &frameOutput{ring: producer}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, ErrStopped
	}
	c.frames = append(c.frames, s)
	for i := range s.inputs {
		add(&c.lines[s.inputs[i].conn].pipeline.frames, s.inputs[i].out)
	}
	return s, nil
}

// Events attaches a stream of order updates, changes of state and everything
// else that is not a tick. Attach before Run to see the first ones.
func (c *Client) Events(name string) (*EventStream, error) { return c.hub.attach(name) }

func (c *Client) checkStream(cfg StreamConfig, fallback, least, most int) (conns []int, capacity int, err error) {
	conns, err = pickConns(cfg.Conns, len(c.lines))
	if capacity = cfg.Capacity; capacity == 0 {
		capacity = fallback
	}
	if capacity < least || capacity > most {
		err = errors.Join(err, fmt.Errorf("kiteticker: StreamConfig.Capacity is %d, want %d to %d", capacity, least, most))
	}
	if cfg.Wait > ring.WaitSpin {
		err = errors.Join(err, fmt.Errorf("kiteticker: StreamConfig.Wait is %d, want ring.WaitPark, ring.WaitYield or ring.WaitSpin", cfg.Wait))
	}
	return conns, capacity, err
}

func (c *Client) detachTicks(s *TickStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticks = without(c.ticks, s)
	for i := range s.inputs {
		remove(&c.lines[s.inputs[i].conn].pipeline.ticks, s.inputs[i].out)
	}
}

func (c *Client) detachFrames(s *FrameStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = without(c.frames, s)
	for i := range s.inputs {
		remove(&c.lines[s.inputs[i].conn].pipeline.frames, s.inputs[i].out)
	}
}
