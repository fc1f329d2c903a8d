package kitetest_test

import (
	"encoding/binary"
	"errors"
	"maps"
	"runtime"
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
				t.Fatalf("OnTick(%d, %+v) is not what was received", x.conn, x.tick)
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
				t.Errorf("a stamp in %+v", none)
			}
		}
	})
}

// The market must not disturb a client whose allocations and collections are
// measured in the same process.
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
