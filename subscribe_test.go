package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/shard"
)

// After each cut, every token comes back in its mode, told to the server once.
func TestReconnectRestoresEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		events, err := c.Events("test")
		if err != nil {
			t.Fatal(err)
		}
		tokens := kitetest.Universe(30)
		subscribe(t, c, kiteticker.ModeFull, tokens[:20]...)
		subscribe(t, c, kiteticker.ModeLTP, tokens[20:]...)
		stop := run(c)
		time.Sleep(time.Second)
		for _, sc := range srv.Conns() {
			sc.Drop()
		}
		// Changed while down: folded into what the new sockets are told.
		if err := c.SetMode(kiteticker.ModeQuote, tokens[0]); err != nil {
			t.Fatal(err)
		}
		if err := c.Unsubscribe(tokens[1]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)

		want := maps.Collect(c.Subscriptions())
		got := map[uint32]kiteticker.Mode{}
		for _, sc := range srv.Conns() {
			maps.Copy(got, sc.Tokens())
			for _, token := range tokens {
				told := 0
				for _, msg := range sc.Received() {
					if strings.Contains(msg, `"subscribe"`) && containsToken(msg, token) {
						told++
					}
				}
				if told > 1 {
					t.Errorf("socket %d was told to subscribe %d %d times", sc.ID(), token, told)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
		}
		if len(want) != 29 || want[tokens[0]] != kiteticker.ModeQuote {
			t.Errorf("desired state is wrong: %v", want)
		}
		for _, cs := range c.Stats().Conns {
			if cs.Sessions != 2 || cs.State != kiteticker.StateLive || cs.Sent != cs.Instruments {
				t.Errorf("conn %d: %d sessions, %v, %d of %d told", cs.Conn, cs.Sessions, cs.State, cs.Sent, cs.Instruments)
			}
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		var changes []string
		for e := range events.All(context.Background()) {
			if sc, ok := e.Data.(*kiteticker.StateChange); ok && e.Conn == 0 {
				changes = append(changes, sc.To.String())
			}
		}
		wantChanges := []string{"dialing", "live", "backing off", "dialing", "live", "stopped"}
		if diff := cmp.Diff(wantChanges, changes); diff != "" {
			t.Errorf("states of connection 0 (-want +got):\n%s", diff)
		}
	})
}

func containsToken(msg string, token uint32) bool {
	number := func(r rune) bool { return r < '0' || r > '9' }
	return slices.Contains(strings.FieldsFunc(msg, number), fmt.Sprint(token))
}

func TestCapacityIsAllOrNothing(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	tokens := make([]uint32, 10_000)
	for i := range tokens {
		tokens[i] = uint32(i+1)<<8 | 1
	}
	err := c.Subscribe(kiteticker.ModeFull, tokens...)
	var ce *kiteticker.CapacityError
	if !errors.Is(err, kiteticker.ErrCapacity) || !errors.As(err, &ce) || ce.Want != 10_000 || ce.Free != 9_000 {
		t.Fatalf("Subscribe(10000 tokens): %v, want a CapacityError with 10000 and 9000", err)
	}
	if n := len(maps.Collect(c.Subscriptions())); n != 0 {
		t.Errorf("%d tokens are subscribed after a refused call, want none", n)
	}
	subscribe(t, c, kiteticker.ModeFull, tokens[:9000]...)
	subscribe(t, c, kiteticker.ModeLTP, tokens[:9000]...) // known tokens need no room
	err = c.Subscribe(kiteticker.ModeFull, tokens[9000])
	if !errors.Is(err, kiteticker.ErrCapacity) {
		t.Errorf("the 9001st token: %v, want ErrCapacity", err)
	}
	for _, cs := range c.Stats().Conns {
		if cs.Instruments != 3000 {
			t.Errorf("conn %d carries %d instruments, want 3000", cs.Conn, cs.Instruments)
		}
	}
}

