package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

func TestHandshakeRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var req request
		h := start(t, conn.Config{
			Query:       url.Values{"user_id": {"AB 12"}},
			Header:      http.Header{"X-Extra": {"1"}},
			UserAgent:   "engine/1.0",
			Credentials: func() (string, string) { return "key", "a+b/c=d&e" },
		}, func(_ int, nc net.Conn) {
			req, _ = accept(nc)
			idle(nc)
		})
		synctest.Wait()
		if want := "/?access_token=a%2Bb%2Fc%3Dd%26e&api_key=key&user_id=AB+12"; req.uri != want {
			t.Errorf("request is for %s, want %s", req.uri, want)
		}
		for k, want := range map[string]string{"X-Kite-Version": "3", "User-Agent": "engine/1.0", "X-Extra": "1"} {
			if got := req.header.Get(k); got != want {
				t.Errorf("header %s is %q, want %q", k, got, want)
			}
		}
		if req.header.Get("Sec-WebSocket-Extensions") != "" {
			t.Error("an extension was offered: the server must not compress")
		}
		h.stop()
	})
}

// reject answers a handshake with an HTTP error.
func reject(nc net.Conn, status int, header, body string) {
	buf := make([]byte, 4096)
	nc.Read(buf)
	fmt.Fprintf(nc, "HTTP/1.1 %d %s\r\n%sContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), header, len(body), body)
}

func TestRefusalIsTerminal(t *testing.T) {
	for _, status := range []int{403, 400} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, conn.Config{ID: 2}, func(_ int, nc net.Conn) { reject(nc, status, "", "token is invalid") })
				err := h.wait()
				var he *conn.HandshakeError
				if !errors.As(err, &he) || he.StatusCode != status || he.Conn != 2 || !strings.Contains(he.Body, "is invalid") {
					t.Errorf("Run returned %v, want a HandshakeError with %d and the body", err, status)
				}
				if !he.Permanent() {
					t.Error("the error does not call itself permanent")
				}
				if h.conn.State() != conn.StateStopped || h.conn.Counters().Dials.Load() != 1 {
					t.Errorf("state %v after %d dials, want stopped after 1", h.conn.State(), h.conn.Counters().Dials.Load())
				}
			})
		})
	}
}

func TestRefreshAfterRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := "old"
		var asked []string
		h := start(t, conn.Config{
			Credentials: func() (string, string) { return "key", token },
			Refresh: func(_ context.Context, refused string) error {
				asked = append(asked, refused)
				if len(asked) == 1 {
					return errors.New("login service is down")
				}
				token = "new"
				return nil
			},
		}, func(dial int, nc net.Conn) {
			if dial == 0 {
				reject(nc, 403, "", "")
				return
			}
			req, _ := accept(nc)
			if !strings.Contains(req.uri, "access_token=new") {
				t.Errorf("dial %d asked for %s", dial, req.uri)
			}
			quiet(nc)
		})
		after(time.Minute)
		if diff := cmp.Diff([]string{"old", "old"}, asked); diff != "" {
			t.Errorf("Refresh was asked about (-want +got):\n%s", diff)
		}
		if h.conn.State() != conn.StateLive {
			t.Errorf("state is %v, want live", h.conn.State())
		}
		if n := h.conn.Counters().Dials.Load(); n != 2 {
			t.Errorf("%d dials, want 2: a refused token must not be tried again", n)
		}
		h.stop()
	})
}

func TestTooManyConnectionsIsALongWait(t *testing.T) {
	for _, tt := range []struct {
		header string
		least  time.Duration
	}{{"", time.Minute}, {"Retry-After: 120\r\n", 2 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
				if dial == 0 {
					reject(nc, 429, tt.header, "")
					return
				}
				accept(nc)
				quiet(nc)
			})
			after(tt.least - time.Millisecond)
			if n := h.conn.Counters().Dials.Load(); n != 1 {
				t.Errorf("%q: %d dials before %v, want 1", tt.header, n, tt.least)
			}
			after(time.Minute)
			if h.conn.State() != conn.StateLive {
				t.Errorf("%q: state is %v, want live", tt.header, h.conn.State())
			}
			h.stop()
		})
	}
}

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
		if err := h.history()[2].Err; !errors.Is(err, conn.ErrSilent) || !errors.As(err, &se) || se.Quiet != 5*time.Second {
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
				if n := h.conn.Counters().Dials.Load(); n != 1 || h.conn.State() != conn.StateLive {
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

func TestSecretsStayOut(t *testing.T) {
	const canary = "canary+/=token"
	for name, cfg := range map[string]conn.Config{
		"server echoes the request": {},
		"dial error quotes it": {Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &url.Error{Op: "proxy", URL: "http://proxy/?access_token=" + url.QueryEscape(canary), Err: io.EOF}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg.Credentials = func() (string, string) { return "key", canary }
				h := start(t, cfg, func(_ int, nc net.Conn) {
					buf := make([]byte, 4096)
					n, _ := nc.Read(buf)
					line := string(buf[:n])[:strings.Index(string(buf[:n]), "\r\n")]
					reject2(nc, line)
				})
				after(time.Second)
				err := h.lastError()
				if err == nil {
					t.Fatal("no error")
				}
				for e := err; e != nil; e = errors.Unwrap(e) {
					text := fmt.Sprintf("%v %+v %#v", e, e, e)
					if strings.Contains(text, canary) || strings.Contains(text, url.QueryEscape(canary)) {
						t.Errorf("the token is in %s", text)
					}
				}
				h.stop()
			})
		})
	}
}

func reject2(nc net.Conn, body string) {
	fmt.Fprintf(nc, "HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestNewRejects(t *testing.T) {
	sink, _ := ring.NewBytes(1 << 10)
	good := conn.Config{
		URL: "ws://127.0.0.1", Sink: sink,
		Credentials: func() (string, string) { return "", "" },
		Commands:    func(bool) []shard.Command { return nil },
	}
	if _, err := conn.New(good); err != nil {
		t.Fatalf("good config: %v", err)
	}
	for _, u := range []string{"", "http://x", "ws://", "wss://h/?access_token=canary", "wss://user:canary@h", "://canary"} {
		cfg := good
		cfg.URL = u
		if _, err := conn.New(cfg); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("URL %q: error %v, want one that does not echo it", u, err)
		}
	}
	bare := good
	bare.Sink = nil
	if _, err := conn.New(bare); err == nil {
		t.Error("a config without a sink was accepted")
	}
}
