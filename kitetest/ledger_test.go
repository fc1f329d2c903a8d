package kitetest_test

import (
	"encoding/binary"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestLedgerProvesReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type tick struct {
			conn int
			tick decode.Tick
		}
		var sent []tick
		s := kitetest.NewServer(t, kitetest.Config{
			Rate:   3,
			Stamp:  true,
			OnTick: func(conn int, t *decode.Tick) { sent = append(sent, tick{conn, *t}) },
		})
		var mu sync.Mutex
		got := make(map[uint32]kitetest.Entry)
		var ticks, messages, bytes uint64
		var received [2][][]byte
		for i, mode := range []decode.Mode{decode.ModeFull, decode.ModeQuote} {
			c := dial(t, s)
			go drain(c, func(packets [][]byte) {
				mu.Lock()
				defer mu.Unlock()
				messages++
				bytes += 2
				for _, p := range packets {
					e := got[token(p)]
					e.Add(p)
					got[token(p)] = e
					ticks++
					bytes += 2 + uint64(len(p))
					received[i] = append(received[i], p)
				}
			})
			subscribe(c, mode, kitetest.Universe(100)[i*50:i*50+50])
		}
		time.Sleep(10 * time.Second)
		s.Pause()
		synctest.Wait()
		if want := s.Ledger(); !maps.Equal(got, want) {
			t.Errorf("received %v\nsent %v", got, want)
		}
		totals := s.Totals()
		totals.Heartbeats = 0
		if want := (kitetest.Totals{Ticks: ticks, Messages: messages, Bytes: bytes}); totals != want {
			t.Errorf("totals are %+v, received %+v", totals, want)
		}
		// OnTick saw the same: its ticks encode to what each client got.
		for _, x := range sent {
			packet := kitetest.AppendPacket(nil, &x.tick)
			if x.tick.Mode == decode.ModeLTP || len(received[x.conn]) == 0 || string(received[x.conn][0]) != string(packet) {
				t.Fatalf("OnTick(%d, %#v) is not what was received", x.conn, x.tick)
			}
			received[x.conn] = received[x.conn][1:]
		}
		if len(received[0])+len(received[1]) > 0 {
			t.Error("OnTick missed ticks")
		}
	})
}

func TestEntrySeesOrderBytesAndLength(t *testing.T) {
	entry := func(packets ...string) (e kitetest.Entry) {
		for _, p := range packets {
			e.Add([]byte(p))
		}
		return e
	}
	long := strings.Repeat("0123456789abcdef", 11)
	seen := make(map[kitetest.Entry]int)
	for i, packets := range [][]string{
		{}, {""}, {"", ""}, {"\x00"}, {"a", "b"}, {"b", "a"}, {"ab"}, {"ab\x00"},
		{long}, {long[1:] + long[:1]}, {long + "x"}, {long[:16] + "X" + long[17:]}, {long, "a"}, {"a", long},
	} {
		e := entry(packets...)
		if j, ok := seen[e]; ok {
			t.Errorf("cases %d and %d have the same entry", i, j)
		}
		seen[e] = i
		if e != entry(packets...) {
			t.Errorf("case %d differs from itself", i)
		}
	}
}

func TestStamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Stamp: true})
		c := dial(t, s)
		subscribe(c, decode.ModeFull, []uint32{408065, 256265})
		c.next(ws.OpBinary)
		c.next(ws.OpBinary)
		time.Sleep(123456789)
		s.Step()
		got := packets(t, c.next(ws.OpBinary))
		tick := decode.Tick{
			Mode:              decode.ModeFull,
			TotalBuyQuantity:  binary.BigEndian.Uint32(got[0][20:]),
			TotalSellQuantity: binary.BigEndian.Uint32(got[0][24:]),
		}
		if at, ok := kitetest.SentAt(&tick); !ok || at != time.Now().UnixNano() {
			t.Errorf("sent at %d, %v, want %d", at, ok, time.Now().UnixNano())
		}
		for _, none := range []decode.Tick{{Mode: decode.ModeLTP}, {Mode: decode.ModeFull, Flags: decode.FlagIndex}} {
			if _, ok := kitetest.SentAt(&none); ok {
				t.Errorf("a stamp in %#v", none)
			}
		}
	})
}

// The market must not disturb a client whose allocations and collections are
// measured in the same process.
