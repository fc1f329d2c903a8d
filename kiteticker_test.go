package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/shard"
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

var profiles = []kiteticker.Profile{kiteticker.Balanced, kiteticker.Inline}

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

// After each cut, every token comes back in its mode, told to the server once.
func TestReconnectRestoresEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		events, err := c.Events("test")
		if err != nil {
			t.Fatal(err)
		}
		tokens := kitetest.Universe(30)
		subscribe(t, c, kiteticker.ModeFull, tokens[:20]...)
		subscribe(t, c, kiteticker.ModeLTP, tokens[20:]...)
		stop := run(c)
		time.Sleep(time.Second)
		for _, sc := range srv.Conns() {
			sc.Drop()
		}
		// Changed while down: folded into what the new sockets are told.
		if err := c.SetMode(kiteticker.ModeQuote, tokens[0]); err != nil {
			t.Fatal(err)
		}
		if err := c.Unsubscribe(tokens[1]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)

		want := maps.Collect(c.Subscriptions())
		got := map[uint32]kiteticker.Mode{}
		for _, sc := range srv.Conns() {
			maps.Copy(got, sc.Tokens())
			for _, token := range tokens {
				told := 0
				for _, msg := range sc.Received() {
					if strings.Contains(msg, `"subscribe"`) && containsToken(msg, token) {
						told++
					}
				}
				if told > 1 {
					t.Errorf("socket %d was told to subscribe %d %d times", sc.ID(), token, told)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
		}
		if len(want) != 29 || want[tokens[0]] != kiteticker.ModeQuote {
			t.Errorf("desired state is wrong: %v", want)
		}
		for _, cs := range c.Stats().Conns {
			if cs.Sessions != 2 || cs.State != kiteticker.StateLive || cs.Sent != cs.Instruments {
				t.Errorf("conn %d: %d sessions, %v, %d of %d told", cs.Conn, cs.Sessions, cs.State, cs.Sent, cs.Instruments)
			}
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		var changes []string
		for e := range events.All(context.Background()) {
			if sc, ok := e.Data.(*kiteticker.StateChange); ok && e.Conn == 0 {
				changes = append(changes, sc.To.String())
			}
		}
		wantChanges := []string{"dialing", "live", "backing off", "dialing", "live", "stopped"}
		if diff := cmp.Diff(wantChanges, changes); diff != "" {
			t.Errorf("states of connection 0 (-want +got):\n%s", diff)
		}
	})
}

func containsToken(msg string, token uint32) bool {
	number := func(r rune) bool { return r < '0' || r > '9' }
	return slices.Contains(strings.FieldsFunc(msg, number), fmt.Sprint(token))
}

func TestCapacityIsAllOrNothing(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	tokens := make([]uint32, 10_000)
	for i := range tokens {
		tokens[i] = uint32(i+1)<<8 | 1
	}
	err := c.Subscribe(kiteticker.ModeFull, tokens...)
	var ce *kiteticker.CapacityError
	if !errors.Is(err, kiteticker.ErrCapacity) || !errors.As(err, &ce) || ce.Want != 10_000 || ce.Free != 9_000 {
		t.Fatalf("Subscribe(10000 tokens): %v, want a CapacityError with 10000 and 9000", err)
	}
	if n := len(maps.Collect(c.Subscriptions())); n != 0 {
		t.Errorf("%d tokens are subscribed after a refused call, want none", n)
	}
	subscribe(t, c, kiteticker.ModeFull, tokens[:9000]...)
	subscribe(t, c, kiteticker.ModeLTP, tokens[:9000]...) // known tokens need no room
	err = c.Subscribe(kiteticker.ModeFull, tokens[9000])
	if !errors.Is(err, kiteticker.ErrCapacity) {
		t.Errorf("the 9001st token: %v, want ErrCapacity", err)
	}
	for _, cs := range c.Stats().Conns {
		if cs.Instruments != 3000 {
			t.Errorf("conn %d carries %d instruments, want 3000", cs.Conn, cs.Instruments)
		}
	}
}

func TestSubscriptionErrors(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	subscribe(t, c, kiteticker.ModeFull, 408065)
	if err := c.SetMode(kiteticker.ModeLTP, 408065, 1); !errors.Is(err, kiteticker.ErrNotSubscribed) {
		t.Errorf("SetMode of an unknown token: %v, want ErrNotSubscribed", err)
	}
	if err := c.Subscribe(kiteticker.ModeFull, 0); !errors.Is(err, kiteticker.ErrZeroToken) {
		t.Errorf("Subscribe(0): %v, want ErrZeroToken", err)
	}
	if err := c.Subscribe(decode.ModeLTPC, 5); err == nil {
		t.Error("Subscribe in ltpc succeeded: the server has no such mode")
	}
	want := map[uint32]kiteticker.Mode{408065: kiteticker.ModeFull}
	if diff := cmp.Diff(want, maps.Collect(c.Subscriptions())); diff != "" {
		t.Errorf("failed calls changed the subscriptions (-want +got):\n%s", diff)
	}
	if id, ok := c.ConnOf(408065); !ok || id != 0 {
		t.Errorf("ConnOf: %d, %v, want 0, true", id, ok)
	}
	if _, ok := c.ConnOf(1); ok {
		t.Error("ConnOf of an unknown token is true")
	}
}

func TestPinnedSharding(t *testing.T) {
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", Sharding: shard.Pinned,
		PinToken: func(token uint32) int { return int(token>>8) % 3 },
	})
	for i := range uint32(30) {
		token := (i+1)<<8 | 1
		subscribe(t, c, kiteticker.ModeLTP, token)
		if id, _ := c.ConnOf(token); id != int(i+1)%3 {
			t.Errorf("token %d is on connection %d, want %d", token, id, (i+1)%3)
		}
	}
}

