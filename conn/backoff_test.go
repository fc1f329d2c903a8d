package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker/conn"
)

// Whatever a server does, it gets few dials: it refuses TCP, answers 502,
// accepts and hangs up at once, or never answers.
func TestNoReconnectStorm(t *testing.T) {
	peers := map[string]func(nc net.Conn){
		"502":                  func(nc net.Conn) { reject(nc, 502, "", "") },
		"not HTTP":             func(nc net.Conn) { nc.Read(make([]byte, 4096)); io.WriteString(nc, "SSH-2.0-x\r\n\r\n") },
		"accepts and hangs up": func(nc net.Conn) { accept(nc) },
		"closes at once":       func(nc net.Conn) {},
		"never answers":        func(nc net.Conn) { idle(nc) },
	}
	for name, peer := range peers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, conn.Config{}, func(_ int, nc net.Conn) { peer(nc) })
				after(time.Hour)
				// The mean wait approaches 15 s: 240 dials an hour.
				if n := h.conn.Counters().Dials.Load(); n < 60 || n > 400 {
					t.Errorf("%d dials in an hour, want 60 to 400", n)
				}
				if err := h.stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

func TestBackoffIsResetByAStableSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
			if dial < 8 {
				return // grow the backoff
			}
			accept(nc)
			go heartbeats(nc)
			if dial == 8 {
				go idle(nc)
				time.Sleep(time.Minute)
				return
			}
			idle(nc)
		})
		after(time.Hour)
		for _, tr := range h.history() {
			if tr.From == conn.StateLive && (tr.Delay > 500*time.Millisecond || tr.Attempt != 1) {
				t.Errorf("after a stable session: delay %v, attempt %d, want at most 500ms and 1", tr.Delay, tr.Attempt)
			}
		}
		if h.conn.State() != conn.StateLive {
			t.Errorf("state is %v, want live", h.conn.State())
		}
		h.stop()
	})
}

// Whatever the sequence of events, the dials of a minute are bounded.
func TestDialsPerMinuteAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := 0
		h := start(t, conn.Config{
			MinBackoff: time.Nanosecond, MaxBackoff: time.Nanosecond, StableAfter: time.Nanosecond,
			Credentials: func() (string, string) { return "key", fmt.Sprint(token) },
			Refresh:     func(context.Context, string) error { token++; return nil },
		}, func(dial int, nc net.Conn) {
			switch dial % 3 {
			case 0:
				reject(nc, 403, "", "") // and a new token comes at once
			case 1:
				accept(nc) // and hangs up
			}
		})
		for minute := range 10 {
			before := h.conn.Counters().Dials.Load()
			after(time.Minute - 1) // the same instant of the next minute belongs to that one
			if n := h.conn.Counters().Dials.Load() - before; n > conn.MaxDialsPerMinute || n < conn.MaxDialsPerMinute/2 {
				t.Errorf("%d dials in minute %d, want about %d", n, minute, conn.MaxDialsPerMinute)
			}
		}
		h.stop()
	})
}

func TestMaxAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{ID: 1, MaxAttempts: 3}, func(dial int, nc net.Conn) {
			if dial == 1 { // a stable session starts the count anew
				accept(nc)
				go heartbeats(nc)
				go idle(nc)
				time.Sleep(time.Minute)
			}
		})
		err := h.wait()
		var ae *conn.AttemptsError
		if !errors.As(err, &ae) || ae.Conn != 1 || ae.Attempts != 3 {
			t.Errorf("Run returned %v, want an AttemptsError of 3", err)
		}
		if n := h.conn.Counters().Dials.Load(); n != 5 {
			t.Errorf("%d dials, want 5: one before the stable session, its own, and three after", n)
		}
		if h.conn.State() != conn.StateStopped {
			t.Errorf("state is %v, want stopped", h.conn.State())
		}
	})
}
