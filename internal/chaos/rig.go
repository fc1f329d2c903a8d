package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Times of the client in every run. Short, so that a run is; the bounds of the
// faults are stated in them.
const (
	liveness    = 2 * time.Second // the least that Config takes
	probe       = liveness / 2    // of it: then the client asks for a sign of life
	dialTimeout = time.Second
	minBackoff  = 50 * time.Millisecond
	maxBackoff  = 500 * time.Millisecond
	verifyAfter = 2 * time.Second
	health      = time.Second // HealthInterval
	drain       = time.Second
)

// rig is an exchange, a client of it, what lies between, and the account of
// what passes.
type rig struct {
	exchange *kitetest.Server
	wires    *wires // nil: the client connects straight
	client   *kiteticker.Client
	audit    *auditor
	journal  *journal
	renewals atomic.Int64 // access tokens given after a refusal

	metronome metronome

	cancel  context.CancelFunc // ends Run; nil before it was called
	ended   chan error         // what Run returned
	running sync.WaitGroup     // Run and the readers of its streams

	mu    sync.Mutex // guards the rest
	rng   *rand.Rand
	held  []uint32 // subscribed
	spare []uint32 // not subscribed
	fresh []uint32 // subscribed by the latest edit
}

// plan says what a rig is made of.
type plan struct {
	conns      int
	subscribed int     // instruments
	spare      int     // more of them, to subscribe later
	rate       float64 // updates per second and instrument
	straight   bool    // no wires
	abrupt     bool    // wires that end with a reset
	slow       bool    // the last wire has a latency
	failover   time.Duration
	lag        time.Duration // the stream's reader rests before each batch
	ring       int           // ticks in the stream's ring of each connection
	seed       uint64
	soak       bool // keep no journal
}

// tradable returns n tokens of instruments with volume, which numbers their
// updates.
func tradable(n int) []uint32 {
	const indices = 9 // segment
	tokens := slices.DeleteFunc(kitetest.Universe(n*9/8+9), func(t uint32) bool { return uint8(t) == indices })
	return tokens[:n]
}

