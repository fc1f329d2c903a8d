package kiteticker_test

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	native "github.com/kiteticker/kiteticker"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestSetReconnectMaxDelay(t *testing.T) {
	ticker := kiteticker.New("key", "token")
	for delay, ok := range map[time.Duration]bool{
		-1: false, 0: false, 4999 * time.Millisecond: false,
		5 * time.Second: true, 30 * time.Second: true, time.Hour: true,
	} {
		err := ticker.SetReconnectMaxDelay(delay)
		if de, refused := errors.AsType[*kiteticker.DelayError](err); refused == ok || refused && (de.Delay != delay || de.Least != 5*time.Second) {
			t.Errorf("%v: %v", delay, err)
		}
	}
}

// The largest delay holds, and retries count as they should: the first dial and
// so many more.
func TestReconnectLimits(t *testing.T) {
	for _, tc := range []struct {
		retries, dials int
		delay, most    time.Duration
	}{
		{retries: 0, dials: 1},
		{retries: -5, dials: 1},
		{retries: 3, dials: 4, delay: 5 * time.Second},
		{retries: 300, dials: 301}, // the defaults: 300, and 60 s
	} {
		bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
			d := keepDiary(ticker)
			if tc.retries != 300 {
				ticker.SetReconnectMaxRetries(tc.retries)
			}
			most := time.Minute
			if tc.delay > 0 {
				no(t, ticker.SetReconnectMaxDelay(tc.delay))
				most = tc.delay
			}
			srv.Reject(503, nil, "", 1000)
			within(t, 24*time.Hour, serve(t, ticker))
			synctest.Wait()
			if srv.Dials() != tc.dials || len(d.delays) != tc.dials-1 {
				t.Errorf("%d retries: %d dials, %d waits", tc.retries, srv.Dials(), len(d.delays))
			}
			longest := time.Duration(0)
			for _, delay := range d.delays {
				longest = max(longest, delay)
			}
			if longest > most || tc.dials > 100 && longest < 50*time.Second {
				t.Errorf("the longest wait is %v, want up to %v", longest, most)
			}
			want := fmt.Sprintf("error gave up after %d,no reconnect %d", tc.dials, tc.dials)
			if all := strings.Join(d.lines, ","); !strings.HasSuffix(all, want) {
				t.Errorf("%d retries end with %.200s", tc.retries, all[max(0, len(all)-200):])
			}
		})
	}
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.SetReconnectMaxRetries(math.MaxInt) // for ever, without overflow
		srv.Reject(503, nil, "", 400)
		serve(t, ticker)
		for range 24 * 60 {
			if time.Sleep(time.Minute); len(srv.Conns()) == 1 {
				break
			}
		}
		if len(srv.Conns()) != 1 || srv.Dials() != 401 {
			t.Errorf("%d dials, want 401, of which the last succeeds", srv.Dials())
		}
	})
}

// Serve may be called again in OnNoReconnect.
func TestServeInOnNoReconnect(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.SetReconnectMaxRetries(1)
		srv.Reject(503, nil, "", 2)
		d := keepDiary(ticker)
		ticker.OnNoReconnect(func(attempt int) {
			d.add("no reconnect %d", attempt)
			ticker.Serve()
		})
		serve(t, ticker)
		time.Sleep(time.Minute)
		synctest.Wait()
		want := "error handshake 503,reconnect 1,error gave up after 2,no reconnect 2,connect"
		if got := strings.Join(d.lines, ","); got != want {
			t.Errorf("diary: %s", got)
		}
	})
}

// Without auto reconnect Serve returns when the connection ends, or cannot be
// opened, and dials once.
func TestNoAutoReconnect(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(srv *kitetest.Server)
		want string
	}{
		"cut":         {func(srv *kitetest.Server) { srv.Conns()[0].Drop() }, "connect,close 1006,error closed 1006"},
		"goodbye":     {func(srv *kitetest.Server) { srv.Conns()[0].CloseWith(1001, "") }, "connect,close 1001,error closed 1001"},
		"unreachable": {nil, "error handshake 503"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
				ticker.SetAutoReconnect(false)
				d := keepDiary(ticker)
				if tc.do == nil {
					srv.Reject(503, nil, "", 1)
				}
				done := serve(t, ticker)
				if tc.do != nil {
					time.Sleep(time.Minute)
					tc.do(srv)
				}
				within(t, most, done)
				synctest.Wait()
				if got := strings.Join(d.lines, ","); got != tc.want || srv.Dials() != 1 {
					t.Errorf("diary: %s; %d dials", got, srv.Dials())
				}
			})
		})
	}
	// Nor does a callback that holds the news up let it dial again.
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.SetAutoReconnect(false)
		ticker.OnClose(func(int, string) { time.Sleep(time.Hour) })
		done := serve(t, ticker)
		synctest.Wait()
		srv.Conns()[0].Drop()
		within(t, 2*time.Hour, done)
		if srv.Dials() != 1 {
			t.Errorf("%d dials", srv.Dials())
		}
	})
}

