package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/kitetest"
)

// harmlessFaults are odd ways to send the right bytes.
func harmlessFaults() []fault {
	set := func(f kitetest.Faults) func(*rig, int) (func() error, error) {
		return whileOnSocket(
			func(c *kitetest.Conn) { c.SetFaults(f) },
			func(c *kitetest.Conn) { c.SetFaults(kitetest.Faults{}) })
	}
	return []fault{
		{
			name: "Split: each message in 5 writes, 1 ms apart", straight: true,
			inject: set(kitetest.Faults{Split: 5, Gap: time.Millisecond}),
			hold:   time.Second, heals: caughtUp,
		},
		{
			name: "Fragments: each message in 4 frames, pings between", straight: true,
			inject: set(kitetest.Faults{Fragments: 4}),
			hold:   time.Second, heals: caughtUp,
		},
		{
			name: "Truncate: 30 bytes cut off each message", straight: true,
			inject: set(kitetest.Faults{Truncate: 30}),
			told:   damaged, within: atOnce, hold: 500 * time.Millisecond, heals: caughtUp,
		},
	}
}

// cuts end a connection at once.
func cuts() []fault {
	return []fault{
		{
			name: "Hangup: end of stream", straight: true,
			inject: onSocket((*kitetest.Conn).Hangup),
			told:   down(abnormal), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name: "Drop: TCP reset", straight: true,
			inject: onSocket((*kitetest.Conn).Drop),
			told:   down(abnormal), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name: "CloseWith 1012: the server restarts", straight: true,
			inject: onSocket(func(c *kitetest.Conn) { c.CloseWith(1012, "restart") }),
			told:   down(1012), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name: "half a message, then the end", straight: true,
			inject: onSocket(func(c *kitetest.Conn) {
				c.SendRaw([]byte{0x82, 126, 0, 188, 0, 1, 0, 184, 0, 6}) // 188 bytes are announced, 6 sent
				c.Hangup()
			}),
			told: down(abnormal), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name: "garbage instead of a frame", straight: true,
			inject: onSocket(func(c *kitetest.Conn) { c.SendRaw([]byte("HTTP/1.1 502 Bad Gateway\r\n\r\n")) }),
			told:   down(kiteticker.ErrProtocol), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name: "each new socket hung up, for 1 s", straight: true,
			inject: hangUpNew,
			told:   down(abnormal), within: atOnce, hold: time.Second, heals: redialled, outages: -1,
			dials: conn.MaxDialsPerMinute,
		},
	}
}

// hangUpNew drops one connection, and each that comes after.
func hangUpNew(r *rig, round int) (func() error, error) {
	known := map[int]bool{}
	for _, c := range r.exchange.Conns() {
		known[c.ID()] = true
	}
	victim := r.socket(round)
	done := make(chan struct{})
	var hanging sync.WaitGroup
	hanging.Go(func() {
		for {
			for _, c := range r.exchange.Conns() {
				if !known[c.ID()] {
					c.Hangup()
				}
			}
			select {
			case <-time.After(time.Millisecond):
			case <-done:
				return
			}
		}
	})
	victim.Hangup()
	return func() error {
		close(done)
		hanging.Wait()
		return nil
	}, nil
}

// refusals are answers to the dial that follows a cut.
func refusals() []fault {
	return []fault{
		{
			name: "Reject 403: the token has expired", straight: true,
			inject: func(r *rig, round int) (func() error, error) {
				r.exchange.Reject(http.StatusForbidden, nil, "Authentication failed.", 1)
				r.socket(round).Drop()
				return nil, nil
			},
			told: refused(http.StatusForbidden, 0), within: atOnce, heals: redialled, outages: 1, renewals: 1,
		},
		{
			name: "Reject 503, twice", straight: true,
			inject: func(r *rig, round int) (func() error, error) {
				r.exchange.Reject(http.StatusServiceUnavailable, nil, "", 2)
				r.socket(round).Drop()
				return nil, nil
			},
			told: refused(http.StatusServiceUnavailable, 0), within: atOnce, heals: maxBackoff + redialled, outages: 1,
		},
		{
			name: "no answer to dials", straight: true,
			inject: func(r *rig, round int) (func() error, error) {
				r.exchange.SetFaults(kitetest.Faults{HandshakeDelay: 2 * dialTimeout})
				r.socket(round).Drop()
				return func() error { r.exchange.SetFaults(kitetest.Faults{}); return nil }, nil
			},
			told: refused(0, 0), within: dialTimeout + atOnce, heals: redialled, outages: 1,
		},
	}
}

// coolDown is how long a client must leave a server alone that said 429.
const coolDown = time.Minute

// tooManyDials comes first: it takes longest.
func tooManyDials() []fault {
	return []fault{{
		name: "Reject 429: dialled too often", straight: true, rounds: 1,
		inject: func(r *rig, round int) (func() error, error) {
			r.exchange.Reject(http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, "", 1)
			r.socket(round).Drop()
			return nil, nil
		},
		told: refused(http.StatusTooManyRequests, coolDown), within: atOnce, heals: coolDown + maxBackoff + redialled, outages: 1,
		dials: 2, // the one that was refused, and the one after the cool-down
		alone: true,
	}}
}

// deafness: the socket is open, and nothing comes.
func deafness() []fault {
	return []fault{
		{
			name: "Freeze: neither reads nor sends", straight: true,
			inject: whileOnSocket(
				func(c *kitetest.Conn) { c.Freeze(true) },
				func(c *kitetest.Conn) { c.Freeze(false) }),
			told: down(kiteticker.ErrSilent), within: bySilence, hold: time.Second, heals: redialled, outages: 1, stale: true,
		},
		{
			// Pongs are signs of life: it is told, and not redialled.
			name: "Stall: only pings are answered", straight: true,
			inject: whileOnSocket(
				func(c *kitetest.Conn) { c.Stall(true) },
				func(c *kitetest.Conn) { c.Stall(false) }),
			told: unhealthy, within: 2*liveness + lookAround, hold: time.Second, heals: caughtUp,
		},
	}
}
