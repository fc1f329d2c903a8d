package conn_test

import (
	"context"
	"errors"
	"fmt"
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

func TestCommandsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := make(chan time.Time, 100)
		h := start(t, conn.Config{CommandGap: time.Second, Commands: func(fresh bool) []shard.Command {
			if !fresh {
				return nil
			}
			desired := shard.Set{}
			for token := range uint32(50) {
				desired[token+1] = decode.ModeFull
			}
			return shard.Diff(desired, nil, 10)
		}}, func(_ int, nc net.Conn) {
			accept(nc)
			go heartbeats(nc)
			for {
				op, _, err := nextFrame(t, nc)
				if err != nil {
					return
				}
				if op == ws.OpText {
					said <- time.Now()
				}
			}
		})
		after(time.Minute)
		close(said)
		n, last := 0, time.Time{}
		for at := range said {
			if n++; n > 1 && at.Sub(last) != time.Second {
				t.Errorf("command %d came %v after the one before, want 1s", n, at.Sub(last))
			}
			last = at
		}
		if n != 10 {
			t.Errorf("%d commands, want 10", n)
		}
		h.stop()
	})
}

// unwritable lets the handshake out, and nothing after it.
type unwritable struct {
	net.Conn
	writes int
}

var errUnwritable = errors.New("cannot write")

func (c *unwritable) Write(p []byte) (int, error) {
	if c.writes++; c.writes > 1 {
		return 0, errUnwritable
	}
	return c.Conn.Write(p)
}

// After a failed write the server has a second to say what it has to, and no
// more, however lively it is.
func TestFailedWriteEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{
			Commands: func(bool) []shard.Command { return []shard.Command{{Op: shard.Subscribe, Tokens: []uint32{408065}}} },
			Dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					defer server.Close()
					accept(server)
					time.Sleep(time.Second / 2)
					server.Write(frame(true, ws.OpBinary, "late"))
					heartbeats(server)
				}()
				return &unwritable{Conn: client}, nil
			},
		}, nil)
		after(time.Second)
		history := h.history()
		if len(history) != 3 || history[2].To != conn.StateBackingOff || !errors.Is(history[2].Err, errUnwritable) {
			t.Fatalf("a second after the failure: %+v, want backing off for it", history)
		}
		if d := history[2].At.Sub(history[1].At); d != time.Second {
			t.Errorf("the session ended after %v, want 1s", d)
		}
		if got := h.messages(); len(got) != 1 || got[0].data != "late" {
			t.Errorf("messages %v: what came before the end must be delivered", got)
		}
		h.stop()
	})
}
