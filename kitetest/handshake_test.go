package kitetest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/kitetest"
)

// get sends a handshake by hand and returns the whole response.
func get(t *testing.T, s *kitetest.Server, query string) (*http.Response, string) {
	t.Helper()
	nc, err := s.Dial(t.Context(), "tcp", "ignored")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	fmt.Fprintf(nc, "GET /%s HTTP/1.1\r\nHost: kite\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Kite-Version: 3\r\n\r\n", query)
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the response: %v, want EOF", err)
	}
	return resp, string(body)
}

func TestHandshakeStatus(t *testing.T) {
	cfg := kitetest.Config{APIKey: "key", AccessToken: "a+b/c="}
	tests := []struct {
		query  string
		status int
	}{
		{"?api_key=key&access_token=a%2Bb%2Fc%3D", 101},
		{"?access_token=a%2Bb%2Fc%3D&api_key=key&uid=1", 101},
		{"?api_key=key&access_token=a+b/c=", 403}, // not encoded: a space arrives
		{"?api_key=other&access_token=a%2Bb%2Fc%3D", 403},
		{"?api_key=key&access_token=", 400},
		{"?api_key=key", 400},
		{"?access_token=a", 400},
		{"?apikey=key&access_token=a", 400},
		{"?api_key=%zz&access_token=a", 400},
		{"", 400},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := kitetest.NewServer(t, cfg)
				resp, body := get(t, s, tt.query)
				if resp.StatusCode != tt.status {
					t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
				}
				if tt.status == 101 {
					if got, want := resp.Header.Get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; got != want {
						t.Errorf("accept key %q, want %q", got, want) // the example of RFC 6455
					}
				} else if body == "" {
					t.Error("no body")
				}
				if n := s.Dials(); n != 1 {
					t.Errorf("%d dials, want 1", n)
				}
			})
		})
	}
}

func TestEmptyCredentialsAcceptAny(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		if resp, _ := get(t, s, "?api_key=any&access_token=thing"); resp.StatusCode != 101 {
			t.Errorf("status %d, want 101", resp.StatusCode)
		}
	})
}

func TestRejectScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		s.Reject(http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}, "slow down", 2)
		s.Reject(http.StatusBadGateway, nil, "", 1)
		for i, want := range []int{429, 429, 502, 101} {
			resp, body := get(t, s, credentials[1:])
			if resp.StatusCode != want {
				t.Errorf("handshake %d: status %d, want %d", i, resp.StatusCode, want)
			}
			if want == 429 && (resp.Header.Get("Retry-After") != "7" || body != "slow down") {
				t.Errorf("handshake %d: header %v, body %q", i, resp.Header, body)
			}
		}
		if n := s.Dials(); n != 4 {
			t.Errorf("%d dials, want 4", n)
		}
	})
}

func TestRejectWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		s.Reject(0, nil, "", 1)
		if _, err := tryDial(t, s, credentials); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("dial: %v, want EOF", err)
		}
		dial(t, s)
	})
}

func TestTooManyConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		first := dial(t, s)
		dial(t, s)
		third := dial(t, s)
		wantStatus(t, s, credentials, 429)
		if c, err := tryDial(t, s, "/?api_key=another&access_token=x"); err != nil {
			t.Errorf("another api_key: %v", err)
		} else {
			c.nc.Close()
		}

		// A slot is free again however its socket went.
		first.nc.Close()
		dial(t, s)
		third.send(ws.OpClose, nil)
		third.next(ws.OpClose)
		dial(t, s)
		s.Conns()[0].Drop()
		dial(t, s)
		wantStatus(t, s, credentials, 429)

		synctest.Wait()
		ids := ""
		for _, c := range s.Conns() {
			ids += fmt.Sprint(c.ID(), " ")
		}
		if ids != "4 5 6 " {
			t.Errorf("live connections %s, want 4 5 6", ids)
		}
	})
}

func wantStatus(t *testing.T, s *kitetest.Server, query string, want int) {
	t.Helper()
	_, err := tryDial(t, s, query)
	if status, ok := errors.AsType[ws.StatusError](err); !ok || int(status) != want {
		t.Errorf("dial: %v, want status %d", err, want)
	}
}

func TestHandshakeDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Faults: kitetest.Faults{HandshakeDelay: time.Minute}})
		start := time.Now()
		dial(t, s)
		if d := time.Since(start); d != time.Minute {
			t.Errorf("handshake took %v, want 1m", d)
		}
		s.Reject(http.StatusBadGateway, nil, "late", 1)
		if resp, body := get(t, s, credentials[1:]); resp.StatusCode != 502 || body != "late" {
			t.Errorf("answer is %d %q, want 502", resp.StatusCode, body)
		}
	})
}

// Whatever is sent to all connections comes after the response.
func TestResponseComesFirst(t *testing.T) {
	s := kitetest.NewServer(t, kitetest.Config{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s.Dials() < 300 {
			s.SendText("early")
		}
	}()
	for range 300 {
		c := dial(t, s)
		c.nc.Close()
	}
	<-done
}

func TestRequestIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		d := ws.Dialer{NetDial: s.Dial, Header: ws.HandshakeHeaderHTTP{"X-Kite-Version": {"3"}}}
		nc, _, _, err := d.Dial(t.Context(), s.URL()+credentials+"&uid=5")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		req := s.Conns()[0].Request()
		if v, uid := req.Header.Get("X-Kite-Version"), req.URL.Query().Get("uid"); v != "3" || uid != "5" {
			t.Errorf("request has version %q and uid %q, want 3 and 5", v, uid)
		}
	})
}

func TestNotAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		for _, request := range []string{
			"GET /?api_key=a&access_token=b HTTP/1.1\r\nHost: kite\r\n\r\n",
			"nonsense\r\n\r\n",
			strings.Repeat("x", 100<<10) + "\r\n\r\n",
		} {
			nc, err := s.Dial(t.Context(), "tcp", "")
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(nc, request)
			answer, err := io.ReadAll(nc)
			if err != nil || strings.Contains(string(answer), "101") {
				t.Errorf("%.20q was answered %q, %v", request, answer, err)
			}
			nc.Close()
		}
		if n := len(s.Conns()); n != 0 {
			t.Errorf("%d connections, want 0", n)
		}
	})
}