func TestSubscriptionErrors(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	subscribe(t, c, kiteticker.ModeFull, 408065)
	if err := c.SetMode(kiteticker.ModeLTP, 408065, 1); !errors.Is(err, kiteticker.ErrNotSubscribed) {
		t.Errorf("SetMode of an unknown token: %v, want ErrNotSubscribed", err)
	}
	if err := c.Subscribe(kiteticker.ModeFull, 0); !errors.Is(err, kiteticker.ErrZeroToken) {
		t.Errorf("Subscribe(0): %v, want ErrZeroToken", err)
	}
	if err := c.Subscribe(decode.ModeLTPC, 5); err == nil {
		t.Error("Subscribe in ltpc succeeded: the server has no such mode")
	}
	want := map[uint32]kiteticker.Mode{408065: kiteticker.ModeFull}
	if diff := cmp.Diff(want, maps.Collect(c.Subscriptions())); diff != "" {
		t.Errorf("failed calls changed the subscriptions (-want +got):\n%s", diff)
	}
	if id, ok := c.ConnOf(408065); !ok || id != 0 {
		t.Errorf("ConnOf: %d, %v, want 0, true", id, ok)
	}
	if _, ok := c.ConnOf(1); ok {
		t.Error("ConnOf of an unknown token is true")
	}
}

func TestPinnedSharding(t *testing.T) {
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", Sharding: shard.Pinned,
		PinToken: func(token uint32) int { return int(token>>8) % 3 },
	})
	for i := range uint32(30) {
		token := (i+1)<<8 | 1
		subscribe(t, c, kiteticker.ModeLTP, token)
		if id, _ := c.ConnOf(token); id != int(i+1)%3 {
			t.Errorf("token %d is on connection %d, want %d", token, id, (i+1)%3)
		}
	}
}

// Subscriptions may change at any time from any goroutine; the server ends up
// with what is desired.
func TestConcurrentSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		stop := run(c)
		tokens := kitetest.Universe(900)
		var callers sync.WaitGroup
		for i := range 9 {
			callers.Go(func() {
				mine := tokens[i*100 : (i+1)*100]
				subscribe(t, c, kiteticker.ModeFull, mine...)
				for j, token := range mine {
					switch j % 3 {
					case 0:
						c.Unsubscribe(token)
					case 1:
						c.SetMode(kiteticker.ModeLTP, token)
					}
					_ = c.Stats()
				}
			})
		}
		callers.Wait()
		time.Sleep(time.Second)
		got := map[uint32]kiteticker.Mode{}
		for _, sc := range srv.Conns() {
			maps.Copy(got, sc.Tokens())
		}
		want := maps.Collect(c.Subscriptions())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
		}
		if len(want) != 9*66 {
			t.Errorf("%d tokens are desired, want %d", len(want), 9*66)
		}
		stop()
	})
}

// A connection takes no more instruments than their snapshot has room.
func TestSmallRingTakesFewerInstruments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.FrameRing, cfg.Conns = 1<<20, 1
		c := newClient(t, cfg)
		var ce *kiteticker.CapacityError
		if err := c.Subscribe(kiteticker.ModeFull, kitetest.Universe(3000)...); !errors.As(err, &ce) || ce.Free != 1409 {
			t.Fatalf("Subscribe(3000 tokens): %v, want room for 1409", err)
		}
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(1409)...)
		stop := run(c)
		time.Sleep(time.Minute)
		if cs := c.Stats().Conns[0]; cs.Seen != 1409 || cs.Sessions != 1 {
			t.Errorf("%d seen on socket %d, want 1409 on the first", cs.Seen, cs.Sessions)
		}
		stop()
	})
}

// A frame ring takes what it takes in every profile: its size is rounded up, and
// a snapshot of all that fits a quarter of that comes through.
func TestOddFrameRing(t *testing.T) {
	for _, profile := range profiles {
		synctest.Test(t, func(t *testing.T) {
			tokens := kitetest.Universe(175) // a quarter of 128 KiB
			srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens})
			cfg := config(srv)
			cfg.FrameRing, cfg.Conns, cfg.Profile = 70_000, 1, profile
			c := newClient(t, cfg)
			subscribe(t, c, kiteticker.ModeFull, tokens...)
			stop := run(c)
			time.Sleep(time.Minute)
			if st := c.Stats().Conns[0]; st.Sessions != 1 || st.Seen != len(tokens) {
				t.Errorf("%v: %d sessions, %d of %d instruments seen", profile, st.Sessions, st.Seen, len(tokens))
			}
			stop()
		})
	}
}
