package kiteticker

import (
	"maps"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/shard"
)

// Moved says that tokens went from one connection to another: away from one
// that stayed down, back when it returned, or because they were unsubscribed and
// subscribed again. For a moment neither delivers them; then their first tick has
// [FlagGap].
type Moved struct {
	From, To int
	Tokens   []uint32 // ascending
}

// balance moves the tokens of connections that are down for long to those that
// have room, and back when they have been live for as long.
func (c *Client) balance(now time.Time) {
	if c.cfg.FailoverAfter < 0 {
		return
	}
	for id, l := range c.lines {
		c.mu.Lock()
		down, since := l.life.downSince, l.life.since
		c.mu.Unlock()
		switch {
		case !down.IsZero() && now.Sub(down) >= c.cfg.FailoverAfter:
			c.evacuate(id)
		case l.conn.State() == StateLive && now.Sub(since) >= c.cfg.FailoverAfter:
			c.bringHome(id)
		}
	}
}

// evacuate moves what connection id carries to live connections.
func (c *Client) evacuate(id int) {
	var to []int
	for other, l := range c.lines {
		if other != id && l.conn.State() == StateLive {
			to = append(to, other)
		}
	}
	if len(to) == 0 || c.lines[id].backlog() {
		return
	}
	c.handOver(id, func() []shard.Moved {
		moved := c.table.Move(slices.Sorted(maps.Keys(c.table.Desired(id))), to...)
		for _, m := range moved {
			if home, away := c.homes[m.Token]; !away {
				c.homes[m.Token] = m.From
			} else if home == m.To {
				delete(c.homes, m.Token)
			}
		}
		return moved
	})
}

// bringHome moves back what connection id carried before it broke.
func (c *Client) bringHome(id int) {
	for from := range c.lines {
		if from == id || c.lines[from].backlog() || c.lines[id].backlog() {
			continue // the next look is in a second
		}
		c.handOver(from, func() []shard.Moved {
			var tokens []uint32
			for token, home := range c.homes {
				if on, _ := c.table.Conn(token); home == id && on == from {
					tokens = append(tokens, token)
				}
			}
			slices.Sort(tokens)
			moved := c.table.Move(tokens, id)
			for _, m := range moved {
				delete(c.homes, m.Token)
			}
			return moved
		})
	}
}

// place gives newly subscribed tokens to their connections. It returns those
// that another connection delivered before, by that connection: in streams
// their ticks may still wait.
func (c *Client) place(tokens []uint32) (elsewhere map[int][]uint32) {
	for _, token := range tokens {
		id, _ := c.table.Conn(token)
		if from := c.instruments.bring(uint8(id), token); from != id {
			if elsewhere == nil {
				elsewhere = map[int][]uint32{}
			}
			elsewhere[from] = append(elsewhere[from], token)
		}
	}
	c.makeRoom()
	return elsewhere
}

// movedFrom lists where tokens that connection from delivered are now.
func (c *Client) movedFrom(from int, tokens []uint32) (moved []shard.Moved) {
	for _, token := range tokens {
		if to, ok := c.table.Conn(token); ok && to != from {
			moved = append(moved, shard.Moved{Token: token, From: from, To: to})
		}
	}
	return moved
}

// handOver carries out a move of tokens away from connection from, while its
// parser is between two messages, or waits for a stream between two packets:
// from then on its parser drops their ticks, and no stream
// sees a tick from their new connection before it has taken those it was given
// from the old one.
//
// Lock order: a pipeline's moving before Client.mu.
func (c *Client) handOver(from int, move func() []shard.Moved) {
	p := c.lines[from].pipeline
	p.moving.Lock()
	c.mu.Lock()
	byConn := map[int][]uint32{}
	for _, m := range move() {
		// A token that another hand-over was faster to take away goes where the
		// table says, for that one has looked there. It is not ours to move: some
		// other parser may be at it.
		if _, owner, _ := c.instruments.lookup(m.Token); owner == from {
			byConn[m.To] = append(byConn[m.To], m.Token)
		}
	}
	for to, tokens := range byConn {
		slices.Sort(tokens)
		tokens = slices.Compact(tokens)
		byConn[to] = tokens
		for _, s := range c.ticks {
			s.holdBack(to, from)
		}
		c.instruments.place(uint8(to), tokens...)
	}
	c.mu.Unlock()
	p.moving.Unlock()
	if len(byConn) > 0 {
		c.kick()
	}
	for to, tokens := range byConn {
		c.post(to, time.Now(), &Moved{From: from, To: to, Tokens: tokens})
		c.cfg.Logger.Info("instruments moved", "from", from, "to", to, "tokens", len(tokens))
	}
}

// hold keeps the ticks of an input from a position on until those of another
// input were taken up to a position: ticks of a moved token may still wait
// there. Both positions are of one instant, so holds never wait in a circle.
type hold struct {
	from  uint64 // position in this input
	until *tickInput
	taken uint64 // position in until
	next  *hold  // an older one
}

// holdBack puts a hold on the input of connection to. A conflating stream needs
// none: all connections share its slots, and the newer tick replaces the older.
// The parser of connection from stands still meanwhile. The Store comes before
// the tokens' change of owner, and so before any tick that must wait.
func (s *TickStream) holdBack(to, from int) {
	newer, older := s.input(to), s.input(from)
	if newer == nil || older == nil || s.slots != nil {
		return
	}
	// What older waits for, newer waits for as well: a token may move on before it
	// has ticked where it moved to.
	waits := map[*tickInput]uint64{older: older.out.ring.Published()}
	for h := older.held.Load(); h != nil; h = h.next {
		if h.until != newer {
			waits[h.until] = max(waits[h.until], h.taken)
		}
	}
	top := newer.held.Load()
	for until, taken := range waits {
		top = &hold{from: newer.out.ring.Published(), until: until, taken: taken, next: top}
	}
	newer.held.Store(top)
}

func (s *TickStream) input(conn int) *tickInput {
	for i := range s.inputs {
		if s.inputs[i].conn == conn {
			return &s.inputs[i]
		}
	}
	return nil
}

// free returns those of the waiting ticks that no hold keeps. The stream's
// reader calls it after it has seen the ticks: pairs with the Store in holdBack.
func (in *tickInput) free(ticks []Tick) []Tick {
	first := in.held.Load()
	if first == nil {
		return ticks
	}
	free, done := ticks, true
	for h := first; h != nil; h = h.next {
		if h.until.taken < h.taken {
			free, done = free[:min(uint64(len(free)), h.from-min(h.from, in.taken))], false
		}
	}
	if done {
		in.held.CompareAndSwap(first, nil) // a newer hold stays
	}
	return free
}
