package kiteticker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// listen starts a simulated exchange on loopback TCP.
func listen(tb testing.TB, cfg kitetest.Config) *kitetest.Server {
	tb.Helper()
	srv, err := kitetest.Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { srv.Close() })
	return srv
}

// waitFor polls until ok holds. It is for loopback tests, where no bubble's
// clock can say that everything has settled.
func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			tb.Fatalf("%s did not happen within 30 s", what)
		}
		runtime.Gosched()
	}
}

// In steady state a message takes no allocation from the socket to the
// consumer, whatever its size and the kind of stream.
func TestNoAllocationFromSocketToConsumer(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			tokens := kitetest.Universe(300)
			srv := listen(t, kitetest.Config{Instruments: tokens, Heartbeat: -1})
			c := newClient(t, kiteticker.Config{
				APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1, Profile: profile, LastValues: true,
			})
			s := ticks(t, c, kiteticker.StreamConfig{Filter: kiteticker.Filter{Tokens: tokens}})
			second := ticks(t, c, kiteticker.StreamConfig{}) // never read: losing is free, too
			conflating := ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Conflate})
			subscribe(t, c, kiteticker.ModeFull, tokens...)
			stop := run(c)
			got := make(chan int)
			go func() {
				defer close(got)
				for batch := range s.Batches(context.Background()) {
					got <- len(batch)
				}
			}()
			deadline := time.After(time.Minute) // of the whole test: a timer each time would be an allocation
			receive := func(n int) {
				for n > 0 {
					select {
					case m := <-got:
						n -= m
					case <-deadline:
						t.Fatalf("%d ticks did not arrive within a minute", n)
					}
				}
			}
			receive(600) // snapshots in quote, then in full mode
			step := func() {
				srv.Step()
				receive(len(tokens))
				if waiting, _ := conflating.Poll(0); len(waiting) == 0 {
					t.Error("no latest ticks")
				}
				conflating.Release()
				if _, ok := c.Latest(tokens[0]); !ok {
					t.Error("no last value")
				}
			}
			for range 50 {
				step() // fills the pools and the second stream's ring
			}
			if n := testing.AllocsPerRun(200, step); n != 0 {
				t.Errorf("%v allocations per message of %d ticks, want 0", n, len(tokens))
			}
			if second.Lost() == 0 {
				t.Error("the unread stream lost nothing: the test is too short to cover losing")
			}
			if err := stop(); err != nil {
				t.Errorf("Run: %v", err)
			}
			if _, open := <-got; open {
				t.Error("a batch after the end")
			}
		})
	}
}

// thousandTicks lets srv send more than a thousand ticks and then pause, and
// returns when c has parsed the last one.
func thousandTicks(tb testing.TB, srv *kitetest.Server, c *kiteticker.Client) {
	tb.Helper()
	waitFor(tb, "a thousand ticks", func() bool { return srv.Totals().Ticks > 1000 })
	srv.Pause()
	sent := srv.Totals().Ticks
	waitFor(tb, "the last tick", func() bool {
		var n uint64
		for _, cs := range c.Stats().Conns {
			n += cs.Ticks
		}
		return n == sent
	})
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	srv := listen(t, kitetest.Config{TLS: serverTLS, Rate: 100, Instruments: kitetest.Universe(30)})
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), TLS: clientTLS})
	all := keep(t, ticks(t, c, kiteticker.StreamConfig{}))
	subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(30)...)
	stop := run(c)
	thousandTicks(t, srv, c)
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	all.check(t, srv)
}

// Without the right root the certificate is refused, and the dial backs off.
func TestTLSIsVerified(t *testing.T) {
	serverTLS, _, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	srv := listen(t, kitetest.Config{TLS: serverTLS})
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1})
	events, err := c.Events("")
	if err != nil {
		t.Fatal(err)
	}
	stop := run(c)
	for e := range events.All(t.Context()) {
		sc, ok := e.Data.(*kiteticker.StateChange)
		if !ok || sc.To == kiteticker.StateDialing {
			continue
		}
		var unknown x509.UnknownAuthorityError
		if sc.To != kiteticker.StateBackingOff || !errors.As(sc.Err, &unknown) {
			t.Errorf("the connection went %v for %v, want backing off for an unknown authority", sc.To, sc.Err)
		}
		break
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// Parsers may be pinned; where that is impossible they still run.
func TestPinnedParsers(t *testing.T) {
	srv := listen(t, kitetest.Config{Instruments: kitetest.Universe(9)})
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", URL: srv.URL(), PinCPUs: []int{0},
	})
	all := keep(t, ticks(t, c, kiteticker.StreamConfig{}))
	subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9)...)
	stop := run(c)
	waitFor(t, "the snapshots", func() bool { return srv.Totals().Ticks == 18 })
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	all.check(t, srv)
}

// TLS below 1.2 is not spoken, not even if asked for.
func TestOldTLSIsRefused(t *testing.T) {
	serverTLS, clientTLS, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	serverTLS.MinVersion, serverTLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	clientTLS.MinVersion = tls.VersionTLS10
	srv := listen(t, kitetest.Config{TLS: serverTLS})
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", URL: srv.URL(), TLS: clientTLS, Conns: 1, MaxAttempts: 1,
	})
	err = c.Run(t.Context())
	var he *kiteticker.HandshakeError
	if !errors.As(err, &he) || he.StatusCode != 0 || srv.Dials() != 0 {
		t.Errorf("Run: %v, %d handshakes; want no agreement on a version", err, srv.Dials())
	}
}

// A thousand starts and stops over real sockets leave nothing behind.
func TestStartAndStopLeavesNothing(t *testing.T) {
	srv := listen(t, kitetest.Config{Instruments: kitetest.Universe(3), Rate: 100})
	once := func() {
		c := newClient(t, kiteticker.Config{
			APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1, FrameRing: 1 << 16, TickRing: 64,
		})
		events, err := c.Events("")
		if err != nil {
			t.Fatal(err)
		}
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(3)...)
		stop := run(c)
		for e := range events.All(t.Context()) {
			if sc, ok := e.Data.(*kiteticker.StateChange); ok && sc.To == kiteticker.StateLive {
				break
			}
		}
		if err := stop(); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
	once()
	waitFor(t, "the first socket's end", func() bool { return len(srv.Conns()) == 0 })
	goroutines, files := runtime.NumGoroutine(), openFiles()
	for range 1000 {
		once()
	}
	waitFor(t, "the last goroutine's end", func() bool { return runtime.NumGoroutine() <= goroutines })
	waitFor(t, "the last descriptor's end", func() bool { return openFiles() <= files })
	if n := len(srv.Conns()); n != 0 {
		t.Errorf("%d sockets are left at the server", n)
	}
}

// openFiles counts this process's descriptors, 0 where it cannot.
func openFiles() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}
