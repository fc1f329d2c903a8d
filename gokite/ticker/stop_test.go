package kiteticker_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// most is how long Serve may take to return after Stop, whatever happens.
const most = 4 * time.Second

// Serve returns soon after Stop in whatever state it is. A goroutine that stays
// behind would keep the bubble from ending.
func TestStopInEveryState(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg   kitetest.Config
		setUp func(srv *kitetest.Server, ticker *kiteticker.Ticker)
		after func(srv *kitetest.Server)
	}{
		"live": {},
		"data": {cfg: kitetest.Config{Rate: 100}, setUp: func(_ *kitetest.Server, ticker *kiteticker.Ticker) {
			ticker.OnTick(func(models.Tick) {})
			ticker.Subscribe(kitetest.Universe(300))
		}},
		"dialing": {cfg: kitetest.Config{Faults: kitetest.Faults{HandshakeDelay: time.Hour}}},
		"refused": {cfg: kitetest.Config{AccessToken: "another"}},
		"backing off": {setUp: func(srv *kitetest.Server, _ *kiteticker.Ticker) {
			srv.Reject(429, nil, "", 1000)
		}},
		"server frozen": {after: func(srv *kitetest.Server) { srv.Conns()[0].Freeze(true) }},
		"no token":      {setUp: func(_ *kitetest.Server, ticker *kiteticker.Ticker) { ticker.SetAccessToken("") }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, tc.cfg, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
				d := keepDiary(ticker)
				if tc.setUp != nil {
					tc.setUp(srv, ticker)
				}
				ticker.Stop() // before Serve there is nothing to stop
				done := serve(t, ticker)
				time.Sleep(time.Second)
				if tc.after != nil {
					tc.after(srv)
				}
				select {
				case <-done:
					t.Fatal("Serve returned before Stop")
				default:
				}
				ticker.Stop()
				ticker.Stop()
				no(t, ticker.Close())
				within(t, most, done)
				ticker.Stop()
				no(t, ticker.Close())
				synctest.Wait()
				if all := strings.Join(d.lines, ","); strings.Contains(all, "close") || strings.Contains(all, "no reconnect") {
					t.Errorf("stopping was told as a failure: %s", all)
				}
			})
		})
	}
}

// Stop may be called in any callback.
func TestStopInCallbacks(t *testing.T) {
	for name, register := range map[string]func(ticker *kiteticker.Ticker, stop func()){
		"OnConnect":     func(ticker *kiteticker.Ticker, stop func()) { ticker.OnConnect(stop) },
		"OnTick":        func(ticker *kiteticker.Ticker, stop func()) { ticker.OnTick(func(models.Tick) { stop() }) },
		"OnMessage":     func(ticker *kiteticker.Ticker, stop func()) { ticker.OnMessage(func(int, []byte) { stop() }) },
		"OnOrderUpdate": func(ticker *kiteticker.Ticker, stop func()) { ticker.OnOrderUpdate(func(kiteconnect.Order) { stop() }) },
		"OnClose":       func(ticker *kiteticker.Ticker, stop func()) { ticker.OnClose(func(int, string) { stop() }) },
		"OnError":       func(ticker *kiteticker.Ticker, stop func()) { ticker.OnError(func(error) { stop() }) },
		"OnReconnect":   func(ticker *kiteticker.Ticker, stop func()) { ticker.OnReconnect(func(int, time.Duration) { stop() }) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
				stopped := false
				register(ticker, func() {
					stopped = true
					ticker.Stop()
				})
				no(t, ticker.SetMode(kiteticker.ModeFull, kitetest.Universe(100)))
				done := serve(t, ticker)
				synctest.Wait()
				if conns := srv.Conns(); len(conns) > 0 {
					srv.SendOrder(map[string]any{"order_id": "1"})
					conns[0].Hangup()
				}
				within(t, most, done)
				if !stopped {
					t.Error("the callback was not called")
				}
			})
		})
	}
}

// No tick comes after a Stop in OnTick, although more wait.
func TestNoTickAfterStop(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		no(t, ticker.SetMode(kiteticker.ModeFull, kitetest.Universe(100)))
		ticks := 0
		ticker.OnTick(func(models.Tick) {
			ticks++
			ticker.Stop()
		})
		for range 20 {
			ticker.Serve()
		}
		if ticks != 20 {
			t.Errorf("%d ticks in 20 runs that were each stopped at the first", ticks)
		}
	})
}

