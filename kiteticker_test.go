package kiteticker_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// config connects to srv in memory.
func config(srv *kitetest.Server) kiteticker.Config {
	return kiteticker.Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), Dial: srv.Dial}
}

func newClient(tb testing.TB, cfg kiteticker.Config) *kiteticker.Client {
	tb.Helper()
	c, err := kiteticker.New(cfg)
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	return c
}

// run starts c and returns what stops it and gives Run's error.
func run(c *kiteticker.Client) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- c.Run(ctx) }()
	return func() error {
		cancel()
		return <-result
	}
}

func subscribe(tb testing.TB, c *kiteticker.Client, mode kiteticker.Mode, tokens ...uint32) {
	tb.Helper()
	if err := c.Subscribe(mode, tokens...); err != nil {
		tb.Fatalf("Subscribe: %v", err)
	}
}

func ticks(tb testing.TB, c *kiteticker.Client, cfg kiteticker.StreamConfig) *kiteticker.TickStream {
	tb.Helper()
	s, err := c.Ticks(cfg)
	if err != nil {
		tb.Fatalf("Ticks: %v", err)
	}
	return s
}

// ledger keeps a stream's account of every instrument until the stream ends.
type ledger struct {
	mu      sync.Mutex
	entries map[uint32]kitetest.Entry
	lost    uint64
	done    chan struct{}
}

func keep(tb testing.TB, streams ...*kiteticker.TickStream) *ledger {
	l := &ledger{entries: map[uint32]kitetest.Entry{}, done: make(chan struct{})}
	var readers sync.WaitGroup
	for _, s := range streams {
		readers.Go(func() {
			seq := map[uint8]uint64{}
			var packet []byte
			for batch, lost := range s.Batches(context.Background()) {
				l.mu.Lock()
				l.lost += lost
				for i := range batch {
					t := &batch[i]
					if first := i == 0; t.Seq != seq[t.Conn]+1 && !(first && t.Seq == seq[t.Conn]+1+lost) {
						tb.Errorf("conn %d: tick %d follows tick %d, %d told lost", t.Conn, t.Seq, seq[t.Conn], lost)
					}
					seq[t.Conn] = t.Seq
					e := l.entries[t.Token]
					packet = kitetest.AppendPacket(packet[:0], t)
					e.Add(packet)
					l.entries[t.Token] = e
				}
				l.mu.Unlock()
			}
		})
	}
	go func() { readers.Wait(); close(l.done) }()
	return l
}

func (l *ledger) check(tb testing.TB, srv *kitetest.Server) {
	tb.Helper()
	<-l.done
	if diff := cmp.Diff(srv.Ledger(), l.entries); diff != "" {
		tb.Errorf("ledgers differ (-sent +received):\n%.2000s", diff)
	}
	if l.lost != 0 {
		tb.Errorf("%d ticks were told lost", l.lost)
	}
}

var profiles = []kiteticker.Profile{kiteticker.Balanced, kiteticker.Inline, kiteticker.LowLatency}

// Every tick of 9,000 instruments arrives once, in order and with the right
// bytes, on a unified stream and on one per connection.
func TestEveryTickArrives(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kitetest.NewServer(t, kitetest.Config{Rate: 4})
				cfg := config(srv)
				cfg.Profile = profile
				c := newClient(t, cfg)
				unified := keep(t, ticks(t, c, kiteticker.StreamConfig{}))
				var each []*kiteticker.TickStream
				for i := range c.Conns() {
					each = append(each, ticks(t, c, kiteticker.StreamConfig{Conns: []int{i}}))
				}
				split := keep(t, each...)
				subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9000)...)
				stop := run(c)
				time.Sleep(3 * time.Second)
				if err := c.Stats().Check(2 * time.Second); err != nil {
					t.Errorf("Check: %v", err)
				}
				srv.Pause()
				synctest.Wait()
				if err := stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
				unified.check(t, srv)
				split.check(t, srv)
				if sent := srv.Totals().Ticks; sent < 2*9000*4 {
					t.Errorf("only %d ticks were sent", sent)
				}
			})
		})
	}
}

// A goroutine, socket or ring that outlives Run would keep the bubble from
// ending, so this test needs no other check than to return.
func TestStartAndStopManyTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Rate: 4})
		for i := range 100 {
			cfg := config(srv)
			cfg.FrameRing, cfg.TickRing = 1<<16, 64
			cfg.Profile = profiles[i%2]
			c := newClient(t, cfg)
			subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(30)...)
			stop := run(c)
			time.Sleep(time.Duration(i) * time.Millisecond)
			if err := stop(); err != nil {
				t.Fatalf("Run %d: %v", i, err)
			}
			synctest.Wait()
			if n := len(srv.Conns()); n != 0 {
				t.Fatalf("run %d left %d sockets at the server", i, n)
			}
		}
	})
}