// Subscriptions may change at any time from any goroutine; the server ends up
// with what is desired.
func TestConcurrentSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		stop := run(c)
		tokens := kitetest.Universe(900)
		var callers sync.WaitGroup
		for i := range 9 {
			callers.Go(func() {
				mine := tokens[i*100 : (i+1)*100]
				subscribe(t, c, kiteticker.ModeFull, mine...)
				for j, token := range mine {
					switch j % 3 {
					case 0:
						c.Unsubscribe(token)
					case 1:
						c.SetMode(kiteticker.ModeLTP, token)
					}
					_ = c.Stats()
				}
			})
		}
		callers.Wait()
		time.Sleep(time.Second)
		got := map[uint32]kiteticker.Mode{}
		for _, sc := range srv.Conns() {
			maps.Copy(got, sc.Tokens())
		}
		want := maps.Collect(c.Subscriptions())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("subscriptions (-desired +held by the server):\n%s", diff)
		}
		if len(want) != 9*66 {
			t.Errorf("%d tokens are desired, want %d", len(want), 9*66)
		}
		stop()
	})
}

func TestRefusedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "right"})
		c := newClient(t, config(srv))
		err := c.Run(context.Background())
		var he *kiteticker.HandshakeError
		if !errors.As(err, &he) || he.StatusCode != 403 {
			t.Fatalf("Run: %v, want a HandshakeError with 403", err)
		}
		if strings.Contains(fmt.Sprintf("%+v", err), "token=") {
			t.Errorf("the error shows a query: %v", err)
		}
		if n := srv.Dials(); n != 3 {
			t.Errorf("%d dials, want one for each connection", n)
		}
		if err := c.Run(context.Background()); !errors.Is(err, kiteticker.ErrRunning) {
			t.Errorf("second Run: %v, want ErrRunning", err)
		}
		if err := c.Subscribe(kiteticker.ModeLTP, 1); !errors.Is(err, kiteticker.ErrStopped) {
			t.Errorf("Subscribe after the end: %v, want ErrStopped", err)
		}
		if _, err := c.Ticks(kiteticker.StreamConfig{}); !errors.Is(err, kiteticker.ErrStopped) {
			t.Errorf("Ticks after the end: %v, want ErrStopped", err)
		}
	})
}

// Three connections refused together ask once for a new token.
func TestRefreshIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "right"})
		cfg := config(srv)
		asked := 0
		cfg.Refresh = func(ctx context.Context) (string, error) {
			asked++
			time.Sleep(time.Second) // a login takes a while
			return "right", nil
		}
		c := newClient(t, cfg)
		stop := run(c)
		time.Sleep(time.Minute)
		if err := c.Stats().Check(5 * time.Second); err != nil {
			t.Errorf("Check: %v", err)
		}
		if asked != 1 {
			t.Errorf("Refresh was asked %d times, want 1", asked)
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestTwoAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := kiteticker.Config{URL: srv.URL(), Dial: srv.Dial, Accounts: []kiteticker.Account{
			{APIKey: "one", AccessToken: "a"}, {APIKey: "two", AccessToken: "b", Conns: 2},
		}}
		c := newClient(t, cfg)
		all := keep(t, ticks(t, c, kiteticker.StreamConfig{}))
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9000)...)
		stop := run(c)
		time.Sleep(time.Second)
		srv.Step()
		synctest.Wait()
		keys := map[string]int{}
		for _, sc := range srv.Conns() {
			keys[sc.Request().URL.Query().Get("api_key")]++
		}
		if diff := cmp.Diff(map[string]int{"one": 3, "two": 2}, keys); diff != "" {
			t.Errorf("sockets by API key (-want +got):\n%s", diff)
		}
		for i, cs := range c.Stats().Conns {
			if cs.Conn != i || cs.Account != i/3 || cs.Instruments != 1800 {
				t.Errorf("connection %d: id %d, account %d, %d instruments", i, cs.Conn, cs.Account, cs.Instruments)
			}
		}
		stop()
		all.check(t, srv)
	})
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

func TestStatsCheck(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 15, 0, 0, decode.IST)
	live := kiteticker.ConnStats{State: kiteticker.StateLive, LastByte: now.Add(-time.Second), Instruments: 2, Sent: 2}
	quiet, down, behind := live, live, live
	quiet.Conn, quiet.LastByte = 1, now.Add(-3*time.Second)
	down.Conn, down.State = 2, kiteticker.StateBackingOff
	behind.Conn, behind.Sent = 3, 1
	if err := (kiteticker.Stats{At: now, Conns: []kiteticker.ConnStats{live}}).Check(2 * time.Second); err != nil {
		t.Errorf("healthy: %v", err)
	}
	err := (kiteticker.Stats{At: now, Conns: []kiteticker.ConnStats{live, quiet, down, behind}}).Check(2 * time.Second)
	want := "connection 1 is silent for 3s, more than 2s\n" +
		"connection 2 is backing off, not live\n" +
		"connection 3 is carrying 1 of its 2 instruments"
	if err == nil || err.Error() != want {
		t.Errorf("Check says\n%v\nwant\n%s", err, want)
	}
	var ue *kiteticker.UnhealthyError
	if !errors.As(err, &ue) || ue.Conn != 1 {
		t.Errorf("the first finding is %v, want connection 1", ue)
	}
}