// Orders that came before Stop are told, also while a callback holds them up.
func TestStopTellsOrders(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		ticker.OnTick(func(models.Tick) { time.Sleep(time.Second) })
		no(t, ticker.Subscribe([]uint32{infy}))
		done := serve(t, ticker)
		synctest.Wait()
		d.take()
		for _, id := range []string{"1", "2", "3"} {
			no(t, srv.SendOrder(map[string]any{"order_id": id, "status": "UPDATE"}))
		}
		ticker.Stop()
		within(t, most, done)
		if got := strings.Join(d.take(), ","); got != "order 1 UPDATE,order 2 UPDATE,order 3 UPDATE" {
			t.Errorf("told: %s", got)
		}
	})
}

// A callback that does not return is left behind, also when it stalls others.
func TestStopLeavesAStuckCallback(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		stuck, calls := make(chan struct{}), 0
		ticker.OnTick(func(models.Tick) {
			calls++
			<-stuck
		})
		ticker.OnOrderUpdate(func(kiteconnect.Order) { t.Error("an order while another callback runs") })
		no(t, ticker.Subscribe([]uint32{infy}))
		done := serve(t, ticker)
		synctest.Wait()
		no(t, srv.SendOrder(map[string]any{"order_id": "1"}))
		synctest.Wait()
		start := time.Now()
		ticker.Stop()
		within(t, most, done)
		if time.Since(start) < time.Second {
			t.Error("Serve did not wait for the callback")
		}
		if n := len(srv.Conns()); n != 0 {
			t.Errorf("%d sockets are left", n)
		}
		close(stuck)
		synctest.Wait()
		if calls != 1 {
			t.Errorf("OnTick was called %d times", calls)
		}
	})
}

// A Ticker may serve again, with a new token; its subscriptions are still there.
func TestServeAgain(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		no(t, ticker.SetMode(kiteticker.ModeFull, []uint32{infy}))
		for i, token := range []string{"monday", "tuesday", "wednesday"} {
			ticker.SetAccessToken(token)
			done := serve(t, ticker) // the one before may still be on its way out
			time.Sleep(5 * time.Second)
			conn := srv.ConnOf(infy)
			if conn == nil || conn.Request().URL.Query().Get("access_token") != token {
				t.Fatalf("day %d: %v; diary %v", i, conn, d.lines)
			}
			ticker.Stop()
			if i == 1 {
				within(t, most, done)
			}
		}
		synctest.Wait()
		if got := strings.Join(d.lines, ","); got != "connect,connect,connect" {
			t.Errorf("diary: %s", got)
		}
	})
}

// Two Serves at a time would be two connections; the second is refused.
func TestServeTwice(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		serve(t, ticker)
		synctest.Wait()
		var told error
		ticker.OnError(func(err error) { told = err })
		ticker.Serve()
		if !errors.Is(told, kiteticker.ErrServing) || srv.Dials() != 1 {
			t.Errorf("a second Serve: %v, %d dials", told, srv.Dials())
		}
	})
}

// One Serve waits for the one before; stopping the one that waits does not let
// a third run beside the first.
func TestServeWaitsItsTurn(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		stuck := make(chan struct{})
		ticker.OnConnect(func() { <-stuck })
		first := serve(t, ticker)
		synctest.Wait()
		ticker.Stop()
		second := serve(t, ticker)
		synctest.Wait()
		ticker.Stop()
		within(t, time.Millisecond, second)
		third := serve(t, ticker)
		synctest.Wait()
		if srv.Dials() != 1 {
			t.Errorf("%d dials while the first Serve is there", srv.Dials())
		}
		close(stuck)
		within(t, most, first)
		synctest.Wait()
		if srv.Dials() != 2 {
			t.Errorf("%d dials, want the third Serve's, too", srv.Dials())
		}
		ticker.Stop()
		within(t, most, third)
	})
}

// Over real sockets nothing is left behind either.
func TestServeLeavesNothing(t *testing.T) {
	srv, err := kitetest.Listen(kitetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	before := runtime.NumGoroutine()
	for range 50 {
		ticker := newTicker(t, srv)
		ctx, cancel := context.WithCancel(t.Context())
		no(t, ticker.Subscribe([]uint32{infy}))
		ticker.OnTick(func(models.Tick) { cancel() })
		ticker.ServeWithContext(ctx)
		cancel()
	}
	for deadline := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
