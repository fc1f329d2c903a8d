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

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
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

// A server whose answer to the handshake has no end costs little memory, and
// no longer than any other failed dial.
func TestEndlessAnswer(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 ", "HTTP/1.1 403 Forbidden\r\nX: ", "HTTP/1.1 101 Switching Protocols\r\nX: "} {
		synctest.Test(t, func(t *testing.T) {
			sent := make(chan int, 1)
			h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
				if dial > 0 {
					accept(nc)
					quiet(nc)
					return
				}
				nc.Read(make([]byte, 4096))
				io.WriteString(nc, answer)
				n := 0
				for {
					m, err := nc.Write(make([]byte, 4096))
					if n += m; err != nil {
						sent <- n
						return
					}
				}
			})
			after(time.Minute)
			if n := <-sent; n > 128<<10 {
				t.Errorf("%q: %d bytes of an answer were read", answer, n)
			}
			want := conn.StateLive
			if strings.Contains(answer, "403") {
				want = conn.StateStopped
			}
			if h.conn.State() != want {
				t.Errorf("%q: state is %v a minute later, want %v", answer, h.conn.State(), want)
			}
			h.stop()
		})
	}
}

// A net.Conn that ignores deadlines, such as a tunnel's, bounds a dial too.
func TestDialWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{DialTimeout: 2 * time.Second, Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go idle(server)
			return deadlineless{client}, nil
		}}, nil)
		after(time.Minute)
		if n := h.conn.Counters().Dials.Load(); n < 4 {
			t.Errorf("%d dials in a minute: a server that never answers held one up", n)
		}
		if err := h.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

type deadlineless struct{ net.Conn }

func (deadlineless) SetDeadline(time.Time) error      { return nil }
func (deadlineless) SetReadDeadline(time.Time) error  { return nil }
func (deadlineless) SetWriteDeadline(time.Time) error { return nil }

// Without an access token Refresh is asked before the first dial.
func TestRefreshBeforeTheFirstDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := ""
		h := start(t, conn.Config{
			Credentials: func() (string, string) { return "key", token },
			Refresh:     func(context.Context, string) error { token = "first"; return nil },
		}, func(_ int, nc net.Conn) {
			if req, _ := accept(nc); !strings.Contains(req.uri, "access_token=first") {
				t.Errorf("the request is for %s", req.uri)
			}
			quiet(nc)
		})
		after(time.Minute)
		if n := h.conn.Counters().Dials.Load(); n != 1 || h.conn.State() != conn.StateLive {
			t.Errorf("%d dials, state %v, want one and live", n, h.conn.State())
		}
		h.stop()
	})
}
