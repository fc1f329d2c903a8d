package kiteticker

import "github.com/kiteticker/kiteticker/ring"

// Latest returns the last tick received of token, false if there was none yet.
// It may be called from any goroutine at any time, takes some tens of
// nanoseconds, and delays no parser. The tick is whole, never a mixture of two.
//
// It is the last one received, however long ago that is: ReceivedAt tells, and
// during an outage or after Unsubscribe it just stays. Its Seq is the number
// among all ticks of its connection.
//
// Latest panics unless Config.LastValues is set.
func (c *Client) Latest(token uint32) (Tick, bool) {
	var t Tick
	number, _, ok := c.instruments.lookup(token)
	return t, c.values().Load(number, &t) && ok
}

// Snapshot appends the last tick received of every subscribed instrument that
// has ticked, in ascending order of token, and returns the extended slice. Each
// tick is whole; they are not all of one moment. Otherwise it is like Latest.
func (c *Client) Snapshot(dst []Tick) []Tick {
	values := c.values()
	var t Tick
	c.mu.Lock()
	defer c.mu.Unlock()
	for token := range c.table.All() {
		if number, _, ok := c.instruments.lookup(token); ok && values.Load(number, &t) {
			dst = append(dst, t)
		}
	}
	return dst
}

// values returns the table of last values.
func (c *Client) values() *ring.Latest[Tick] {
	if c.latest == nil {
		panic("kiteticker: last values are not kept: set Config.LastValues")
	}
	return c.latest
}

// replay gives s, which is not attached yet, the last tick of every subscribed
// instrument, in no particular order: sorting them would hold up the parsers. All parsers stand still, and the lock is held: each instrument's
// next tick will follow in the same ring.
func (c *Client) replay(s *TickStream) {
	var last Tick
	for id := range c.lines {
		for token := range c.table.Desired(id) {
			number, conn, ok := c.instruments.lookup(token) // who delivers it: not id while it moves
			in := s.input(conn)
			if !ok || in == nil || !c.latest.Load(number, &last) || !in.out.owed(token, last.Mode) {
				continue
			}
			if t := in.out.reserve(number); t != nil {
				*t = last
				t.Flags |= FlagSnapshot
				in.out.commit(t, number)
			}
		}
	}
	for i := range s.inputs {
		s.inputs[i].out.fresh = false // not the parser's: no stage to measure
		s.inputs[i].out.publish()
	}
}

// makeRoom lets what is kept for each instrument grow before a parser needs it:
// parsers do not allocate. The lock is held.
func (c *Client) makeRoom() {
	n := c.instruments.count()
	if c.latest != nil {
		c.latest.Grow(n)
	}
	for _, s := range c.ticks {
		s.makeRoom(n)
	}
}

func (s *TickStream) makeRoom(instruments int) {
	if s.slots != nil {
		s.inputs[0].out.slots.Grow(instruments)
	}
}
