package kiteticker

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// A poller leaves a connection to who polls it without pause, and to nobody
// else; its own polls do not count.
func TestWhoElsePolls(t *testing.T) {
	var w watched
	total := uint64(0)
	look := func(own, others uint64, want bool) {
		t.Helper()
		w.own += own
		total += own + others
		if w.look(total); w.others != want {
			t.Errorf("after %d polls of its own and %d of others: others poll %v, want %v", own, others, w.others, want)
		}
	}
	look(0, 0, false)
	look(1500, 0, false)
	look(1500, 3, false) // an engine with duties of its own
	look(700, 600, true)
	look(0, 1000, true)
	look(0, spinning, true)
	look(0, spinning-1, false)
	look(1500, 0, false)
}

// runPolled runs a client of srv on as many pollers as asked, until the test
// ends.
func runPolled(t *testing.T, cfg Config, pollers int) *Client {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("sockets cannot be polled on " + runtime.GOOS)
	}
	srv, err := kitetest.Listen(kitetest.Config{Instruments: []uint32{257, 513, 769}, Heartbeat: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	cfg.APIKey, cfg.AccessToken, cfg.URL, cfg.Profile, cfg.BusyPoll = "key", "token", srv.URL(), Inline, true
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.plan.pollers, c.pollers = max(pollers, 1), nil
	c.newPollers()
	if pollers == 0 {
		c.pollers[0].watched = nil // it has nothing to do
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return c
}

func (c *Client) polls(id int) uint64 { return c.lines[id].conn.Counters().Polls.Load() }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within 30 s", what)
		}
	}
}

// While the reader of a stream polls, pollers leave its connections to it, and
// poll the others all the same; when it stops they take over.
func TestPollersTakeTheRest(t *testing.T) {
	c := runPolled(t, Config{Conns: 3}, 1)
	for id := range c.lines {
		eventually(t, "polling by the poller", func() bool { return c.polls(id) > 1000 })
	}
	assist := c.assist([]int{0}, ring.WaitSpin)
	quiet := 0 // spells in a row in which nobody polled connection 0 but we
	eventually(t, "standing by", func() bool {
		before, n := c.polls(0), uint64(0)
		for end := time.Now().Add(2 * lookEvery); time.Now().Before(end); n++ {
			assist()
		}
		if quiet++; c.polls(0) != before+n {
			quiet = 0
		}
		return quiet == 3
	})
	for id := 1; id < 3; id++ { // while the reader spins
		before := c.polls(id)
		eventually(t, "polling of the others", func() bool { assist(); return c.polls(id) > before+1000 })
	}
	before := c.polls(0)
	eventually(t, "taking over", func() bool { return c.polls(0) > before+1000 })
	for _, st := range c.Stats().Conns {
		if st.Sessions != 1 {
			t.Errorf("connection %d had %d sessions", st.Conn, st.Sessions)
		}
	}
}

// Every way of reading a stream polls all its connections, without a poller.
func TestReadersPoll(t *testing.T) {
	c := runPolled(t, Config{Conns: 2}, 0)
	c.Subscribe(ModeFull, 257, 513)
	s, err := c.Ticks(StreamConfig{Wait: ring.WaitYield})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Frames(StreamConfig{Wait: ring.WaitYield})
	if err != nil {
		t.Fatal(err)
	}
	poll := map[string]func(){
		"Poll of ticks":  func() { s.Poll(0); s.Release() },
		"Poll of frames": func() { f.Poll(); f.Release() },
		"All": func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			for range s.All(ctx) {
			}
		},
	}
	for name, read := range poll {
		for id := range c.lines {
			before := c.polls(id)
			eventually(t, name+" polling", func() bool { read(); return c.polls(id) > before })
		}
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
	if len(c.pollers) != 2 || len(c.pollers[0].watched) != 2 || len(c.pollers[1].watched) != 1 || c.pollers[1].watched[0].line != c.lines[1] {
		t.Errorf("dealt out as %+v", c.pollers)
	}
	c = &Client{lines: []*line{{}}}
	if c.newPollers(); len(c.pollers) != 0 {
		t.Errorf("%d pollers of none", len(c.pollers))
	}
}
