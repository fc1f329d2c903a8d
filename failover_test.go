package kiteticker_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// socketOf is the server's end of the connection that carries token.
func socketOf(tb testing.TB, srv *kitetest.Server, token uint32) *kitetest.Conn {
	tb.Helper()
	for _, sc := range srv.Conns() {
		if _, ok := sc.Tokens()[token]; ok {
			return sc
		}
	}
	tb.Fatalf("no socket carries token %d", token)
	return nil
}

// held is what the server's sockets carry, each token once.
func held(tb testing.TB, srv *kitetest.Server) map[uint32]kiteticker.Mode {
	tb.Helper()
	all := map[uint32]kiteticker.Mode{}
	for _, sc := range srv.Conns() {
		for token, mode := range sc.Tokens() {
			if _, twice := all[token]; twice {
				tb.Errorf("token %d is on two sockets", token)
			}
			all[token] = mode
		}
	}
	return all
}

// all reads s to its end, and gives what came.
func all(s *kiteticker.TickStream) func() []kiteticker.Tick {
	got := make(chan []kiteticker.Tick)
	go func() {
		var list []kiteticker.Tick
		for batch := range s.Batches(context.Background()) {
			list = append(list, batch...)
		}
		got <- list
	}()
	return func() []kiteticker.Tick { return <-got }
}

// The instruments of a connection that stays down move to the others and come
// back; no stream gets a tick twice or out of order, not even one whose reader
// sleeps through the moves; what is missing lies before a tick with FlagGap.
func TestFailover(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := kitetest.Universe(30)
				srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Rate: 2})
				cfg := config(srv)
				cfg.Profile, cfg.TickRing = profile, 1<<15
				c := newClient(t, cfg)
				moves := collect[*kiteticker.Moved](t, c)
				awake := ticks(t, c, kiteticker.StreamConfig{Name: "awake"})
				asleep := ticks(t, c, kiteticker.StreamConfig{Name: "asleep"})
				conflating := ticks(t, c, kiteticker.StreamConfig{Name: "conflating", Overflow: kiteticker.Conflate})
				readers := map[string]func() []kiteticker.Tick{"awake": all(awake), "conflating": all(conflating)}
				if profile == kiteticker.Balanced {
					readers["blocking"] = all(ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 4}))
				}
				subscribe(t, c, kiteticker.ModeFull, tokens...)
				stop := run(c)
				time.Sleep(5 * time.Second)

				home := map[uint32]int{}
				for _, token := range tokens {
					home[token], _ = c.ConnOf(token)
				}
				victim := tokens[0]
				for range 2 { // refuse it for long, then let it in
					socketOf(t, srv, victim).Drop()
					srv.Reject(503, nil, "", 8)
					time.Sleep(4 * time.Minute)
				}
				want := maps.Collect(c.Subscriptions())
				if diff := cmp.Diff(want, held(t, srv)); diff != "" {
					t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
				}
				for token, id := range home {
					if on, _ := c.ConnOf(token); on != id {
						t.Errorf("token %d is on connection %d, not back on %d", token, on, id)
					}
				}
				srv.Pause()
				synctest.Wait()
				stop()
				readers["asleep"] = all(asleep)
				for name, read := range readers {
					list := read()
					last := map[uint32]kiteticker.Tick{}
					for i := range list {
						tick := &list[i]
						before, seen := last[tick.Token]
						if seen && tick.ReceivedAt < before.ReceivedAt {
							t.Fatalf("%s: token %d: a tick of %d after one of %d", name, tick.Token, tick.ReceivedAt, before.ReceivedAt)
						}
						if seen && tick.ReceivedAt-before.ReceivedAt > int64(2*time.Second) && tick.Flags&kiteticker.FlagGap == 0 {
							t.Errorf("%s: token %d: %v without a tick, and no FlagGap", name, tick.Token, time.Duration(tick.ReceivedAt-before.ReceivedAt))
						}
						last[tick.Token] = *tick
					}
					if len(last) != len(tokens) {
						t.Errorf("%s: %d instruments ticked, want %d", name, len(last), len(tokens))
					}
				}
				away, back := 0, 0
				for _, m := range moves() {
					if m.From == home[victim] && slices.Contains(m.Tokens, victim) {
						away++
					}
					if m.To == home[victim] && slices.Contains(m.Tokens, victim) {
						back++
					}
				}
				if away == 0 || away != back {
					t.Errorf("the victim moved away %d times and back %d times", away, back)
				}
			})
		})
	}
}

// Where there is no room, instruments wait for their connection.
func TestFailoverNeedsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(9000)...)
		stop := run(c)
		time.Sleep(5 * time.Second)
		victim := kitetest.Universe(1)[0]
		socketOf(t, srv, victim).Drop()
		srv.Reject(503, nil, "", 8)
		time.Sleep(5 * time.Minute)
		if n := len(held(t, srv)); n != 9000 {
			t.Errorf("the server holds %d tokens, want 9000", n)
		}
		stop()
	})
}

func TestFailoverCanBeSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(9)
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.FailoverAfter = -1
		c := newClient(t, cfg)
		moves := collect[*kiteticker.Moved](t, c)
		subscribe(t, c, kiteticker.ModeLTP, tokens...)
		stop := run(c)
		time.Sleep(5 * time.Second)
		srv.Reject(503, nil, "", 100)
		socketOf(t, srv, tokens[0]).Drop()
		time.Sleep(10 * time.Minute)
		if n := len(held(t, srv)); n != 6 {
			t.Errorf("the server holds %d tokens, want the 6 of the other connections", n)
		}
		stop()
		if m := moves(); len(m) != 0 {
			t.Errorf("%d moves, want none", len(m))
		}
	})
}
