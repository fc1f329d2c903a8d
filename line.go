package kiteticker

import (
	"context"
	"maps"
	"math/bits"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// line is one connection and what belongs to it alone.
type line struct {
	conn     *conn.Conn
	account  int
	ring     *ring.BytesProducer // nil when inline
	pipeline *pipeline
	sink     conn.Sink
	sent     shard.Set // what the present socket was or is about to be told; guarded by Client.mu
	told     shard.Set // what it was told; guarded by Client.mu
	life     life      // guarded by Client.mu
}

// recordExtra is what rings may hold of a message besides its bytes, so that
// what fits one fits all.
const recordExtra = stampSize + seqSize

// capacity is how many instruments a connection may carry: the exchange's limit,
// or fewer if a snapshot of that many does not fit a quarter of the ring.
func capacity(frameRing int) int {
	return min(MaxTokensPerConn, (roundUp(frameRing)/4-recordExtra-2)/(2+184))
}

// backlog reports whether ticks may wait in the frame ring for a stream that
// blocks. Instruments stay meanwhile: their ticks in there would be lost when they
// leave, and old news when they return.
func (l *line) backlog() bool {
	return l.ring != nil && l.ring.Len() > 0 && l.pipeline.outputs.Load().blocking
}

// roundUp returns the capacity that a ring of bytes has.
func roundUp(frameRing int) int { return 1 << bits.Len(uint(frameRing-1)) }

// newLine builds connection id of acc.
func (c *Client) newLine(id, account int, acc *account) (*line, error) {
	p := &pipeline{id: uint8(id), dec: c.decoder, hub: c.hub, instruments: c.instruments, log: c.cfg.Logger}
	p.latest = c.latest
	p.outputs.Store(new(outputs))
	l := &line{account: account, pipeline: p, sent: shard.Set{}, told: shard.Set{}, life: life{waited: map[uint32]time.Time{}}}
	if c.plan.inline {
		l.sink = newInlineSink(p, roundUp(c.cfg.FrameRing)/4)
	} else {
		l.ring, p.in = ring.NewBytesIn(c.cfg.pages(), c.cfg.FrameRing)
		p.in.WaitOn(ring.NewWaiter(c.cfg.Wait))
		l.sink = l.ring
	}
	if c.cfg.Stages {
		p.stages = &stages{made: time.Now(), inline: l.ring == nil}
		if l.ring != nil {
			l.sink = &stampedSink{Sink: l.ring, stages: p.stages}
		}
	}
	cfg := conn.Config{
		ID: id, URL: c.cfg.URL, Query: c.cfg.Query, Header: c.cfg.Header, UserAgent: c.cfg.UserAgent,
		TLS: c.cfg.TLS, Dial: c.cfg.Dial,
		Credentials: acc.credentials,
		Commands:    func(fresh bool) []shard.Command { return c.commands(l, id, fresh) },
		Sent:        func(cmd shard.Command) { c.sent(l, cmd) },
		Notify:      func(t conn.Transition) { c.notify(l, t) },
		Sink:        l.sink, Logger: c.cfg.Logger,
		Liveness: c.cfg.Liveness, DialTimeout: c.cfg.DialTimeout, DrainTimeout: c.cfg.DrainTimeout,
		MinBackoff: c.cfg.MinBackoff, MaxBackoff: c.cfg.MaxBackoff,
		MaxAttempts: c.cfg.MaxAttempts, CommandGap: c.cfg.CommandGap,
		MaxMessage: l.sink.MaxRecord() - seqSize,
		BusyPoll:   c.plan.pollers > 0, Pollable: func() { c.pollable(id) },
	}
	if acc.refresh != nil {
		cfg.Refresh = func(ctx context.Context, refused string) error { return c.renew(ctx, id, account, refused) }
	}
	var err error
	l.conn, err = conn.New(cfg)
	return l, err
}

// commands is what connection id must say to bring its socket from what it was
// told to what is desired. A new socket was told nothing, so a reconnect is
// the same question.
func (c *Client) commands(l *line, id int, fresh bool) []shard.Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fresh {
		clear(l.sent)
	}
	desired := c.table.Desired(id)
	cmds := shard.Diff(desired, l.sent, c.cfg.ChunkSize)
	for _, cmd := range cmds {
		if cmd.Op == shard.Subscribe && !fresh {
			c.instruments.again(uint8(id), l.life.session, cmd.Tokens...)
		}
	}
	if len(cmds) > 0 {
		clear(l.sent)
		maps.Copy(l.sent, desired)
	}
	return cmds
}

// sent notes what the socket was told.
func (c *Client) sent(l *line, cmd shard.Command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.told.Apply(cmd)
	switch cmd.Op {
	case shard.Subscribe:
		for _, token := range cmd.Tokens {
			l.life.waited[token] = time.Now()
		}
	case shard.Unsubscribe:
		for _, token := range cmd.Tokens {
			delete(l.life.waited, token)
		}
	}
}

// restart ends the present socket of l after its parser panicked.
func (c *Client) restart(l *line) func(panicked any) {
	return func(panicked any) {
		_, token := c.accounts[l.account].credentials()
		l.conn.Restart(conn.NewPanicError("parser", panicked, token))
	}
}
