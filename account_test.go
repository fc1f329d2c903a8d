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

// One connection that is refused for good does not take its healthy siblings
// along; Run ends when the last one is gone.
func TestHealthySiblingsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		result := make(chan error, 1)
		go func() { result <- c.Run(context.Background()) }()
		synctest.Wait()
		srv.Reject(403, nil, "", 1)
		srv.Conns()[0].Drop()
		time.Sleep(time.Hour)
		if n := len(srv.Conns()); n != 2 {
			t.Fatalf("%d connections are live, want the 2 that were not refused", n)
		}
		srv.Reject(400, nil, "", 2)
		for _, sc := range srv.Conns() {
			sc.Drop()
		}
		err := <-result
		for _, status := range []string{"403", "400"} {
			if err == nil || !strings.Contains(err.Error(), status) {
				t.Errorf("Run: %v, want all reasons, %s too", err, status)
			}
		}
	})
}

func TestRunEndsWhenAllGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		srv.Reject(503, nil, "", 1<<20)
		cfg := config(srv)
		cfg.MaxAttempts = 4
		c := newClient(t, cfg)
		err := c.Run(context.Background())
		var ae *kiteticker.AttemptsError
		if !errors.As(err, &ae) || ae.Attempts != 4 || srv.Dials() != 12 {
			t.Errorf("Run: %v after %d dials, want an AttemptsError of 4 after 12", err, srv.Dials())
		}
	})
}

// Connections cut at the same instant do not come back at the same instant.
func TestConnectionsDoNotDialInLockStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		changes := collect[*kiteticker.StateChange](t, c)
		stop := run(c)
		time.Sleep(time.Minute)
		cut := time.Now()
		srv.Reject(503, nil, "", 30)
		for _, sc := range srv.Conns() {
			sc.Drop()
		}
		time.Sleep(time.Hour)
		stop()
		at := map[time.Time]int{}
		for _, ch := range changes() {
			if ch.To == kiteticker.StateDialing && ch.At.After(cut) {
				if other, taken := at[ch.At]; taken {
					t.Errorf("connections %d and %d dialled at the same instant", other, ch.Conn)
				}
				at[ch.At] = ch.Conn
			}
		}
		if len(at) < 30 {
			t.Errorf("%d dials, want at least 30", len(at))
		}
	})
}