// newRig starts everything and subscribes, and waits until all instruments tick.
func newRig(p plan) (*rig, error) {
	tokens := tradable(p.subscribed + p.spare)
	r := &rig{
		audit:   newAuditor(tokens),
		journal: newJournal(),
		rng:     rand.New(rand.NewPCG(p.seed, 1)),
		spare:   tokens,
		ended:   make(chan error, 1),
	}
	var err error
	r.exchange, err = kitetest.Listen(kitetest.Config{
		Instruments: tokens, Rate: p.rate, Seed: p.seed, Stamp: true, OnTick: r.audit.sent,
		MaxConns: 3 * p.conns, // dead sockets keep their place for a while
	})
	if err != nil {
		return nil, err
	}
	cfg := kiteticker.Config{
		APIKey: "chaos", AccessToken: "first", Conns: p.conns, URL: r.exchange.URL(), Refresh: r.renew,
		Liveness: liveness, DialTimeout: dialTimeout, DrainTimeout: drain, MinBackoff: minBackoff, MaxBackoff: maxBackoff,
		VerifyAfter: verifyAfter, HealthInterval: health, FailoverAfter: p.failover, TickRing: p.ring,
	}
	if !p.straight {
		addr := strings.TrimPrefix(r.exchange.URL(), "ws://")
		if r.wires, err = newWires(p.conns, addr, p.abrupt); err != nil {
			r.exchange.Close()
			return nil, err
		}
		cfg.Dial = r.wires.dial
		if p.slow {
			_, err = onWires(r.wires.list[p.conns-1:], bothWays(toxic{Type: "latency", Attributes: attributes{"latency": 200}})...)
		}
	}
	if err == nil {
		err = r.start(cfg, p)
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rig) start(cfg kiteticker.Config, p plan) error {
	var err error
	if r.client, err = kiteticker.New(cfg); err != nil {
		return err
	}
	ticks, err := r.client.Ticks(kiteticker.StreamConfig{Name: "audit"})
	if err != nil {
		return err
	}
	events, err := r.client.Events("audit")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.running.Go(func() { r.ended <- r.client.Run(ctx) })
	r.running.Go(func() { r.metronome.run(ctx.Done()) })
	r.running.Go(func() {
		for batch, lost := range ticks.Batches(context.Background()) {
			time.Sleep(p.lag)
			r.audit.received(batch, lost)
		}
	})
	r.running.Go(func() {
		for e := range events.All(context.Background()) {
			r.audit.event(e)
			if !p.soak {
				r.journal.write(e)
			}
		}
	})
	if err := r.subscribe(p.subscribed); err != nil {
		return err
	}
	if _, err := r.heal(time.Time{}, 10*time.Second); err != nil {
		return fmt.Errorf("the client does not start: %w", err)
	}
	return nil
}

// renew is the client's Config.Refresh.
func (r *rig) renew(context.Context) (string, error) {
	return fmt.Sprint("renewed-", r.renewals.Add(1)), nil
}

// heal waits until everything is well again: all connections live, the
// exchange's sockets hold what is desired and each instrument has ticked since
// the given time. It returns when that was.
func (r *rig) heal(since time.Time, within time.Duration) (time.Time, error) {
	deadline := time.Now().Add(within)
	for {
		err := r.illness(since)
		now := time.Now()
		if err == nil || now.After(deadline) {
			return now, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// illness returns what is not well, nil if nothing.
func (r *rig) illness(since time.Time) error {
	for _, c := range r.client.Stats().Conns {
		if c.State != kiteticker.StateLive {
			return fmt.Errorf("connection %d is %v", c.Conn, c.State)
		}
	}
	if !r.audit.tickedSince(r.subscribed(), since) {
		return errors.New("an instrument has not ticked since")
	}
	return r.compare()
}

// compare returns nil if the exchange's sockets together hold exactly what is
// desired, each instrument once.
func (r *rig) compare() error {
	held := map[uint32]kiteticker.Mode{}
	for _, c := range r.exchange.Conns() {
		for token, mode := range c.Tokens() {
			if _, twice := held[token]; twice {
				return fmt.Errorf("%d is subscribed on two sockets", token)
			}
			held[token] = mode
		}
	}
	desired := maps.Collect(r.client.Subscriptions())
	if !maps.Equal(held, desired) {
		return fmt.Errorf("the exchange's sockets hold %d instruments that differ from the %d desired", len(held), len(desired))
	}
	return nil
}

// stop ends a run that is well: the market pauses, what is on its way arrives,
// the client says goodbye. It returns the account.
func (r *rig) stop() (sums, []string, error) {
	r.exchange.Pause()
	tokens := r.subscribed()
	for deadline := time.Now().Add(5 * time.Second); !r.audit.upToDate(tokens) && time.Now().Before(deadline); {
		time.Sleep(2 * time.Millisecond)
	}
	err := r.close()
	sums, notes := r.audit.settle()
	return sums, notes, err
}

// close ends everything. The client has its time to say goodbye, and a second.
func (r *rig) close() error {
	var err error
	if r.cancel != nil {
		r.cancel()
		err = r.quit()
	}
	if r.wires != nil {
		r.wires.close()
	}
	return errors.Join(err, r.exchange.Close())
}

// quit waits for Run, and for the exchange to be rid of its sockets.
func (r *rig) quit() error {
	select {
	case err := <-r.ended:
		if err != nil {
			return err
		}
	case <-time.After(drain + time.Second):
		return errors.New("the client still runs, more than a second after its time to drain")
	}
	r.running.Wait()
	for deadline := time.Now().Add(time.Second); len(r.exchange.Conns()) > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("the exchange still has sockets of a client that has ended")
		}
	}
	return nil
}
