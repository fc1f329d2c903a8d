package main

import (
	"context"
	"errors"
	"log"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker"
)

// engine is the whole machine: a strategy per connection, one desk, one
// account.
type engine struct {
	client     *kiteticker.Client
	events     *kiteticker.EventStream
	strategies []*strategy // by connection
	desk       *desk
	account    *account
	healthy    atomic.Bool // the last answer of the health check; no orders without
	log        *log.Logger
}

// maxSilence is how old the last sign of life of a connection may be.
const maxSilence = 3 * time.Second

// newEngine prepares everything that run needs, so that nothing is allocated
// once ticks come.
func newEngine(cfg kiteticker.Config, tokens []uint32, place func(order) error, log *log.Logger) (*engine, error) {
	cfg.FailoverAfter = -1 // tokens stay where they are: each strategy keeps its own
	client, err := kiteticker.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := client.Subscribe(kiteticker.ModeLTP, tokens...); err != nil {
		return nil, err
	}
	e := &engine{client: client, account: newAccount(), log: log}
	if e.events, err = client.Events("engine"); err != nil {
		return nil, err
	}
	// A token stays on its connection, so each strategy knows its own and needs
	// no lock.
	parts := make([][]uint32, client.Conns())
	for token := range client.Subscriptions() {
		id, _ := client.ConnOf(token)
		parts[id] = append(parts[id], token)
	}
	d, outs := newDesk(len(parts), &e.healthy, place, log)
	e.desk = d
	for id, part := range parts {
		stream, err := client.Ticks(kiteticker.StreamConfig{Name: "strategy", Conns: []int{id}})
		if err != nil {
			return nil, err
		}
		e.strategies = append(e.strategies, newStrategy(stream, part, outs[id]))
	}
	return e, nil
}

// run trades until ctx is done. Then it ends from the socket inwards, each
// stage after what feeds it: client, strategies, desk, so that every tick
// that was received is taken in and every decision is worked off.
func (e *engine) run(ctx context.Context) error {
	var strategies, rest sync.WaitGroup
	for _, s := range e.strategies {
		strategies.Go(s.run)
	}
	decided := make(chan struct{})
	rest.Go(func() { e.desk.run(decided) })
	rest.Go(e.watchEvents)
	ctx, cancel := context.WithCancel(ctx)
	rest.Go(func() { e.watchHealth(ctx) })

	err := e.client.Run(ctx)
	cancel()
	strategies.Wait()
	close(decided)
	rest.Wait()
	return err
}

// watchEvents takes in order updates and whatever happens to connections.
func (e *engine) watchEvents() {
	for event := range e.events.All(context.Background()) {
		switch data := event.Data.(type) {
		case *kiteticker.Order:
			if e.account.apply(data) {
				e.log.Printf("order %s: %s, %v filled", data.OrderID, data.Status, data.FilledQuantity)
			}
		case *kiteticker.StateChange:
			e.log.Printf("connection %d: %v%s", event.Conn, data.To, because(data.Err))
			if data.From == kiteticker.StateLive && data.To != kiteticker.StateStopped {
				// Ticks will be missing, and so will order updates, which are
				// not repeated: with real money, read the order book once the
				// connection is live again.
				e.strategies[event.Conn].gaps.Add(1) // pairs with the Load in strategy.batch
			}
		case *kiteticker.DamagedMessage:
			e.log.Printf("connection %d: %d damaged messages: %v", event.Conn, data.Count, data.Err)
			e.strategies[event.Conn].gaps.Add(1) // pairs with the Load in strategy.batch
		case *kiteticker.ServerError:
			e.log.Printf("connection %d: the server says: %v", event.Conn, data)
		}
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// watchHealth looks at the connections every second and stops orders while
// something is wrong with any of them.
func (e *engine) watchHealth(ctx context.Context) {
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		err := e.client.Stats().Check(maxSilence)
		if was := e.healthy.Swap(err == nil); was == (err == nil) { // pairs with the Load in desk.decide
			continue
		}
		if err == nil {
			e.log.Print("healthy: trading")
			continue
		}
		e.log.Print("unhealthy: no orders")
		if found, ok := errors.AsType[*kiteticker.UnhealthyError](err); ok {
			e.log.Print(found)
		}
	}
}

// report sums up. Call it after run has returned.
func (e *engine) report() {
	var ticks, lost uint64
	var forgot, dropped int
	for _, s := range e.strategies {
		ticks, lost = ticks+s.ticks, lost+s.lost
		forgot, dropped = forgot+s.forgot, dropped+s.dropped
	}
	e.log.Printf("%d ticks, %d lost; averages given up %d times; %d decisions dropped", ticks, lost, forgot, dropped)
	e.log.Printf("%d orders, %d filled; %d decisions refused while unhealthy", e.desk.orders, e.account.filled, e.desk.refused)
	for _, token := range slices.Sorted(maps.Keys(e.account.positions)) {
		e.log.Printf("position in %d: %+d", token, e.account.positions[token])
	}
}
