package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

// market is a simulated exchange in memory, by the clock of a test.
func market(t *testing.T, cfg kitetest.Config) *feed.Feed {
	srv := kitetest.NewServer(t, cfg)
	return &feed.Feed{
		Config:   kiteticker.Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), Dial: srv.Dial},
		Exchange: srv,
	}
}

// totals reads the line of a stream in the table at the end.
func totals(t *testing.T, out, stream string) (sent, received, lost, replaced int) {
	_, table, _ := strings.Cut(out, "SENT =")
	_, line, found := strings.Cut(table, stream)
	if _, err := fmt.Sscan(line, &sent, &received, &lost, &replaced); err != nil || !found {
		t.Fatalf("no totals of %s: %v\n%s", stream, err, out)
	}
	return sent, received, lost, replaced
}

// short is as much as the tests need. 2,000 ticks a second are twice what the
// slow ones take, and after 2 s the one that blocks stands still.
var short = options{duration: 3 * time.Second, instruments: 100, rate: 20, ring: 8192}

func TestEachAtItsPace(t *testing.T) {
	for _, tc := range []struct {
		ring int
		wait bool // whether connections wait for the stream that blocks
	}{{8192, false}, {64, true}} {
		t.Run(fmt.Sprint("ring=", tc.ring), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, sent := short, newTape()
				opt.ring = tc.ring
				var out bytes.Buffer
				if err := play(t.Context(), opt, market(t, opt.exchange(sent)), sent, &out); err != nil {
					t.Fatalf("%v\n%s", err, &out)
				}
				total, received, lost, _ := totals(t, out.String(), "fast")
				if total < 6_000 || received != total || lost != 0 {
					t.Errorf("fast received %d of %d, lost %d", received, total, lost)
				}
				if _, received, lost, _ = totals(t, out.String(), "blocking"); received != total || lost != 0 {
					t.Errorf("blocking received %d of %d, lost %d", received, total, lost)
				}
				if _, received, lost, _ = totals(t, out.String(), "dropping"); lost == 0 || received+lost != total {
					t.Errorf("dropping received %d of %d, lost %d", received, total, lost)
				}
				_, received, lost, replaced := totals(t, out.String(), "conflating")
				if replaced == 0 || received+replaced != total || lost != 0 {
					t.Errorf("conflating received %d of %d, replaced %d, lost %d", received, total, replaced, lost)
				}
				if wait := strings.Contains(out.String(), "3 connections wait for it"); wait != tc.wait {
					t.Errorf("connections wait for the stream that blocks: %v, want %v", wait, tc.wait)
				}
				if never := strings.Contains(out.String(), "for blocking 0 times"); never == tc.wait {
					t.Errorf("never waited, in the end: %v", never)
				}
				if !strings.Contains(out.String(), "It adds up: in each stream, each of 100 instruments") {
					t.Error("the output does not say that it adds up")
				}
				if t.Failed() {
					t.Logf("the output:\n%s", &out)
				}
			})
		})
	}
}

// What does not add up is found, and named.
func TestFaultsAreFound(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault func(sent *tape) func(int, *kiteticker.Tick) // OnTick instead of sent.add
		want  []string
	}{
		{"one never arrives", func(sent *tape) func(int, *kiteticker.Tick) {
			n := 0
			return func(conn int, t *kiteticker.Tick) {
				sent.add(conn, t)
				if n++; n == 1000 {
					sent.add(conn, t) // says the exchange
				}
			}
		}, []string{"fast: 1 are missing, and 0 were told lost", "conflating: ", "blocking: 1 are missing"}},
		{"one arrives that was not sent", func(sent *tape) func(int, *kiteticker.Tick) {
			n := 0
			return func(conn int, t *kiteticker.Tick) {
				if n++; n != 1000 {
					sent.add(conn, t)
				}
			}
		}, []string{"fast: instrument ", "is not among those sent after the one before it", "blocking: instrument "}},
		{"many are altered", func(sent *tape) func(int, *kiteticker.Tick) {
			return func(conn int, t *kiteticker.Tick) {
				other := *t
				other.LastPrice++
				sent.add(conn, &other)
			}
		}, []string{"fast: instrument ", "fast: the same of 99 instruments more", "conflating: the same of 99"}},
		{"two are the wrong way round", func(sent *tape) func(int, *kiteticker.Tick) {
			return func(conn int, t *kiteticker.Tick) {
				sent.add(conn, t)
				if p := sent.packets[t.Token]; t.Token == 408065 && len(p) == 10 {
					p[8], p[9] = p[9], p[8]
				}
			}
		}, []string{"fast: instrument 408065: tick ", "blocking: instrument 408065: tick "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opt, sent := short, newTape()
				opt.duration = time.Second
				cfg := opt.exchange(sent)
				cfg.OnTick = tc.fault(sent)
				var out bytes.Buffer
				err := play(t.Context(), opt, market(t, cfg), sent, &out)
				for _, want := range tc.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("the error is %v, want %q in it", err, want)
					}
				}
				if strings.Contains(out.String(), "It adds up") {
					t.Error("the output says that it adds up")
				}
			})
		})
	}
}

