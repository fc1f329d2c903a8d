package conn_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
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

func TestCommandsAreSentOnEachSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desired := shard.Set{408065: decode.ModeFull}
		sent := shard.Set{}
		said := make(chan string, 100)
		h := start(t, conn.Config{Commands: func(fresh bool) []shard.Command {
			if fresh {
				clear(sent)
			}
			cmds := shard.Diff(desired, sent, 3000)
			for _, c := range cmds {
				sent.Apply(c)
			}
			return cmds
		}}, func(dial int, nc net.Conn) {
			accept(nc)
			go heartbeats(nc)
			if dial == 0 {
				time.AfterFunc(time.Minute, func() { nc.Close() })
			}
			for {
				op, payload, err := nextFrame(t, nc)
				if err != nil {
					return
				}
				if op == ws.OpText {
					said <- fmt.Sprintf("%d %s", dial, payload)
				}
			}
		})
		after(time.Second)
		desired[884737] = decode.ModeLTP
		h.conn.Kick()
		h.conn.Kick()
		after(2 * time.Minute)
		close(said)
		var got []string
		for msg := range said {
			got = append(got, msg)
		}
		want := []string{
			`0 {"a":"subscribe","v":[408065]}`,
			`0 {"a":"mode","v":["full",[408065]]}`,
			`0 {"a":"subscribe","v":[884737]}`,
			`0 {"a":"mode","v":["ltp",[884737]]}`,
			`1 {"a":"subscribe","v":[408065,884737]}`,
			`1 {"a":"mode","v":["ltp",[884737]]}`,
			`1 {"a":"mode","v":["full",[408065]]}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("control messages (-want +got):\n%s", diff)
		}
		h.stop()
	})
}

func TestCancelSaysGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var goodbye string
		h := start(t, conn.Config{DrainTimeout: 3 * time.Second}, func(_ int, nc net.Conn) {
			accept(nc)
			_, goodbye, _ = nextFrame(t, nc)
			nc.Write(frame(true, ws.OpBinary, "on its way"))
			nc.Write(frame(true, ws.OpClose, goodbye))
		})
		synctest.Wait()
		began := time.Now()
		if err := h.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("Run took %v to return, want no wait for a server that answers", d)
		}
		if goodbye != "\x03\xe8" {
			t.Errorf("Close carries %q, want code 1000", goodbye)
		}
		if got := h.messages(); len(got) != 1 || got[0].data != "on its way" {
			t.Errorf("messages %v: what came before the server's Close must be delivered", got)
		}
		if h.conn.State() != conn.StateStopped {
			t.Errorf("state is %v, want stopped", h.conn.State())
		}
	})
}

// Run ends in time whatever the peer does.
func TestCancelIsBounded(t *testing.T) {
	for name, peer := range map[string]func(nc net.Conn){
		"ignores our Close":          func(nc net.Conn) { accept(nc); quiet(nc) },
		"does not read":              func(nc net.Conn) { accept(nc); time.Sleep(time.Hour) },
		"never finishes the upgrade": func(nc net.Conn) { idle(nc) },
		"refuses connections":        func(nc net.Conn) {},
		"floods and ignores our Close": func(nc net.Conn) {
			accept(nc)
			go idle(nc)
			for range 1 << 20 {
				if _, err := nc.Write(frame(true, ws.OpBinary, "\x00")); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, conn.Config{DrainTimeout: 3 * time.Second, Liveness: time.Hour}, func(_ int, nc net.Conn) { peer(nc) })
				after(time.Second)
				began := time.Now()
				if err := h.stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
				if d := time.Since(began); d > 4*time.Second {
					t.Errorf("Run took %v to return, want at most DrainTimeout and a second", d)
				}
			})
		})
	}
}

func TestTransitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{ID: 1}, func(dial int, nc net.Conn) {
			accept(nc)
			if dial > 0 {
				quiet(nc)
			}
		})
		after(time.Minute)
		h.stop()
		var got []string
		for _, tr := range h.history() {
			got = append(got, fmt.Sprintf("%d %v -> %v", tr.Conn, tr.From, tr.To))
		}
		want := []string{
			"1 idle -> dialing", "1 dialing -> live", "1 live -> backing off",
			"1 backing off -> dialing", "1 dialing -> live", "1 live -> stopped",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("transitions (-want +got):\n%s", diff)
		}
	})
}
