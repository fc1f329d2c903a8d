package kiteticker

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// What follows happens within microseconds of each other in a client that runs,
// so these tests call parsers and hand-overs by hand.

func idleClient(tb testing.TB, cfg Config) *Client {
	tb.Helper()
	cfg.APIKey, cfg.AccessToken, cfg.Sharding = "key", "token", RoundRobin
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// message is one of full packets of token, with these prices, all fields of
// which follow from the price.
func message(token uint32, prices ...int32) ring.Record {
	var packets [][]byte
	for _, p := range prices {
		packets = append(packets, kitetest.AppendPacket(nil, priced(token, p)))
	}
	return ring.Record{Kind: conn.KindBinary, At: 1, Data: kitetest.AppendFrame(nil, packets...)}
}

func priced(token uint32, p int32) *Tick {
	t := &Tick{Token: token, Mode: ModeFull, LastPrice: p, Volume: uint32(p), Open: p, Close: p, OI: uint32(p)}
	for i := range t.Bids {
		t.Bids[i], t.Asks[i] = Level{Price: p, Quantity: uint32(p)}, Level{Price: p, Quantity: uint32(p)}
	}
	return t
}

// waiting returns the prices that wait in s.
func waiting(s *TickStream) (prices []int32) {
	for ticks, _ := s.Poll(0); len(ticks) > 0; ticks, _ = s.Poll(0) {
		for i := range ticks {
			prices = append(prices, ticks[i].LastPrice)
		}
		s.Release()
	}
	return prices
}

func attach(tb testing.TB, c *Client, cfg StreamConfig) *TickStream {
	tb.Helper()
	s, err := c.Ticks(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (c *Client) moveBy(token uint32, from, to int) {
	c.handOver(from, func() []shard.Moved { return c.table.Move([]uint32{token}, to) })
}

// A slot of a conflating stream is the reader's when it is committed, and soon
// another parser's: nobody copies from it then.
func TestTicksAreWholeBesideAConflatingStream(t *testing.T) {
	c := idleClient(t, Config{Conns: 2})
	conflating := attach(t, c, StreamConfig{Overflow: Conflate}) // first: it gets the tick first
	queueing := attach(t, c, StreamConfig{Capacity: 1 << 12})
	tokens := []uint32{257, 513, 769, 1025}
	if err := c.Subscribe(ModeFull, tokens...); err != nil {
		t.Fatal(err)
	}
	var parsers, readers sync.WaitGroup
	for id, l := range c.lines {
		parsers.Go(func() {
			for n := range int32(4000) {
				for _, token := range tokens {
					if on, _ := c.ConnOf(token); on == id {
						l.pipeline.handle(message(token, n+1, n+1, n+1))
					}
				}
			}
		})
	}
	var over atomic.Bool
	for _, s := range []*TickStream{conflating, queueing} {
		readers.Go(func() {
			last := map[uint32]int32{}
			for more := true; more; {
				more = !over.Load()
				ticks, _ := s.Poll(0)
				for i := range ticks {
					got := &ticks[i]
					want := *priced(got.Token, got.LastPrice)
					want.ReceivedAt, want.Seq, want.Conn, want.Flags, want.Decimals = got.ReceivedAt, got.Seq, got.Conn, got.Flags, got.Decimals
					if *got != want || got.LastPrice < last[got.Token] {
						t.Errorf("%v: a mixture, or older than %d: %v", s.overflow, last[got.Token], got)
					}
					last[got.Token] = got.LastPrice
				}
				s.Release()
				runtime.Gosched()
			}
		})
	}
	parsers.Wait()
	over.Store(true)
	readers.Wait()
}

// A token that moves on before it has ticked where it moved to still waits for
// what was delivered first.
func TestOrderOverTwoMoves(t *testing.T) {
	c := idleClient(t, Config{Conns: 3})
	s := attach(t, c, StreamConfig{})
	if err := c.Subscribe(ModeFull, 257); err != nil {
		t.Fatal(err)
	}
	c.lines[0].pipeline.handle(message(257, 1))
	c.moveBy(257, 0, 1)
	c.moveBy(257, 1, 2)
	c.lines[2].pipeline.handle(message(257, 2))
	s.next = 2 // the newest connection is looked at first
	if got := waiting(s); !slices.Equal(got, []int32{1, 2}) {
		t.Errorf("got %v, want 1 before 2", got)
	}
}

// All keeps what a break left behind for holds to count by.
func TestOrderAfterABreak(t *testing.T) {
	c := idleClient(t, Config{Conns: 2})
	s := attach(t, c, StreamConfig{})
	if err := c.Subscribe(ModeFull, 257); err != nil {
		t.Fatal(err)
	}
	c.lines[0].pipeline.handle(message(257, 1, 2, 3))
	for range s.All(t.Context()) {
		break
	}
	c.moveBy(257, 0, 1)
	c.lines[1].pipeline.handle(message(257, 4))
	s.next = 1 // the new connection is looked at first
	if got := waiting(s); !slices.Equal(got, []int32{2, 3, 4}) {
		t.Errorf("got %v, want 2, 3 and 4", got)
	}
}

// A token whose Subscribe is under way is moved by nobody but it: the parser
// that may be at it is the one it knows.
func TestOwnerStaysWhileItsParserIsBusy(t *testing.T) {
	c := idleClient(t, Config{Conns: 3})
	const token = 257
	if err := c.Subscribe(ModeFull, token); err != nil { // connection 0
		t.Fatal(err)
	}
	c.Unsubscribe(token)
	var elsewhere map[int][]uint32
	if err := c.locked(func() error {
		err := c.table.Subscribe(ModeFull, token)
		elsewhere = c.place([]uint32{token})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	on, _ := c.ConnOf(token)
	if on == 0 || !slices.Equal(elsewhere[0], []uint32{token}) {
		t.Fatalf("the token is on %d, elsewhere %v: this test needs it to have moved", on, elsewhere)
	}
	c.lines[0].pipeline.moving.Lock() // its parser is within a message
	c.moveBy(token, on, 3-on)         // a failover of the connection it is to go to
	if _, owner, _ := c.instruments.lookup(token); owner != 0 {
		t.Errorf("the token is connection %d's while the parser of 0 is at it", owner)
	}
	c.lines[0].pipeline.moving.Unlock()
	c.handOver(0, func() []shard.Moved { return c.movedFrom(0, elsewhere[0]) })
	if _, owner, _ := c.instruments.lookup(token); owner != 3-on {
		t.Errorf("in the end the token is connection %d's, want %d", owner, 3-on)
	}
}

// Of two connections that bring a token nobody asked for, one has it.
func TestUnaskedTokenHasOneOwner(t *testing.T) {
	for round := range 300 {
		c := idleClient(t, Config{Conns: 2, LastValues: true, FrameRing: 64 << 10, TickRing: 64})
		attach(t, c, StreamConfig{Overflow: Conflate})
		var parsers sync.WaitGroup
		for _, l := range c.lines {
			parsers.Go(func() {
				for token := range uint32(40) { // a second producer for a key panics
					l.pipeline.handle(message((token+1)<<8|1, 1, 2))
				}
			})
		}
		parsers.Wait()
		if n := c.lines[0].pipeline.counters.Superseded.Load() + c.lines[1].pipeline.counters.Superseded.Load(); n != 2*40 {
			t.Fatalf("round %d: %d ticks superseded, want all of one connection, 80", round, n)
		}
	}
}

// Subscribing and unsubscribing in several goroutines never gives a token to two
// parsers at once.
func TestConcurrentSubscribersAndParsers(t *testing.T) {
	c := idleClient(t, Config{Conns: 3, LastValues: true})
	s := attach(t, c, StreamConfig{Overflow: Conflate})
	const token = 257
	if err := c.Subscribe(ModeFull, token); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	var parsers, subscribers sync.WaitGroup
	for _, l := range c.lines {
		parsers.Go(func() {
			for !over.Load() {
				l.pipeline.handle(message(token, 1, 2, 3, 4)) // a second producer panics
			}
		})
	}
	for range 3 {
		subscribers.Go(func() {
			for range 500 {
				c.Unsubscribe(token)
				c.Subscribe(ModeFull, token)
			}
		})
	}
	subscribers.Wait()
	over.Store(true)
	parsers.Wait()
	if got := waiting(s); len(got) != 1 {
		t.Errorf("%d ticks of one instrument wait", len(got))
	}
}
