package kitetest_test

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestHeartbeatCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		start := time.Now()
		c := dial(t, s)
		wantHeartbeat := func(at time.Duration) {
			t.Helper()
			msg := c.next(ws.OpBinary)
			if len(msg) != 1 || msg[0] != 0 {
				t.Errorf("got message %x, want one zero byte", msg)
			}
			if d := time.Since(start); d != at {
				t.Errorf("heartbeat after %v, want %v", d, at)
			}
		}
		wantHeartbeat(1 * time.Second)
		wantHeartbeat(2 * time.Second)

		// Data postpones it, whatever data it is.
		time.Sleep(300 * time.Millisecond)
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.next(ws.OpBinary)
		wantHeartbeat(3300 * time.Millisecond)
		time.Sleep(600 * time.Millisecond)
		s.SendText("news")
		c.next(ws.OpText)
		wantHeartbeat(4900 * time.Millisecond)
		if n := s.Totals().Heartbeats; n != 4 {
			t.Errorf("%d heartbeats in all, want 4", n)
		}
	})
}

func TestNoHeartbeatWhileTicksFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{408065}, Rate: 2})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065]}`)
		for start := time.Now(); time.Since(start) < 10*time.Second; {
			c.next(ws.OpBinary)
		}
		if n := s.Totals().Heartbeats; n != 0 {
			t.Errorf("%d heartbeats, want 0", n)
		}
	})
}

func TestHeartbeatOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, kitetest.NewServer(t, kitetest.Config{Heartbeat: -1}))
		c.wantSilence(time.Hour)
	})
}

// wantSilence wants no byte to arrive for d.
func (c *client) wantSilence(d time.Duration) {
	c.tb.Helper()
	c.nc.SetReadDeadline(time.Now().Add(d))
	if h, payload, err := c.frame(); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.tb.Errorf("got frame %+v %x, %v, want silence", h, payload, err)
	}
	c.nc.SetReadDeadline(time.Time{})
}

func TestPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Heartbeat: -1, Ping: 5 * time.Second})
		start := time.Now()
		c := dial(t, s)
		for i := range 3 {
			c.next(ws.OpPing)
			if d, want := time.Since(start), time.Duration(i+1)*5*time.Second; d != want {
				t.Errorf("ping after %v, want %v", d, want)
			}
			c.send(ws.OpPong, nil)
		}
		c.send(ws.OpPing, []byte("hello?"))
		if got := c.next(ws.OpPong); string(got) != "hello?" {
			t.Errorf("pong with %q", got)
		}
	})
}

func TestStallAnswersPingsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Rate: 10, Ping: time.Second})
		c := dial(t, s)
		s.Conns()[0].Stall(true)
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.wantSilence(time.Minute + time.Second/2) // between two heartbeats that are not sent
		c.send(ws.OpPing, []byte("x"))
		c.next(ws.OpPong)
		if n := s.Totals().Ticks; n != 0 {
			t.Errorf("%d ticks in the totals, want 0", n)
		}
		s.Conns()[0].Stall(false)
		c.next(ws.OpBinary)
	})
}

func TestFreezeAnswersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Rate: 10, Ping: time.Second})
		c := dial(t, s)
		conn := s.Conns()[0]
		conn.Freeze(true)
		c.send(ws.OpPing, []byte("x"))
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.wantSilence(time.Minute + time.Second/2) // between two heartbeats that are not sent
		if n := len(conn.Received()); n != 0 {
			t.Errorf("%d messages received while frozen, want 0", n)
		}
		conn.Freeze(false)
		if got := c.next(ws.OpPong); string(got) != "x" { // now everything is answered, in order
			t.Errorf("pong with %q", got)
		}
		c.next(ws.OpBinary)
	})
}

func TestFrozenConnectionCanBeClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		s.Conns()[0].Freeze(true)
		c.text("x")
		start := time.Now()
		s.Close()
		if d := time.Since(start); d != 0 {
			t.Errorf("Close took %v", d)
		}
	})
}
