package main

import (
	"bytes"
	"context"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// floor is an engine at work on a simulated exchange, in memory and by the
// clock of a test.
type floor struct {
	t   *testing.T
	srv *kitetest.Server
	*engine
	log  bytes.Buffer
	stop func()
}

// open starts an engine for three instruments, one per connection, and waits
// until it is healthy. It is over when the test is.
func open(t *testing.T) *floor {
	f := &floor{t: t, srv: kitetest.NewServer(t, kitetest.Config{Instruments: listed})}
	cfg := kiteticker.Config{APIKey: "key", AccessToken: "token", URL: f.srv.URL(), Dial: f.srv.Dial}
	var err error
	f.engine, err = newEngine(cfg, listed[:3], paper(f.srv), log.New(&f.log, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.engine.run(ctx) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	time.Sleep(2 * time.Second)
	return f
}

// trade makes n trades at each of the given prices. The day begins at 2945.15.
func (f *floor) trade(n int, levels ...int32) {
	for _, price := range levels {
		for range n {
			if f.srv.Trade(token, price, 1) != 1 {
				f.t.Fatal("nobody is subscribed")
			}
		}
	}
	synctest.Wait()
}

func TestFromTickToPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		f.trade(warmUp, 2940_00, 2930_00, 2960_05)
		f.trade(warmUp, 2900_00)
		f.stop()
		f.report()
		for _, want := range []string{
			"order 1: BUY 1 of 408065 at 2960.05",
			"order 1: COMPLETE, 1 filled",
			"order 2: SELL 2 of 408065 at 2900.00",
			"order 2: COMPLETE, 2 filled",
			"2 orders, 2 filled; 0 decisions refused while unhealthy",
			"position in 408065: -1",
		} {
			// Three connections bring three copies of each update.
			if n := strings.Count(f.log.String(), want+"\n"); n != 1 {
				t.Errorf("%q was logged %d times, want once", want, n)
			}
		}
		if t.Failed() {
			t.Logf("the log:\n%s", &f.log)
		}
	})
}

func TestNoDecisionAcrossAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		f.trade(warmUp, 2940_00, 2930_00)
		for _, c := range f.srv.Conns() {
			c.Drop()
		}
		time.Sleep(5 * time.Second) // the client comes back by itself
		f.trade(warmUp/2, 2960_00)
		f.stop()
		if f.desk.orders != 0 {
			t.Errorf("%d orders after an outage on averages from before:\n%s", f.desk.orders, &f.log)
		}
		if f.strategies[0].forgot != 1 {
			t.Errorf("averages were given up %d times, want once", f.strategies[0].forgot)
		}
	})
}

func TestNoOrdersWhileUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		f.trade(warmUp, 2940_00, 2930_00)
		for _, c := range f.srv.Conns() {
			if len(c.Tokens()) > 0 && c.Tokens()[token] == 0 {
				c.Freeze(true) // the other two connections fall silent
				defer c.Freeze(false)
			}
		}
		time.Sleep(maxSilence + 1500*time.Millisecond)
		f.trade(warmUp, 2960_00)
		f.stop()
		if f.desk.orders != 0 || f.desk.refused != 1 {
			t.Errorf("%d orders and %d refused while a connection is silent, want 0 and 1:\n%s",
				f.desk.orders, f.desk.refused, &f.log)
		}
	})
}

// The whole program, over TCP.
func TestRun(t *testing.T) {
	t.Setenv("KITE_API_KEY", "")
	t.Setenv("KITE_ACCESS_TOKEN", "")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, nil, 1000, &out); err != nil {
		t.Fatalf("run: %v", err)
	}
	for _, want := range []string{"6 instruments on simulated exchange", "connection 2: live", "ticks, 0 lost", "connection 0: stopped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}

func TestBadTokens(t *testing.T) {
	for _, arg := range []string{"INFY", "-1", "4294967296", ""} {
		if err := run(t.Context(), []string{arg}, 0, &bytes.Buffer{}); err == nil {
			t.Errorf("%q was taken for an instrument token", arg)
		}
	}
}
