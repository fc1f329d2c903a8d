package main

import (
	"time"

	"github.com/kiteticker/kiteticker"
)

type attributes = map[string]any

// bothWays returns t to the client and to the exchange.
func bothWays(t toxic) []toxic {
	back := t
	back.Stream = upstream
	return []toxic{t, back}
}

// harmlessToxics delay what they carry: everything arrives, in order, and the
// connection stays live.
func harmlessToxics() []fault {
	return []fault{
		{
			name:   "latency of 300 ms, both ways",
			inject: onWire(bothWays(toxic{Type: "latency", Attributes: attributes{"latency": 300}})...),
			hold:   time.Second, heals: caughtUp,
		},
		{
			name:   "jitter of 10 to 190 ms",
			inject: onWire(toxic{Type: "latency", Attributes: attributes{"latency": 100, "jitter": 90}}),
			hold:   time.Second, heals: caughtUp,
		},
		{
			name:   "bandwidth of 100 kB/s, a third of what is sent",
			inject: onWire(toxic{Type: "bandwidth", Attributes: attributes{"rate": 100}}),
			hold:   1500 * time.Millisecond, heals: caughtUp,
		},
		{
			name:   "slicer: writes of 8 to 24 bytes",
			inject: onWire(toxic{Type: "slicer", Attributes: attributes{"average_size": 16, "size_variation": 8}}),
			hold:   time.Second, heals: caughtUp,
		},
	}
}

// toxics break the connection, or what they carry.
func toxics() []fault {
	silent := down(kiteticker.ErrSilent)
	blackHole := onWire(toxic{Type: "timeout"})
	return []fault{
		{
			name: "reset_peer: TCP reset", abrupt: true,
			inject: onWire(toxic{Type: "reset_peer"}),
			told:   down(abnormal), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name:   "limit_data: end within a message",
			inject: onWire(toxic{Type: "limit_data", Attributes: attributes{"bytes": 8_000}}),
			told:   down(abnormal), within: atOnce, heals: redialled, outages: 1,
		},
		{
			name:   "timeout: black hole to the client",
			inject: blackHole,
			told:   silent, within: bySilence, hold: 500 * time.Millisecond, heals: redialled, outages: 1, stale: true,
		},
		{
			name:   "timeout: black hole both ways",
			inject: onWire(bothWays(toxic{Type: "timeout"})...),
			told:   silent, within: bySilence, hold: 500 * time.Millisecond, heals: redialled, outages: 1, stale: true,
		},
		{
			// Ticks go on, so the socket is alive, but what we say is lost.
			name: "timeout: black hole to the exchange",
			inject: func(r *rig, round int) (func() error, error) {
				end, err := onWire(toxic{Type: "timeout", Stream: upstream})(r, round)
				if err != nil {
					return nil, err
				}
				return end, r.edit(10)
			},
			told: unseen, within: verifyAfter + 2*time.Second, heals: redialled, outages: 1,
		},
		{
			// The toxic's clock starts anew with each byte, so the market rests.
			name: "timeout: closed after 500 ms without a byte",
			inject: func(r *rig, round int) (func() error, error) {
				r.exchange.Pause()
				end, err := onWire(toxic{Type: "timeout", Attributes: attributes{"timeout": 500}})(r, round)
				return func() error { defer r.exchange.Resume(); return end() }, err
			},
			told: down(abnormal), within: time.Second + 500*time.Millisecond + atOnce, heals: redialled, outages: 1,
			alone: true,
		},
		{
			name: "slow_close: an end that arrives 5 s late",
			inject: func(r *rig, round int) (func() error, error) {
				t := toxic{Type: "slow_close", Attributes: attributes{"delay": 5000}}
				end, err := onWires(r.wires.list, t) // the others do not notice: nothing closes there
				r.socket(round).Hangup()
				return end, err
			},
			told: silent, within: bySilence, heals: redialled, outages: 1, stale: true,
		},
		{
			name: "wire out: closed, then dials refused",
			inject: func(r *rig, round int) (func() error, error) {
				w := r.wires.list[round%len(r.wires.list)]
				w.cut()
				return w.mend, nil
			},
			told: down(abnormal), within: atOnce, hold: time.Second, heals: redialled, outages: 1,
		},
		{
			// When instruments move back between two live connections, the old
			// one still brings ticks for 400 ms, and both wait for a late reader.
			name: "black hole with failover, to a slow wire or from it", failover: failover, slow: true, lag: 100 * time.Millisecond,
			inject: blackHole,
			told:   silent, within: bySilence, heals: failover + lookAround + time.Second, outages: 1, stale: true,
			alone: true,
		},
	}
}
