package kiteticker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestUnseenInstrumentsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(9)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens[:6], Rate: 10})
		cfg := config(srv)
		cfg.Conns, cfg.VerifyAfter = 1, 10*time.Second
		c := newClient(t, cfg)
		unseen := collect[*kiteticker.Unseen](t, c)
		subscribe(t, c, kiteticker.ModeFull, tokens...)
		stop := run(c)
		time.Sleep(30 * time.Second)
		subscribe(t, c, kiteticker.ModeFull, 99<<8|1) // unknown to the exchange, and late
		time.Sleep(30 * time.Second)
		said := strings.Join(srv.Conns()[0].Received(), "\n")
		cs := c.Stats().Conns[0]
		if cs.Seen != 6 || cs.Sent != 10 {
			t.Errorf("%d of 10 seen, %d told, want 6 and 10", cs.Seen, cs.Sent)
		}
		stop()
		got := unseen()
		want := []*kiteticker.Unseen{{Conn: 0, After: 10 * time.Second, Tokens: slices.Sorted(slices.Values(tokens[6:]))},
			{Conn: 0, After: 10 * time.Second, Tokens: []uint32{99<<8 | 1}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unseen (-want +got):\n%s", diff)
		}
		if n := strings.Count(said, `"subscribe"`); n != 2 {
			t.Errorf("%d subscribe messages: a report must not become a retry", n)
		}
	})
}

func TestHealthIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: kitetest.Universe(90), Rate: 10})
		c := newClient(t, config(srv))
		health := collect[*kiteticker.Health](t, c)
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(90)...)
		stop := run(c)
		time.Sleep(22 * time.Second)
		srv.Conns()[0].Drop()
		time.Sleep(30 * time.Second)
		stop()
		regular, changes := 0, []string{}
		for _, h := range health() {
			if !h.Changed {
				regular++
				if regular == 2 && h.Err == nil && (h.Rates[0].Ticks < 295 || h.Rates[0].Ticks > 305) {
					t.Errorf("connection 0 is said to carry %v ticks/s, want about 300", h.Rates[0].Ticks)
				}
			} else if changes = append(changes, "healthy"); h.Err != nil {
				_, changes[len(changes)-1], _ = strings.Cut(h.Err.Error(), " is ")
			}
		}
		if regular < 9 || regular > 11 {
			t.Errorf("%d regular reports in 52 s, want about 10", regular)
		}
		want := []string{"healthy", "backing off, not live", "healthy"}
		if diff := cmp.Diff(want, changes); diff != "" {
			t.Errorf("changes of health (-want +got):\n%s", diff)
		}
	})
}

func TestRejectedSubscriptionsAreUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{MaxTokens: 5})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		errs := collect[*kiteticker.ServerError](t, c)
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9)...)
		stop := run(c)
		time.Sleep(10 * time.Second)
		s := c.Stats()
		if err := s.Check(time.Minute); s.Conns[0].Rejected != 1 || err == nil || !strings.Contains(err.Error(), "subscriptions failed") {
			t.Errorf("%d rejected, Check says %v", s.Conns[0].Rejected, err)
		}
		stop()
		if got := errs(); len(got) != 1 || got[0].Limit != 5 {
			t.Errorf("server errors %v, want one with the limit", got)
		}
	})
}

// A token that comes back on the same socket is waited for like a new one; what
// it missed is no gap, it was not wanted.
func TestResubscriptionIsVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := kitetest.Universe(1)[0]
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{token}})
		cfg := config(srv)
		cfg.Conns, cfg.VerifyAfter = 1, 10*time.Second
		c := newClient(t, cfg)
		unseen := collect[*kiteticker.Unseen](t, c)
		s := ticks(t, c, kiteticker.StreamConfig{})
		stop := run(c)
		for range 2 {
			subscribe(t, c, kiteticker.ModeFull, token)
			time.Sleep(time.Second)
			c.Unsubscribe(token)
			time.Sleep(time.Second)
		}
		srv.Conns()[0].Stall(true) // alive and mute: the third subscription has no snapshot
		subscribe(t, c, kiteticker.ModeFull, token)
		time.Sleep(20 * time.Second)
		if seen := c.Stats().Conns[0].Seen; seen != 0 {
			t.Errorf("%d instruments are seen, want none since the last subscription", seen)
		}
		stop()
		gaps := 0
		for tick := range s.All(t.Context()) {
			if tick.Flags&kiteticker.FlagGap != 0 {
				gaps++
			}
		}
		if gaps != 0 {
			t.Errorf("%d ticks with FlagGap, want none: nothing was lost that was wanted", gaps)
		}
		if got := unseen(); len(got) != 1 {
			t.Errorf("%d reports of unseen instruments, want one for the third subscription", len(got))
		}
	})
}