// A refused token is not tried again; SetAccessToken brings the feed back.
func TestRefusedToken(t *testing.T) {
	bubble(t, kitetest.Config{AccessToken: "today"}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		serve(t, ticker)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := strings.Join(d.take(), ","); got != "error handshake 403" || srv.Dials() != 1 {
			t.Errorf("with yesterday's token: %s; %d dials", got, srv.Dials())
		}
		ticker.SetAccessToken("today")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.Join(d.take(), ","); got != "reconnect 1,connect" {
			t.Errorf("with today's token: %s", got)
		}
		// Set while connected, the next one is used once the server asks for it.
		ticker.SetAccessToken("tomorrow")
		srv.Reject(403, nil, "", 1)
		time.Sleep(time.Minute)
		srv.Conns()[0].Drop()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := "close 1006,error closed 1006,reconnect 1,error handshake 403,reconnect 2,error handshake 403"
		if got := strings.Join(d.take(), ","); got != want || srv.Dials() != 4 { // the server does not know tomorrow's
			t.Errorf("with tomorrow's token: %s; %d dials", got, srv.Dials())
		}
	})
	// Nobody brings one: after 300 times 60 s it gives up.
	bubble(t, kitetest.Config{AccessToken: "today"}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		start := time.Now()
		within(t, 6*time.Hour, serve(t, ticker))
		if took := time.Since(start); took != 5*time.Hour {
			t.Errorf("gave up after %v", took)
		}
		synctest.Wait()
		if got := strings.Join(d.lines, ","); got != "error handshake 403,no reconnect 1" {
			t.Errorf("diary: %s", got)
		}
	})
	// There is none yet.
	bubble(t, kitetest.Config{AccessToken: "today"}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.SetAccessToken("")
		d := keepDiary(ticker)
		serve(t, ticker)
		time.Sleep(time.Minute)
		ticker.SetAccessToken("today")
		time.Sleep(time.Second)
		synctest.Wait()
		if len(d.errs) != 1 || !errors.Is(d.errs[0], kiteticker.ErrNoAccessToken) || srv.Dials() != 1 || len(srv.Conns()) != 1 {
			t.Errorf("errors %v, %d dials", d.errs, srv.Dials())
		}
	})
}

func TestSetConnectTimeout(t *testing.T) {
	for set, want := range map[time.Duration]time.Duration{time.Second: time.Second, 0: 7 * time.Second} {
		bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
			srv.SetFaults(kitetest.Faults{HandshakeDelay: time.Hour})
			ticker.SetConnectTimeout(set)
			ticker.SetAutoReconnect(false)
			start := time.Now()
			within(t, time.Minute, serve(t, ticker))
			if took := time.Since(start); took != want {
				t.Errorf("SetConnectTimeout(%v): gave up after %v, want %v", set, took, want)
			}
		})
	}
}

// Parameters of the root URL are kept, but not credentials.
func TestSetRootURL(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		u, err := url.Parse(srv.URL() + "/path?user_id=AB1234&api_key=old&access_token=old")
		no(t, err)
		ticker.SetRootURL(*u)
		serve(t, ticker)
		synctest.Wait()
		got := srv.Conns()[0].Request().URL
		if q := got.Query(); got.Path != "/path" || q.Encode() != "access_token=token&api_key=key&user_id=AB1234" {
			t.Errorf("dialled %v", got)
		}
	})
}

// What is wrong with the settings comes through OnError, and Serve returns.
func TestWrongSettings(t *testing.T) {
	ticker := kiteticker.New("", "canary-of-the-token")
	ticker.SetRootURL(url.URL{Scheme: "ws", Host: "ws.kite.trade"})
	var told []error
	ticker.OnError(func(err error) { told = append(told, err) })
	ticker.OnNoReconnect(func(int) { t.Error("a mistake is no failure to reconnect") })
	ticker.Serve()
	if len(told) != 1 || !strings.Contains(told[0].Error(), "APIKey") || !strings.Contains(told[0].Error(), "clear") {
		t.Errorf("told: %v", told)
	}
}

// No error and no way to print a Ticker shows a credential.
func TestSecrets(t *testing.T) {
	const key, token = "canary-of-the-key", "canary-of-the-token"
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, _ *kiteticker.Ticker) {
		ticker := kiteticker.New(key, token)
		u, err := url.Parse(srv.URL())
		no(t, err)
		ticker.SetRootURL(*u)
		ticker.Configure(func(cfg *native.Config) { cfg.Dial = srv.Dial })
		d := keepDiary(ticker)
		srv.Reject(503, nil, "no, "+token, 1)
		srv.Reject(403, nil, "not with "+token+" of "+key, 1)
		serve(t, ticker)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(d.errs) != 2 {
			t.Errorf("errors: %v", d.errs)
		}
		for _, v := range []any{ticker, d.errs[0], d.errs[1]} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				if text := fmt.Sprintf(verb, v); strings.Contains(text, "canary") {
					t.Errorf("%s of a %T: %s", verb, v, text)
				}
			}
		}
	})
}
