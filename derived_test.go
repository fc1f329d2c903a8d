package kiteticker_test

import (
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// derived is a tick of token whose every field follows from n, so that a
// mixture of two shows.
func derived(token uint32, n int) *kiteticker.Tick {
	u, p := uint32(n), int32(n)
	t := &kiteticker.Tick{
		Token: token, Mode: kiteticker.ModeFull,
		LastPrice: p, LastQuantity: u + 1, AveragePrice: p + 2, Volume: u + 3,
		TotalBuyQuantity: u + 4, TotalSellQuantity: u + 5,
		Open: p + 6, High: p + 7, Low: p + 8, Close: p + 9,
		LastTradeTime: u + 10, OI: u + 11, OIDayHigh: u + 12, OIDayLow: u + 13, ExchangeTime: u + 14,
	}
	for i := range t.Bids {
		t.Bids[i] = kiteticker.Level{Quantity: u + uint32(20+i), Price: p + int32(30+i), Orders: u & 0xffff}
		t.Asks[i] = kiteticker.Level{Quantity: u + uint32(40+i), Price: p + int32(50+i), Orders: u & 0xffff}
	}
	return t
}

// derivedFrom returns the number that t was made from, and fails the test if it
// is a mixture.
func derivedFrom(tb testing.TB, t *kiteticker.Tick) int {
	tb.Helper()
	want := *derived(t.Token, int(t.LastPrice))
	want.ReceivedAt, want.Seq, want.Conn, want.Flags, want.Decimals = t.ReceivedAt, t.Seq, t.Conn, t.Flags, t.Decimals
	if *t != want {
		tb.Errorf("a mixture: %+v", *t)
	}
	return int(t.LastPrice)
}

// feed is one connection whose every tick the test sends itself.
type feed struct {
	tb     testing.TB
	srv    *kitetest.Server
	client *kiteticker.Client
	conn   *kitetest.Conn
	tokens []uint32
	stop   func() error
	sent   int // rounds: one tick of each token, all with the round's number
	frame  []byte
}

// newFeed connects in memory, within a bubble. Attach streams in attach: they
// see no tick but those of send.
func newFeed(tb testing.TB, cfg kiteticker.Config, tokens []uint32, attach func(c *kiteticker.Client)) *feed {
	tb.Helper()
	srv := kitetest.NewServer(tb, kitetest.Config{Instruments: tokens, Heartbeat: -1})
	base := config(srv)
	base.Conns, base.Liveness, base.HealthInterval, base.VerifyAfter = 1, 1e18, -1, -1
	base.Profile, base.LastValues, base.DrainTimeout, base.FrameRing = cfg.Profile, cfg.LastValues, cfg.DrainTimeout, cfg.FrameRing
	c := newClient(tb, base)
	subscribe(tb, c, kiteticker.ModeFull, tokens...)
	f := &feed{tb: tb, srv: srv, client: c, tokens: tokens, stop: run(c)}
	synctest.Wait() // the snapshots are over
	f.conn = srv.Conns()[0]
	attach(c)
	return f
}

// send sends a round. It returns when the server has written it.
func (f *feed) send() {
	f.sent++
	packets := make([][]byte, 0, len(f.tokens))
	for _, token := range f.tokens {
		packets = append(packets, kitetest.AppendPacket(nil, derived(token, f.sent)))
	}
	f.frame = kitetest.AppendFrame(f.frame[:0], packets...)
	if err := f.conn.Send(f.frame); err != nil {
		f.tb.Errorf("round %d: %v", f.sent, err)
	}
}

// round sends and waits until everything has settled.
func (f *feed) round() {
	f.send()
	synctest.Wait()
}

var few = []uint32{408065, 884737, 738561, 5633}
