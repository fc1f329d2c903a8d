package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestRefusedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "right"})
		c := newClient(t, config(srv))
		err := c.Run(context.Background())
		var he *kiteticker.HandshakeError
		if !errors.As(err, &he) || he.StatusCode != 403 {
			t.Fatalf("Run: %v, want a HandshakeError with 403", err)
		}
		if strings.Contains(fmt.Sprintf("%+v", err), "token=") {
			t.Errorf("the error shows a query: %v", err)
		}
		if n := srv.Dials(); n != 3 {
			t.Errorf("%d dials, want one for each connection", n)
		}
		if err := c.Run(context.Background()); !errors.Is(err, kiteticker.ErrRunning) {
			t.Errorf("second Run: %v, want ErrRunning", err)
		}
		if err := c.Subscribe(kiteticker.ModeLTP, 1); !errors.Is(err, kiteticker.ErrStopped) {
			t.Errorf("Subscribe after the end: %v, want ErrStopped", err)
		}
		if _, err := c.Ticks(kiteticker.StreamConfig{}); !errors.Is(err, kiteticker.ErrStopped) {
			t.Errorf("Ticks after the end: %v, want ErrStopped", err)
		}
	})
}

// Three connections refused together ask once for a new token.
func TestRefreshIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "right"})
		cfg := config(srv)
		asked := 0
		cfg.Refresh = func(ctx context.Context) (string, error) {
			asked++
			time.Sleep(time.Second) // a login takes a while
			return "right", nil
		}
		c := newClient(t, cfg)
		stop := run(c)
		time.Sleep(time.Minute)
		if err := c.Stats().Check(5 * time.Second); err != nil {
			t.Errorf("Check: %v", err)
		}
		if asked != 1 {
			t.Errorf("Refresh was asked %d times, want 1", asked)
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestTwoAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := kiteticker.Config{URL: srv.URL(), Dial: srv.Dial, Accounts: []kiteticker.Account{
			{APIKey: "one", AccessToken: "a"}, {APIKey: "two", AccessToken: "b", Conns: 2},
		}}
		c := newClient(t, cfg)
		all := keep(t, ticks(t, c, kiteticker.StreamConfig{}))
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9000)...)
		stop := run(c)
		time.Sleep(time.Second)
		srv.Step()
		synctest.Wait()
		keys := map[string]int{}
		for _, sc := range srv.Conns() {
			keys[sc.Request().URL.Query().Get("api_key")]++
		}
		if diff := cmp.Diff(map[string]int{"one": 3, "two": 2}, keys); diff != "" {
			t.Errorf("sockets by API key (-want +got):\n%s", diff)
		}
		for i, cs := range c.Stats().Conns {
			if cs.Conn != i || cs.Account != i/3 || cs.Instruments != 1800 {
				t.Errorf("connection %d: id %d, account %d, %d instruments", i, cs.Conn, cs.Account, cs.Instruments)
			}
		}
		stop()
		all.check(t, srv)
	})
}
