package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/conn"
)

// A panic below the reader, here of a user's net.Conn, costs one session.
func TestPanicCostsOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials int
		h := start(t, conn.Config{
			Credentials: func() (string, string) { return "key", "canary" },
			Dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				dials++
				go func() {
					accept(server)
					server.Write(frame(true, ws.OpBinary, "good"))
					quiet(server)
				}()
				if dials > 1 {
					return client, nil
				}
				return &panicking{Conn: client}, nil
			},
		}, nil)
		after(time.Minute)
		var pe *conn.PanicError
		if err := h.lastError(); !errors.As(err, &pe) || pe.Where != "reader" || len(pe.Stack) == 0 {
			t.Errorf("reason is %v, want a PanicError of the reader", err)
		}
		if text := fmt.Sprintf("%v %s %#v", pe, pe.Stack, *pe); strings.Contains(text, "canary") {
			t.Errorf("the token is in %s", text)
		}
		if h.conn.Counters().Panics.Load() != 1 || h.conn.State() != conn.StateLive || dials != 2 {
			t.Errorf("%d panics, state %v, %d dials", h.conn.Counters().Panics.Load(), h.conn.State(), dials)
		}
		if got := h.messages(); len(got) != 1 {
			t.Errorf("%d messages after the panic, want 1: the open claim must not stay open", len(got))
		}
		h.stop()
	})
}

// panicking panics inside the payload of the first data frame.
type panicking struct {
	net.Conn
	reads int
}

func (c *panicking) Read(p []byte) (int, error) {
	if c.reads++; c.reads > 1 {
		panic("the token is canary")
	}
	return c.Conn.Read(p)
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{}, func(_ int, nc net.Conn) { accept(nc); quiet(nc) })
		after(time.Minute)
		reason := errors.New("because")
		h.conn.Restart(reason)
		after(time.Second)
		if !errors.Is(h.lastError(), reason) || h.conn.Counters().Sessions.Load() != 2 {
			t.Errorf("%d sessions, reason %v", h.conn.Counters().Sessions.Load(), h.lastError())
		}
		h.stop()
		h.conn.Restart(reason) // no socket: nothing happens
	})
}
