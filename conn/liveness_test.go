package conn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
)

func TestSilenceIsNoticedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pinged, ended time.Duration
		h := start(t, conn.Config{Liveness: 5 * time.Second}, func(dial int, nc net.Conn) {
			accept(nc)
			if dial > 0 {
				quiet(nc)
				return
			}
			nc.Write(frame(true, ws.OpBinary, "last"))
			began := time.Now()
			for {
				op, _, err := nextFrame(t, nc)
				if err != nil {
					ended = time.Since(began)
					return
				}
				if op == ws.OpPing {
					pinged = time.Since(began)
				}
			}
		})
		after(10 * time.Second)
		if pinged != 2500*time.Millisecond || ended != 5*time.Second {
			t.Errorf("pinged after %v and dead after %v, want 2.5s and 5s", pinged, ended)
		}
		var se *conn.SilentError
		if err := h.history()[3].Err; !errors.Is(err, conn.ErrSilent) || !errors.As(err, &se) || se.Quiet != 5*time.Second {
			t.Errorf("reason is %v, want a SilentError of 5s", err)
		}
		if h.conn.State() != conn.StateLive {
			t.Errorf("state is %v, want live again", h.conn.State())
		}
		h.stop()
	})
}

// Connected but quiet, as outside market hours, is healthy.
func TestQuietIsHealthy(t *testing.T) {
	for name, peer := range map[string]func(nc net.Conn){
		"heartbeats only": func(nc net.Conn) { quiet(nc) },
		"pongs only": func(nc net.Conn) {
			for {
				h, err := ws.ReadHeader(nc)
				if err != nil {
					return
				}
				io.CopyN(io.Discard, nc, h.Length)
				if h.OpCode == ws.OpPing {
					nc.Write(frame(true, ws.OpPong, ""))
				}
			}
		},
		"a byte of an unfinished frame now and then": func(nc net.Conn) {
			go idle(nc)
			for _, b := range frame(true, ws.OpBinary, strings.Repeat("x", 2000)) {
				nc.Write([]byte{b})
				time.Sleep(4 * time.Second)
			}
			heartbeats(nc)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, conn.Config{Liveness: 5 * time.Second}, func(_ int, nc net.Conn) { accept(nc); peer(nc) })
				after(2 * time.Hour)
				if n := h.conn.Counters().Dials.Load(); n != 1 || !h.conn.State().Connected() {
					t.Errorf("%d dials, state %v, want one live socket", n, h.conn.State())
				}
				h.stop()
			})
		})
	}
}

// When the parser is behind, the reader waits and TCP pushes back: that is not
// the server's silence.
func TestFullSinkIsNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, consume := ring.NewBytes(1 << 10)
		const n = 100
		h := start(t, conn.Config{Sink: sink, Liveness: 5 * time.Second}, func(_ int, nc net.Conn) {
			accept(nc)
			go idle(nc)
			for range n {
				nc.Write(frame(true, ws.OpBinary, strings.Repeat("x", 200)))
			}
			heartbeats(nc)
		})
		time.Sleep(time.Minute) // nobody consumes
		if h.conn.Counters().Waits.Load() == 0 {
			t.Fatal("the sink never filled")
		}
		got := 0
		for got < n {
			consume.Wait(nil)
			rec, _ := consume.Peek()
			if len(rec.Data) == 200 {
				got++
			}
			consume.Advance()
			consume.Release()
		}
		if d := h.conn.Counters().Dials.Load(); d != 1 {
			t.Errorf("%d dials, want 1", d)
		}
		done := make(chan struct{})
		go func() {
			for consume.Wait(done) {
				consume.Peek()
				consume.Advance()
				consume.Release()
			}
		}()
		h.stop()
		close(done)
	})
}

// A server that is late to answer a ping makes the connection stale, not dead.
func TestLateAnswerIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{Liveness: 8 * time.Second}, func(_ int, nc net.Conn) {
			accept(nc)
			for {
				op, _, err := nextFrame(t, nc)
				if err != nil {
					return
				}
				if op == ws.OpPing {
					time.Sleep(3 * time.Second)
					nc.Write(frame(true, ws.OpPong, ""))
				}
			}
		})
		after(8 * time.Second)
		var got []string
		for _, tr := range h.history() {
			got = append(got, fmt.Sprintf("%v %v", tr.To, tr.At.Sub(h.history()[0].At)))
		}
		want := []string{"dialing 0s", "live 0s", "stale 6s", "live 7.2s"} // looked at every 0.4 s
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if tr := h.history()[2]; !errors.Is(tr.Err, conn.ErrSilent) {
			t.Errorf("stale for %v, want ErrSilent", tr.Err)
		}
		h.stop()
	})
}

// slowSink is full before each message, for a minute of the bubble, and takes a
// second to commit it.
type slowSink struct {
	countingSink
	room bool
}

func (s *slowSink) Claim(n int) ([]byte, error) {
	if !s.room {
		return nil, ring.ErrFull
	}
	s.room = false
	return s.countingSink.Claim(n)
}

func (s *slowSink) Commit(n int, kind ring.Kind, at int64) {
	time.Sleep(time.Second)
	s.countingSink.Commit(n, kind, at)
}

func (s *slowSink) Wait(<-chan struct{}, int) bool {
	time.Sleep(time.Minute)
	s.room = true
	return true
}

// The server's time begins anew when a full sink has room again: for what came
// before nobody is pinged, and killed if the sink fills once more.
func TestFullSinkStartsSilenceAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &slowSink{countingSink: countingSink{buf: make([]byte, 16)}}
		const messages = 5
		h := start(t, conn.Config{Sink: sink, Liveness: 5 * time.Second}, func(_ int, nc net.Conn) {
			accept(nc)
			nc.Write(bytes.Repeat(frame(true, ws.OpBinary, "tick"), messages)) // one read's worth
			idle(nc)
		})
		after(messages*61*time.Second + time.Second)
		counters := h.conn.Counters()
		if sink.messages != messages || counters.PingsSent.Load() != 0 || counters.Dials.Load() != 1 {
			t.Errorf("%d messages, %d pings, %d dials, want %d, none, 1", sink.messages, counters.PingsSent.Load(), counters.Dials.Load(), messages)
		}
		h.stop()
	})
}
