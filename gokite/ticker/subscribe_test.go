package kiteticker_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	native "github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// What is subscribed before there is a connection is sent when there is one;
// the usual OnConnect, which subscribes again, changes nothing; and each new
// socket is told everything once.
func TestSubscriptions(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		no(t, ticker.Subscribe([]uint32{884737, infy, infy}))
		no(t, ticker.SetMode(kiteticker.ModeFull, []uint32{infy}))
		no(t, ticker.SetMode(kiteticker.ModeLTP, []uint32{256265})) // subscribes
		no(t, ticker.Subscribe([]uint32{779521}))
		no(t, ticker.Unsubscribe([]uint32{779521, 5633})) // of which the second never was
		no(t, ticker.Subscribe(nil))
		no(t, ticker.SetMode(kiteticker.ModeFull, nil))
		connects := 0
		ticker.OnConnect(func() {
			connects++
			no(t, ticker.Subscribe([]uint32{infy, 884737, 256265})) // the last is in ltp mode, and stays
			no(t, ticker.SetMode(kiteticker.ModeFull, []uint32{infy}))
			no(t, ticker.Resubscribe())
		})
		serve(t, ticker)
		everything := []string{
			`{"a":"subscribe","v":[256265,408065,884737]}`,
			`{"a":"mode","v":["ltp",[256265]]}`,
			`{"a":"mode","v":["quote",[884737]]}`,
			`{"a":"mode","v":["full",[408065]]}`,
		}
		for socket := range 3 {
			synctest.Wait()
			if diff := cmp.Diff(everything, srv.Conns()[0].Received()); diff != "" {
				t.Errorf("socket %d was told (-want +got):\n%s", socket, diff)
			}
			if socket < 2 {
				srv.Conns()[0].Drop()
				time.Sleep(3 * time.Second)
			}
		}
		if connects != 3 {
			t.Errorf("%d times OnConnect, want 3", connects)
		}
		no(t, ticker.Unsubscribe([]uint32{884737}))
		no(t, ticker.Subscribe([]uint32{5633}))
		synctest.Wait()
		want := map[uint32]native.Mode{256265: native.ModeLTP, infy: native.ModeFull, 5633: native.ModeQuote}
		if diff := cmp.Diff(want, srv.Conns()[0].Tokens()); diff != "" {
			t.Errorf("subscribed (-want +got):\n%s", diff)
		}
	})
}

// A subscription that cannot be is refused alike before and while Serve runs,
// and changes nothing.
func TestSubscriptionErrors(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		tokens := kitetest.Universe(3001)
		no(t, ticker.Subscribe(tokens[:10]))
		check := func(when string) {
			err := ticker.Subscribe(tokens)
			if ce, ok := errors.AsType[*native.CapacityError](err); !ok || ce.Want != 2991 || ce.Free != 2990 {
				t.Errorf("%s: too many tokens: %v", when, err)
			}
			if err := ticker.SetMode(kiteticker.ModeFull, []uint32{infy, 0}); !errors.Is(err, native.ErrZeroToken) {
				t.Errorf("%s: token 0: %v", when, err)
			}
			if err := ticker.SetMode("everything", []uint32{infy}); err == nil {
				t.Errorf("%s: no error for an unknown mode", when)
			}
			no(t, ticker.Subscribe(tokens[:10]))
		}
		check("before Serve")
		done := serve(t, ticker)
		synctest.Wait()
		check("while Serve runs")
		if got := srv.Conns()[0].Tokens(); len(got) != 10 || got[infy] != native.ModeQuote {
			t.Errorf("subscribed: %v", got)
		}
		ticker.Stop()
		within(t, most, done)
		check("after Serve")
	})
}

// With Configure there is room for 9,000.
func TestThreeConnections(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.Configure(func(cfg *native.Config) { cfg.Conns = 3 })
		d := keepDiary(ticker)
		seen := map[uint32]bool{}
		ticker.OnTick(func(tick models.Tick) { seen[tick.InstrumentToken] = true })
		no(t, ticker.Subscribe(kitetest.Universe(9000)))
		serve(t, ticker)
		synctest.Wait()
		if got := strings.Join(d.take(), ","); len(seen) != 9000 || got != "connect,connect,connect" {
			t.Errorf("%d instruments ticked; diary %s", len(seen), got)
		}
	})
}

// Every method may be called from any goroutine at any time; the race detector
// and the server's limits watch.
func TestConcurrentUse(t *testing.T) {
	bubble(t, kitetest.Config{Rate: 50}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		tokens := kitetest.Universe(90)
		serve(t, ticker)
		var users sync.WaitGroup
		for i := range 6 {
			users.Go(func() {
				mine := tokens[i*15 : i*15+15]
				for n := range 100 {
					no(t, ticker.Subscribe(mine))
					no(t, ticker.SetMode([]kiteticker.Mode{kiteticker.ModeLTP, kiteticker.ModeFull}[n%2], mine))
					no(t, ticker.Unsubscribe(mine[:n%15]))
					no(t, ticker.Resubscribe())
					ticker.OnTick(func(models.Tick) {})
					ticker.OnError(func(err error) { t.Errorf("OnError: %v", err) })
					ticker.SetAccessToken(fmt.Sprint("token", n))
					time.Sleep(time.Millisecond)
				}
			})
		}
		users.Wait()
		no(t, ticker.SetMode(kiteticker.ModeFull, tokens))
		synctest.Wait()
		got := srv.Conns()[0].Tokens()
		for _, token := range tokens {
			if got[token] != native.ModeFull {
				t.Errorf("token %d is subscribed in mode %v", token, got[token])
			}
		}
	})
}
