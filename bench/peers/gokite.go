package main

import (
	"errors"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/bench/harness"
	"github.com/kiteticker/kiteticker/gokite/models"
	ticker "github.com/kiteticker/kiteticker/gokite/ticker"
)

// gokite is the interface of the official client on top of ours: what a program
// gets that has changed its import and nothing else.
func gokite() harness.Subject {
	return harness.Subject{Name: "gokite", Floor: harness.Bare, Subscribes: true, Run: runGokite}
}

func runGokite(s *harness.Session) error {
	t := ticker.New("bench", "bench")
	t.Configure(func(cfg *kiteticker.Config) { cfg.URL, cfg.TLS, cfg.Conns = s.URL, s.TLS, s.Load.Conns })
	failed := make(chan error, 1)
	t.OnError(func(err error) {
		select {
		case failed <- err:
		default: // the first one ends it
		}
	})
	r, sum := s.Recorder(), float64(0)
	t.OnTick(func(tick models.Tick) {
		sum += float64(tick.InstrumentToken) + tick.LastPrice
		r.Tick(tick.TotalBuyQuantity, tick.TotalSellQuantity)
	})
	if err := errors.Join(t.Subscribe(s.Tokens()), t.SetMode(ticker.ModeFull, s.Tokens())); err != nil {
		return err
	}
	go t.Serve()
	if s.Load.Endless() { // it loses ticks, and says so
		select {}
	}
	return <-failed
}
