package kitetest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestTLSInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, trust, err := kitetest.LoopbackTLS()
		if err != nil {
			t.Fatal(err)
		}
		s := kitetest.NewServer(t, kitetest.Config{TLS: server})
		d := ws.Dialer{NetDial: s.Dial, TLSConfig: trust}
		nc, _, _, err := d.Dial(t.Context(), s.URL()+credentials)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		c := &client{tb: t, nc: nc, r: nc}
		if got := c.next(ws.OpBinary); len(got) != 1 {
			t.Errorf("got %x, want a heartbeat", got)
		}
	})
}

func TestListenOnAllAddresses(t *testing.T) {
	s, err := kitetest.Listen(kitetest.Config{Addr: ":0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.URL(), "ws://127.0.0.1:") { // one that can be dialed
		t.Errorf("URL is %s", s.URL())
	}
}

func TestTCPAndTLS(t *testing.T) {
	server, trust, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		scheme string
		tls    *tls.Config
	}{{"ws://127.0.0.1:", nil}, {"wss://127.0.0.1:", server}} {
		t.Run(tt.scheme, func(t *testing.T) {
			s, err := kitetest.Listen(kitetest.Config{TLS: tt.tls})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if !strings.HasPrefix(s.URL(), tt.scheme) {
				t.Errorf("URL is %s, want %s...", s.URL(), tt.scheme)
			}
			d := ws.Dialer{TLSConfig: trust, Timeout: 10 * time.Second}
			nc, _, _, err := d.Dial(context.Background(), s.URL()+credentials)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(10 * time.Second))
			c := &client{tb: t, nc: nc, r: nc}
			c.text(`{"a":"subscribe","v":[408065]}`)
			if got := packets(t, c.next(ws.OpBinary)); len(got) != 1 || token(got[0]) != 408065 {
				t.Errorf("snapshot is %x", got)
			}
		})
	}
}
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s, err := kitetest.Listen(kitetest.Config{Rate: 40, Stamp: true, Instruments: equities(900)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 3 {
		c := dial(t, s)
		subscribe(c, decode.ModeFull, equities(900)[300*i:300*i+300])
		go func() {
			for buf := make([]byte, 1<<20); ; {
				if _, err := c.nc.Read(buf); err != nil {
					return
				}
			}
		}()
	}
	wait := func(messages uint64) {
		for end := s.Totals().Messages + messages; s.Totals().Messages < end; {
			runtime.Gosched()
		}
	}
	wait(60) // buffers have grown
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	wait(150)
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > 15 { // the runtime's own, now and then
		t.Errorf("%d allocations in 150 messages, want none", n)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		s, err := kitetest.Listen(kitetest.Config{Rate: 100, Ping: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		stuck := dial(t, s) // never reads
		subscribe(stuck, decode.ModeFull, equities(3000))
		if _, err := s.Dial(t.Context(), "tcp", ""); err != nil { // never says a word
			t.Fatal(err)
		}
		s.SetFaults(kitetest.Faults{HandshakeDelay: time.Hour})
		go tryDial(t, s, credentials)
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("Close took %v", d)
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, f := range []string{"kitetest.(*Server).accept", "kitetest.(*Conn).", "kitetest.(*market).run"} {
			if strings.Contains(string(stacks), f) {
				t.Fatalf("%s is still there after Close:\n%s", f, stacks)
			}
		}
		if err := s.Close(); err == nil {
			t.Error("second Close: no error")
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestNewServerWithoutTestPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for a bad Config")
		}
	}()
	kitetest.NewServer(nil, kitetest.Config{Rate: -1})
}

func TestConfigIsValidated(t *testing.T) {
	_, err := kitetest.Listen(kitetest.Config{
		Rate: -1, Ping: -1, MaxConns: -1, MaxTokens: 70000, WriteTimeout: -1, Instruments: []uint32{},
	})
	for _, field := range []string{"Rate", "Ping", "MaxConns", "MaxTokens", "WriteTimeout", "Instruments"} {
		if err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := kitetest.Listen(kitetest.Config{Instruments: []uint32{5, 7, 5}}); err == nil || !strings.Contains(err.Error(), "5 twice") {
		t.Errorf("duplicate token: %v", err)
	}
	if _, err := kitetest.Listen(kitetest.Config{Addr: "nowhere:port"}); err == nil {
		t.Error("bad address: no error")
	}
	var errs interface{ Unwrap() []error }
	if !errors.As(err, &errs) || len(errs.Unwrap()) != 6 {
		t.Errorf("got %v, want six problems joined", err)
	}
}
