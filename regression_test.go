package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Each of these was a bug.

// No instrument has token 0; a server that sends it must not stop a parser.
func TestTokenZeroIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s := ticks(t, c, kiteticker.StreamConfig{})
		stop := run(c)
		synctest.Wait()
		for range 3 {
			srv.Conns()[0].Send([]byte{0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7})
		}
		synctest.Wait()
		stop()
		n := 0
		for tick := range s.All(t.Context()) {
			if n++; tick.Token != 0 || tick.LastPrice != 7 {
				t.Errorf("got %v", tick)
			}
		}
		if n != 3 {
			t.Errorf("%d ticks, want 3", n)
		}
	})
}

// One cut after a stable session is no failed attempt.
func TestOneAttemptSurvivesACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns, cfg.MaxAttempts = 1, 1
		c := newClient(t, cfg)
		stop := run(c)
		time.Sleep(time.Hour)
		srv.Conns()[0].Drop()
		time.Sleep(time.Minute)
		if err := c.Stats().Check(5 * time.Second); err != nil {
			t.Errorf("Check: %v", err)
		}
		stop()
	})
}

// An outage under way when Run is cancelled is told, and so is what the account
// did not hear.
func TestOutageAtTheEndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		outages := collect[*kiteticker.Outage](t, c)
		reconciles := collect[*kiteticker.Reconcile](t, c)
		stop := run(c)
		time.Sleep(time.Minute)
		srv.Reject(503, nil, "", 100)
		srv.Conns()[0].Drop()
		time.Sleep(time.Minute)
		stop()
		if o := outages(); len(o) != 1 || !o[0].To.IsZero() {
			t.Errorf("outages %v, want one without an end", o)
		}
		if r := reconciles(); len(r) != 1 || !r[0].To.IsZero() {
			t.Errorf("reconciles %v, want one without an end", r)
		}
	})
}

// A connection that is found dead was deaf before: if the other one was cut
// meanwhile, orders reached nobody.
func TestReconcileWhenTheLastEarWasDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 2
		c := newClient(t, cfg)
		reconciles := collect[*kiteticker.Reconcile](t, c)
		stop := run(c)
		time.Sleep(time.Minute)
		both := srv.Conns()
		both[0].Freeze(true)
		time.Sleep(2 * time.Second)
		cut := time.Now()
		both[1].Drop()
		time.Sleep(time.Minute)
		stop()
		if r := reconciles(); len(r) != 1 || r[0].From.After(cut) || !r[0].To.After(cut) {
			t.Errorf("reconciles %+v, want one around %v", r, cut)
		}
	})
}

// What a connection is waited for ends with its socket.
func TestUnseenForgetsWhatMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(4)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens})
		cfg := config(srv)
		cfg.Conns = 2
		c := newClient(t, cfg)
		unseen := collect[*kiteticker.Unseen](t, c)
		stop := run(c)
		time.Sleep(20 * time.Second)
		both := srv.Conns()
		for _, sc := range both {
			sc.Stall(true) // no snapshot
		}
		subscribe(t, c, kiteticker.ModeLTP, tokens...)
		time.Sleep(100 * time.Millisecond)
		for _, sc := range both {
			sc.Stall(false)
		}
		srv.Reject(503, nil, "", 6)
		socketOf(t, srv, tokens[0]).Drop()
		for range 90 {
			time.Sleep(time.Second)
			srv.Step()
		}
		stop()
		for _, u := range unseen() {
			t.Errorf("connection %d is said to miss %v, which tick", u.Conn, u.Tokens)
		}
	})
}

// Moving instruments home is no change of health.
func TestFailbackRaisesNoAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(30)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Rate: 2})
		c := newClient(t, config(srv))
		health := collect[*kiteticker.Health](t, c)
		subscribe(t, c, kiteticker.ModeFull, tokens...)
		stop := run(c)
		time.Sleep(20 * time.Second)
		srv.Reject(503, nil, "", 8)
		socketOf(t, srv, tokens[0]).Drop()
		time.Sleep(5 * time.Minute)
		stop()
		changes := 0
		for _, h := range health() {
			if h.Changed {
				changes++
			}
		}
		if changes != 3 {
			t.Errorf("%d changes of health, want up, down and up again", changes)
		}
	})
}

func TestClientPrintsNoSecret(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "canary-key", AccessToken: "canary-token"})
	s := ticks(t, c, kiteticker.StreamConfig{})
	f, _ := c.Frames(kiteticker.StreamConfig{})
	e, _ := c.Events("")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if text := fmt.Sprintf(verb+verb+verb+verb, c, s, f, e); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

// Three connections that are refused together make one login, also when it
// fails; and an error that quotes the token, escaped, is redacted.
func TestFailingRefreshIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const canary = "canary+token/=="
		var log lockedBuffer
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "right"})
		cfg := config(srv)
		cfg.AccessToken = canary
		cfg.MinBackoff = 10 * time.Second
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		asked := 0
		cfg.Refresh = func(context.Context) (string, error) {
			asked++
			time.Sleep(time.Second)
			return "", &url.Error{Op: "Get", URL: "https://x/?access_token=" + url.QueryEscape(canary), Err: errors.New("timeout")}
		}
		c := newClient(t, cfg)
		stop := run(c)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if asked > 2 { // the first wait may be short
			t.Errorf("Refresh was asked %d times in a second", asked)
		}
		stop()
		if strings.Contains(log.String(), "canary") {
			t.Errorf("the log has the token: %s", log.String())
		}
	})
}

// A log handler that panics, wherever it is called, does not end the feed.
func TestPanickingLogHandler(t *testing.T) {
	for _, msg := range []string{"profile", "connection live", "connection dialing", "health", "healthy", "instruments moved"} {
		t.Run(msg, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kitetest.NewServer(t, kitetest.Config{Rate: 1, Instruments: kitetest.Universe(9)})
				cfg := config(srv)
				cfg.Logger = slog.New(bomb{message: msg})
				c := newClient(t, cfg)
				subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(9)...)
				stop := run(c)
				time.Sleep(20 * time.Second)
				srv.Reject(503, nil, "", 8)
				socketOf(t, srv, kitetest.Universe(1)[0]).Drop()
				time.Sleep(5 * time.Minute)
				if err := c.Stats().Check(5 * time.Second); err != nil {
					t.Errorf("Check: %v", err)
				}
				if err := stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// bomb is a log handler that panics at one message.
type bomb struct {
	exploding
	message string
}

func (b bomb) Handle(_ context.Context, r slog.Record) error {
	if r.Message == b.message {
		panic("the user's handler")
	}
	return nil
}

func (b bomb) WithAttrs([]slog.Attr) slog.Handler { return b }

// An account without a token yet does not keep instruments from the others.
func TestWaitingForATokenIsBeingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(4)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Rate: 1})
		c := newClient(t, kiteticker.Config{URL: srv.URL(), Dial: srv.Dial, Accounts: []kiteticker.Account{
			{APIKey: "one", AccessToken: "token", Conns: 1},
			{APIKey: "two", Conns: 1, Refresh: func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}},
		}})
		subscribe(t, c, kiteticker.ModeLTP, tokens...)
		stop := run(c)
		time.Sleep(10 * time.Minute)
		cs := c.Stats().Conns[1]
		if cs.State != kiteticker.StateRefused || cs.Instruments != 0 {
			t.Errorf("connection 1 is %v with %d instruments, want refused with none", cs.State, cs.Instruments)
		}
		stop()
	})
}
