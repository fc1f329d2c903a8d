package kitetest

import (
	"math"
	"time"

	"github.com/gobwas/ws"
)

// heartbeat is the message of one byte that the exchange sends when it has no
// data. Clients must go by its length: the value is not documented.
var heartbeat = []byte{0}

// pulse sends heartbeats and pings until the connection ends.
func (c *Conn) pulse() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	const never = time.Duration(math.MaxInt64)
	nextPing := never
	if c.s.cfg.Ping > 0 {
		nextPing = time.Since(c.s.start) + c.s.cfg.Ping
	}
	for {
		select {
		case <-timer.C:
		case <-c.done:
			return
		}
		now := time.Since(c.s.start)
		nextBeat := never
		if every := c.s.cfg.Heartbeat; every > 0 {
			if now >= time.Duration(c.sentAt.Load())+every {
				if !c.silent() && c.send(ws.OpBinary, heartbeat) == nil {
					c.s.heartbeats.Add(1)
				}
				c.touch() // also when silent: the next attempt is one interval away
			}
			nextBeat = time.Duration(c.sentAt.Load()) + every
		}
		if now >= nextPing {
			if !c.silent() {
				c.send(ws.OpPing, nil)
			}
			nextPing += c.s.cfg.Ping
		}
		timer.Reset(min(nextBeat, nextPing) - now)
	}
}

// silent reports whether the server sends nothing of its own accord.
func (c *Conn) silent() bool {
	if c.stalled.Load() || c.closing.Load() || c.ended() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.thaw != nil
}
