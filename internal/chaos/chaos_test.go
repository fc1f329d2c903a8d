package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
)

// Far less than `make chaos`: the race detector makes everything ten times as
// slow.
var small = dose{rounds: 1, instruments: 60, seed: 1}

// Every fault once, except those whose cool-down takes a minute.
func TestFaults(t *testing.T) {
	var list []fault
	for _, f := range faults() {
		if f.heals < coolDown {
			list = append(list, f)
		}
	}
	outcomes := runAll(list, len(list)/3, small)
	for _, o := range outcomes {
		for _, failure := range o.failures {
			t.Errorf("%s: %s", o.fault.name, failure)
		}
		if o.times != 1 || o.sums.Sent == 0 || o.sums.Received == 0 {
			t.Errorf("%s: injected %d times, %+v", o.fault.name, o.times, o.sums)
		}
	}
	var table bytes.Buffer
	write(&table, outcomes)
	t.Logf("\n%s", &table)
}

func TestSoak(t *testing.T) {
	rep := soak(10*time.Second, 900, small.seed)
	if !rep.OK || rep.Failures != nil {
		t.Errorf("%q", rep.Failures)
	}
	if rep.Faults == 0 || rep.Edits == 0 || rep.Desired != 900 || rep.Held != 900 || rep.Received == 0 {
		t.Errorf("%+v", rep)
	}
}

// A run must fail if a fault does not do what it is said to do. Each of these
// says something false.
func TestFalseClaims(t *testing.T) {
	drop := onSocket((*kitetest.Conn).Drop)
	stutter := whileOnSocket(
		func(c *kitetest.Conn) { c.SetFaults(kitetest.Faults{Split: 2}) },
		func(c *kitetest.Conn) { c.SetFaults(kitetest.Faults{}) })
	redial := redialled
	list := []fault{
		{name: "changed state", inject: drop, heals: redial, hold: time.Second},
		{name: "not told in 300ms", inject: stutter, told: down(abnormal), within: 300 * time.Millisecond, heals: redial, outages: 1},
		{name: "0 Outage events", inject: stutter, hold: 100 * time.Millisecond, heals: redial, outages: 1},
		{name: "1 Outage events, want 2", inject: drop, told: down(abnormal), within: atOnce, heals: redial, outages: 2},
		{name: "was not stale", inject: drop, told: down(abnormal), within: atOnce, heals: redial, outages: 1, stale: true},
		{name: "not healed in 1ms", inject: drop, told: down(abnormal), within: atOnce, heals: time.Millisecond, outages: 1},
		{name: "asked for 0 access tokens, want 1", inject: drop, told: down(abnormal), within: atOnce, heals: redial, outages: 1, renewals: 1},
		{name: "handshakes, want at most 1", inject: hangUpNew, told: down(abnormal), within: atOnce, hold: time.Second, heals: redial, outages: -1, dials: 1},
		{name: "instruments are not moved", inject: drop, told: down(abnormal), within: atOnce, heals: time.Millisecond, outages: 1, failover: time.Hour},
	}
	for i := range list {
		list[i].straight = true
	}
	for _, o := range runAll(list, len(list), small) {
		if got := strings.Join(o.failures, "\n"); !strings.Contains(got, o.fault.name) {
			t.Errorf("failures %q, want %q", got, o.fault.name)
		}
		if b := o.sums.broken(); b != nil {
			t.Errorf("%s: %q", o.fault.name, b)
		}
	}
}

// A tick that the exchange sends and the client does not deliver fails the run.
func TestLossFailsTheRun(t *testing.T) {
	swallow := fault{
		name: "lost unseen: 1", straight: true, heals: caughtUp,
		inject: func(r *rig, _ int) (end func() error, err error) {
			return func() error {
				_, err := r.heal(time.Now(), caughtUp) // subscriptions do not change any more
				r.exchange.Pause()
				socket := r.exchange.Conns()[0]
				for token := range socket.Tokens() {
					lost, _ := r.exchange.Snapshot(token)
					lost.TotalBuyQuantity, lost.TotalSellQuantity = stampOf(time.Now())
					r.audit.sent(socket.ID(), &lost)
					break
				}
				r.exchange.Resume()
				time.Sleep(2 * time.Second / rate) // the next tick shows it
				return err
			}, nil
		},
	}
	o := swallow.run(small)
	if got := strings.Join(o.failures, "\n"); !strings.Contains(got, o.fault.name) {
		t.Errorf("failures %q, want %q", got, o.fault.name)
	}
}

func stampOf(t time.Time) (high, low uint32) {
	ns := uint64(t.UnixNano())
	return uint32(ns >> 32), uint32(ns)
}

func TestFlat(t *testing.T) {
	well := report{Seconds: 60, MemoryEarly: 50, MemoryLate: 66, Before: load{1, 5}, Early: load{9, 9}, Late: load{9, 9}, After: load{1, 7}}
	if err := well.flat(); err != nil {
		t.Errorf("%v", err)
	}
	young := well
	young.Seconds, young.MemoryLate = 59, 99
	if err := young.flat(); err != nil {
		t.Errorf("too young to tell: %v", err)
	}
	for want, grow := range map[string]func(*report){
		"RSS has grown by 16.5 MiB":           func(r *report) { r.MemoryLate += 0.5 },
		"{Goroutines:9 Descriptors:8} before": func(r *report) { r.Early.Descriptors = 8 },
		"{Goroutines:10 Descriptors:9} after": func(r *report) { r.Late.Goroutines = 10 },
		"1 goroutines before the client, 2":   func(r *report) { r.After.Goroutines = 2 },
	} {
		r := well
		grow(&r)
		if err := r.flat(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Connections take a wire each, and one that redials takes its own again.
func TestWires(t *testing.T) {
	exchange, err := kitetest.Listen(kitetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	ws, err := newWires(3, strings.TrimPrefix(exchange.URL(), "ws://"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.close()
	dial := func() (wire int, hangUp func() error) {
		t.Helper()
		c, err := ws.dial(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range ws.list {
			if w.addr == c.RemoteAddr().String() {
				return i, c.Close
			}
		}
		t.Fatalf("dialled %v", c.RemoteAddr())
		return 0, nil
	}
	seen := map[int]func() error{}
	for range ws.list {
		i, hangUp := dial()
		seen[i] = hangUp
	}
	if len(seen) != 3 {
		t.Fatalf("3 connections on %d wires", len(seen))
	}
	seen[1]()
	if i, _ := dial(); i != 1 {
		t.Errorf("redialled wire %d, want 1", i)
	}
}