func TestMissing(t *testing.T) {
	sent := []uint64{1, 2, 3, 3, 4, 5}
	for _, tc := range []struct {
		name string
		got  []seen
		want int // -1: an error
	}{
		{"all", []seen{{1, 0}, {2, 0}, {3, 0}, {3, 0}, {4, 0}, {5, 0}}, 0},
		{"none", nil, 6},
		{"some lost", []seen{{2, 0}, {4, 0}}, 4},
		{"the last lost", []seen{{1, 0}, {2, 0}, {3, 0}, {3, 0}, {4, 0}}, 1},
		{"replaced", []seen{{3, 3}, {5, 1}}, 0},
		{"replaced and lost", []seen{{2, 1}, {5, 1}}, 2},
		{"replaced one too few", []seen{{4, 3}, {5, 0}}, 1},
		{"replaced one too many", []seen{{2, 2}, {5, 3}}, -1},
		{"replaced more than there are", []seen{{5, 9}}, -1},
		{"swapped", []seen{{2, 0}, {1, 0}}, -1},
		{"twice", []seen{{1, 0}, {1, 0}}, -1},
		{"altered", []seen{{1, 0}, {7, 0}}, -1},
	} {
		n, err := missing(sent, tc.got)
		if err == nil && n != tc.want || err != nil && tc.want != -1 {
			t.Errorf("%s: %d, %v, want %d", tc.name, n, err, tc.want)
		}
	}
}

// A client that ends by itself ends the program, too, with its reason.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, sent := short, newTape()
		cfg := opt.exchange(sent)
		cfg.AccessToken = "another"
		start := time.Now()
		err := play(t.Context(), opt, market(t, cfg), sent, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("the error is %v, want 403 in it", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("that took %v", took)
		}
	})
}

// Waiting for what does not come ends, and the program says what that is.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, sent := short, newTape()
		cfg := opt.exchange(sent)
		cfg.MaxTokens = 10 // of each connection: it wants more
		start := time.Now()
		err := play(t.Context(), opt, market(t, cfg), sent, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), "30 of 100 instruments are subscribed") {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(start); took < patience || took > patience+2*short.duration {
			t.Errorf("that took %v", took)
		}
	})
}

// A market that closes at once has sent the first snapshot, and that is checked.
func TestShortest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt, sent := short, newTape()
		opt.duration = 1
		var out bytes.Buffer
		if err := play(t.Context(), opt, market(t, opt.exchange(sent)), sent, &out); err != nil {
			t.Fatal(err)
		}
		if total, received, _, _ := totals(t, out.String(), "fast"); total < 100 || received != total {
			t.Errorf("fast received %d of %d, want all and at least 100", received, total)
		}
	})
}

// The whole program, over TCP.
func TestRun(t *testing.T) {
	t.Setenv("KITE_API_KEY", "")
	t.Setenv("KITE_ACCESS_TOKEN", "")
	var out bytes.Buffer
	if err := run(t.Context(), options{duration: 300 * time.Millisecond, instruments: 30, rate: 20, ring: 8192}, &out); err != nil {
		t.Fatalf("run: %v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "It adds up") {
		t.Errorf("the output:\n%s", &out)
	}
}

func TestBadOptions(t *testing.T) {
	good := options{duration: time.Second, instruments: 1, rate: 1, ring: 1}
	for name, spoil := range map[string]func(*options){
		"no instruments": func(o *options) { o.instruments = 0 },
		"too many":       func(o *options) { o.instruments = 9001 },
		"no rate":        func(o *options) { o.rate = 0 },
		"ring":           func(o *options) { o.ring = -1 },
	} {
		opt := good
		spoil(&opt)
		if err := run(t.Context(), opt, &bytes.Buffer{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	t.Setenv("KITE_API_KEY", "key")
	t.Setenv("KITE_ACCESS_TOKEN", "token")
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // should it connect to Kite after all
	if err := run(ctx, good, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "unset KITE_API_KEY") {
		t.Errorf("with credentials: %v", err)
	}
}
