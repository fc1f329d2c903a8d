package kiteticker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// exploding is a user's log handler with a bug, which runs on our goroutines.
type exploding struct{ slog.Handler }

func (e exploding) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "message damaged" {
		panic("the handler knows canary-token")
	}
	return nil
}

func (e exploding) Enabled(context.Context, slog.Level) bool { return true }
func (e exploding) WithAttrs([]slog.Attr) slog.Handler       { return e }
func (e exploding) WithGroup(string) slog.Handler            { return e }

// A panic on one of our goroutines costs a socket, is told and counted, and the
// feed goes on.
func TestPanicOnOurGoroutines(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kitetest.NewServer(t, kitetest.Config{Rate: 10, Instruments: kitetest.Universe(9)})
				cfg := config(srv)
				cfg.Conns, cfg.Profile, cfg.AccessToken = 1, profile, "canary-token"
				cfg.Logger = slog.New(exploding{})
				c := newClient(t, cfg)
				outages := collect[*kiteticker.Outage](t, c)
				s := ticks(t, c, kiteticker.StreamConfig{})
				subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9)...)
				stop := run(c)
				time.Sleep(5 * time.Second)
				srv.Conns()[0].Send([]byte{0, 1, 0, 164})
				time.Sleep(time.Minute)
				if cs := c.Stats().Conns[0]; cs.Errors.Panics != 1 || cs.Sessions != 2 || cs.Seen != 9 {
					t.Errorf("%d panics, %d sessions, %d seen, want 1, 2, 9", cs.Errors.Panics, cs.Sessions, cs.Seen)
				}
				stop()
				seq := uint64(0)
				for batch, lost := range s.Batches(context.Background()) {
					for i := range batch {
						if seq++; i == 0 {
							seq += lost
						}
						if batch[i].Seq != seq {
							t.Fatalf("tick %d came where %d was due", batch[i].Seq, seq)
						}
					}
				}
				got := outages()
				var pe *kiteticker.PanicError
				if len(got) != 1 || !errors.As(got[0].Reason, &pe) {
					t.Fatalf("outages %v, want one for a panic", got)
				}
				if text := fmt.Sprintf("%v %+v %s", pe, *pe, pe.Stack); strings.Contains(text, "canary") {
					t.Errorf("the token is in %s", text)
				}
			})
		})
	}
}

// The access token appears nowhere, whatever goes wrong.
func TestTheTokenAppearsNowhere(t *testing.T) {
	const canary = "canary+token/=="
	for name, change := range map[string]func(*kitetest.Server, *kiteticker.Config){
		"everything works": func(*kitetest.Server, *kiteticker.Config) {},
		"refused":          func(srv *kitetest.Server, _ *kiteticker.Config) { srv.Reject(403, nil, "bad token "+canary, 9) },
		"unavailable":      func(srv *kitetest.Server, _ *kiteticker.Config) { srv.Reject(503, nil, url.QueryEscape(canary), 9) },
		"dial fails": func(_ *kitetest.Server, cfg *kiteticker.Config) {
			cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &url.Error{Op: "CONNECT", URL: "wss://x/?access_token=" + url.QueryEscape(canary), Err: errors.New(canary)}
			}
		},
		"refresh fails": func(srv *kitetest.Server, cfg *kiteticker.Config) {
			srv.Reject(403, nil, "", 9)
			cfg.Refresh = func(context.Context) (string, error) { return "", errors.New("no session for " + canary) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, log lockedBuffer
				srv := kitetest.NewServer(t, kitetest.Config{Rate: 1})
				cfg := config(srv)
				cfg.AccessToken = canary
				cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				change(srv, &cfg)
				c := newClient(t, cfg)
				events := collect[any](t, c)
				subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9)...)
				stop := run(c)
				time.Sleep(20 * time.Second)
				s := c.Stats()
				print := func(v any) { fmt.Fprintf(&out, "%v %+v %#v\n", v, v, v) }
				print(s)
				print(s.Check(time.Second))
				for err := stop(); err != nil; err = errors.Unwrap(err) {
					print(err)
				}
				for _, e := range events() {
					print(e)
					var err error
					switch d := e.(type) {
					case *kiteticker.StateChange:
						print(*d)
						err = d.Err
					case *kiteticker.Outage:
						err = d.Reason
					case *kiteticker.RefreshFailed:
						print(*d)
						err = d.Err
					}
					for ; err != nil; err = errors.Unwrap(err) {
						print(err)
					}
				}
				out.Write(log.Bytes())
				for _, secret := range []string{canary, url.QueryEscape(canary), "canary"} {
					if i := strings.Index(out.String(), secret); i >= 0 {
						t.Errorf("%q is in …%s", secret, out.String()[max(0, i-200):min(out.Len(), i+100)])
					}
				}
				if out.Len() < 1000 {
					t.Errorf("only %d bytes were printed", out.Len())
				}
			})
		})
	}
}

// lockedBuffer takes what several goroutines log.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
