package kiteticker

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// While the reader of a stream polls, pollers do not; when it stops they take
// over.
func TestPollerStandsBy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("sockets cannot be polled on " + runtime.GOOS)
	}
	srv, err := kitetest.Listen(kitetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c, err := New(Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1, Profile: Inline, BusyPoll: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()

	polls := func() uint64 { return c.lines[0].conn.Counters().Polls.Load() }
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not happen within 30 s", what)
			}
		}
	}
	takesOver := func() {
		t.Helper()
		n := polls()
		until("polling by the poller", func() bool { return polls() > n+100 })
	}
	takesOver()

	assist := c.assist([]int{0}, ring.WaitSpin)
	quiet := 0 // batches in a row in which nobody polled but we
	until("standing by", func() bool {
		n := polls()
		for range 1000 {
			assist()
			runtime.Gosched()
		}
		if quiet++; polls() != n+1000 {
			quiet = 0
		}
		return quiet == 10
	})

	takesOver()
	runtime.GC() // stops everybody: a poller does not keep it waiting
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Readers that park leave polling to the pollers, and so do all where there
// are none.
func TestAssist(t *testing.T) {
	for _, tc := range []struct {
		busyPoll bool
		wait     ring.WaitStrategy
		want     bool
	}{
		{true, ring.WaitPark, false},
		{true, ring.WaitYield, true},
		{true, ring.WaitSpin, true},
		{false, ring.WaitSpin, false},
	} {
		c, err := New(Config{APIKey: "key", AccessToken: "token", BusyPoll: tc.busyPoll})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.assist([]int{0}, tc.wait) != nil; got != tc.want {
			t.Errorf("BusyPoll %v, %v: assists %v, want %v", tc.busyPoll, tc.wait, got, tc.want)
		}
	}
}

// Connections are dealt out, each to one poller.
func TestPollersShareConnections(t *testing.T) {
	c := &Client{plan: plan{pollers: 2}, lines: []*line{{}, {}, {}}}
	c.newPollers()
	if len(c.pollers) != 2 || len(c.pollers[0].lines) != 2 || len(c.pollers[1].lines) != 1 || c.pollers[1].lines[0] != c.lines[1] {
		t.Errorf("dealt out as %+v", c.pollers)
	}
	c = &Client{lines: []*line{{}}}
	if c.newPollers(); len(c.pollers) != 0 {
		t.Errorf("%d pollers of none", len(c.pollers))
	}
}
