package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// collect keeps every event of one type until the client ends.
func collect[T any](tb testing.TB, c *kiteticker.Client) func() []T {
	tb.Helper()
	s, err := c.Events("collect")
	if err != nil {
		tb.Fatal(err)
	}
	return func() (got []T) {
		for e := range s.All(context.Background()) {
			if d, ok := e.Data.(T); ok {
				got = append(got, d)
			}
		}
		return got
	}
}

func TestOutageIsTold(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := kitetest.Universe(9)
				srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Rate: 10})
				cfg := config(srv)
				cfg.Conns, cfg.Profile = 1, profile
				c := newClient(t, cfg)
				outages := collect[*kiteticker.Outage](t, c)
				s := ticks(t, c, kiteticker.StreamConfig{})
				subscribe(t, c, kiteticker.ModeFull, tokens...)
				began := time.Now()
				stop := run(c)
				time.Sleep(5*time.Second + 5*time.Millisecond)
				srv.Conns()[0].Drop()
				time.Sleep(5 * time.Second)
				srv.Pause()
				synctest.Wait()
				stop()

				gaps := map[uint32]int{}
				last := map[uint32]kiteticker.Tick{}
				for tick := range s.All(t.Context()) {
					before, seen := last[tick.Token]
					if tick.Flags&kiteticker.FlagGap != 0 {
						gaps[tick.Token]++
						if !seen || tick.ReceivedAt == before.ReceivedAt {
							t.Errorf("token %d: a gap where there is none", tick.Token)
						}
					}
					last[tick.Token] = *tick
				}
				for _, token := range tokens {
					if gaps[token] != 1 {
						t.Errorf("token %d: %d ticks with FlagGap, want the first one after the outage", token, gaps[token])
					}
				}
				got := outages()
				if len(got) != 1 {
					t.Fatalf("%d outages, want 1", len(got))
				}
				o := got[0]
				var ce *kiteticker.CloseError
				if from := o.From.Sub(began).Round(50 * time.Millisecond); o.Conn != 0 || from != 5*time.Second ||
					o.To.Sub(o.From) > time.Second || !errors.As(o.Reason, &ce) {
					t.Errorf("outage of connection %d from %v for %v: %v", o.Conn, from, o.To.Sub(o.From), o.Reason)
				}
				if diff := cmp.Diff(slices.Sorted(slices.Values(tokens)), o.Tokens); diff != "" {
					t.Errorf("tokens of the outage (-want +got):\n%s", diff)
				}
				if e := c.Stats().Conns[0].Errors; e.Lost != 1 {
					t.Errorf("errors by class: %+v, want one lost", e)
				}
			})
		})
	}
}

// The events of a connection keep the order in which their causes came.
func TestEventsKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s, _ := c.Events("")
		stop := run(c)
		for range 20 {
			synctest.Wait()
			sc := srv.Conns()[0]
			for i := range 100 {
				sc.SendText(fmt.Sprintf(`{"type":"message","data":"%d %d"}`, sc.ID(), i))
			}
			sc.CloseWith(1001, "")
			time.Sleep(time.Minute)
		}
		stop()
		socket, next := -1, 0
		for e := range s.All(context.Background()) {
			switch d := e.Data.(type) {
			case *kiteticker.StateChange:
				if d.To == kiteticker.StateLive {
					socket, next = socket+1, 0
				}
			case *kiteticker.Notice:
				if want := fmt.Sprintf("%d %d", socket, next); d.Message != want {
					t.Fatalf("notice %q came where %q was due", d.Message, want)
				}
				next++
			}
		}
		if socket < 19 {
			t.Errorf("only %d sockets", socket+1)
		}
	})
}

func TestReconcileAfterEveryConnectionWasDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		reconciles := collect[*kiteticker.Reconcile](t, c)
		stop := run(c)
		time.Sleep(time.Minute)
		srv.Conns()[0].Drop() // two are left to bring orders
		time.Sleep(time.Minute)
		cut := time.Now()
		for _, sc := range srv.Conns() {
			sc.Drop()
		}
		time.Sleep(time.Minute)
		stop()
		got := reconciles()
		if len(got) != 1 {
			t.Fatalf("%d reconcile events, want 1", len(got))
		}
		if r := got[0]; r.Account != 0 || cut.Sub(r.From) > 2*time.Second || !r.To.After(cut) {
			t.Errorf("reconcile %+v, want from %v", r, cut)
		}
	})
}

// An update that comes on three connections is told once; one that differs in
// anything is another.
func TestOrdersAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		orders := collect[*kiteticker.Order](t, c)
		stop := run(c)
		synctest.Wait()
		for i := range 5000 { // more than are remembered
			srv.SendOrder(map[string]any{"order_id": "1", "filled_quantity": i})
			synctest.Wait()
		}
		stop()
		got := orders()
		for i, o := range got {
			if o.FilledQuantity != float64(i) {
				t.Fatalf("update %d says %v", i, o.FilledQuantity)
			}
		}
		if len(got) != 5000 || c.Stats().RepeatedOrders != 10_000 {
			t.Errorf("%d updates, %d repeated, want 5000 and 10000", len(got), c.Stats().RepeatedOrders)
		}
	})
}

// Whatever happens and whenever, the server ends up with what is desired, each
// token told once per socket.
func TestRandomCutsAndChanges(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				srv := kitetest.NewServer(t, kitetest.Config{Faults: kitetest.Faults{MaxWrite: 1000}})
				cfg := config(srv)
				cfg.FailoverAfter = -1
				if seed%2 == 0 {
					cfg.CommandGap, cfg.ChunkSize = 20*time.Millisecond, 7
				}
				c := newClient(t, cfg)
				tokens := kitetest.Universe(60)
				modes := []kiteticker.Mode{kiteticker.ModeLTP, kiteticker.ModeQuote, kiteticker.ModeFull}
				stop := run(c)
				for range 300 {
					some := tokens[r.IntN(len(tokens)):]
					some = some[:r.IntN(len(some))+1]
					switch r.IntN(8) {
					case 0, 1, 2:
						c.Subscribe(modes[r.IntN(3)], some...)
					case 3:
						c.Unsubscribe(some...)
					case 4:
						c.SetMode(modes[r.IntN(3)], some...)
					case 5:
						if live := srv.Conns(); len(live) > 0 {
							live[r.IntN(len(live))].Drop()
						}
					case 6:
						srv.Reject(503, nil, "", 1)
					default:
						time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
					}
				}
				time.Sleep(10 * time.Minute)
				held := map[uint32]kiteticker.Mode{}
				for _, sc := range srv.Conns() {
					for token, mode := range sc.Tokens() {
						if _, twice := held[token]; twice {
							t.Errorf("token %d is on two sockets", token)
						}
						held[token] = mode
					}
				}
				if diff := cmp.Diff(maps.Collect(c.Subscriptions()), held); diff != "" {
					t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
				}
				stop()
			})
		})
	}
}
