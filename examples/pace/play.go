package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

// patience is how long to wait, after the market has closed, for what is on its
// way.
const patience = 10 * time.Second

// play runs the consumers on the market until ctx or the duration is over and
// they have read everything, and checks the result.
func play(ctx context.Context, opt options, market *feed.Feed, sent *tape, out io.Writer) error {
	client, err := kiteticker.New(market.Config)
	if err != nil {
		return err
	}
	consumers, err := attach(client, opt.ring) // before Run: each is owed every tick
	if err != nil {
		return err
	}
	if err := client.Subscribe(kiteticker.ModeFull, kitetest.Universe(opt.instruments)...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opt.duration)
	defer cancel()

	var running sync.WaitGroup
	for _, c := range consumers {
		running.Go(func() { c.loop(c) })
	}
	// What closes the market does not stop the client: what was sent until then
	// is to be received.
	clientCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var failed, late error // written before running is done
	running.Go(func() {
		failed = client.Run(clientCtx)
		stop() // it may have ended by itself
		cancel()
	})
	running.Go(func() {
		<-ctx.Done()
		market.Exchange.Pause()
		late = awaitTicks(clientCtx, opt.instruments, client, market.Exchange)
		stop()
	})
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()

	s := newScreen(out, client, consumers)
	s.watch(done)
	if err := errors.Join(failed, late); err != nil {
		return err
	}
	total := market.Exchange.Totals().Ticks
	s.sum(total, opt)
	var errs []error
	for _, c := range consumers {
		errs = append(errs, c.check(sent, total))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.proved(len(sent.packets))
	return nil
}

// awaitTicks returns when the exchange has sent the first snapshot, however
// early the market closed, and the client has decoded all that was sent; or when
// the client has ended.
func awaitTicks(ctx context.Context, instruments int, client *kiteticker.Client, exchange *kitetest.Server) error {
	for end := time.Now().Add(patience); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		subscribed, decoded := 0, uint64(0)
		for _, c := range exchange.Conns() {
			for _, mode := range c.Tokens() {
				if mode == kiteticker.ModeFull {
					subscribed++
				}
			}
		}
		for _, c := range client.Stats().Conns {
			decoded += c.Ticks
		}
		sent := exchange.Totals().Ticks
		if subscribed == instruments && decoded == sent {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%v after the market closed, %d of %d instruments are subscribed and %d of %d ticks decoded",
				patience, subscribed, instruments, decoded, sent)
		}
	}
	return nil
}
