package kitetest_test

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// drain reads messages for ever and calls each with the packets of every one.
func drain(c *client, each func(packets [][]byte)) {
	for {
		h, msg, err := c.frame()
		if err != nil {
			return
		}
		if h.OpCode == ws.OpBinary && len(msg) > 1 && each != nil {
			each(packets(c.tb, msg))
		}
	}
}

func TestRateIsExact(t *testing.T) {
	for _, tt := range []struct {
		rate        float64
		instruments int
	}{{4, 9000}, {1, 1}, {0.1, 7}, {250, 3}, {3, 1000}} {
		t.Run(fmt.Sprintf("rate=%v/instruments=%d", tt.rate, tt.instruments), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := kitetest.Universe(tt.instruments)
				mine := all[:min(len(all), 300)]
				counts := make(map[uint32]int)
				s := kitetest.NewServer(t, kitetest.Config{
					Instruments: all,
					Rate:        tt.rate,
					OnTick:      func(_ int, tick *decode.Tick) { counts[tick.Token]++ },
				})
				c := dial(t, s)
				go drain(c, func(packets [][]byte) {
					seen := make(map[uint32]bool)
					for _, p := range packets {
						if seen[token(p)] {
							t.Errorf("%d is twice in one message", token(p))
						}
						seen[token(p)] = true
					}
				})
				subscribe(c, decode.ModeLTP, mine)
				synctest.Wait()
				s.Pause()
				clear(counts) // of the snapshots
				s.Resume()

				const seconds = 20
				time.Sleep(seconds * time.Second)
				synctest.Wait()
				s.Pause()
				for _, token := range mine {
					if got, want := counts[token], int(seconds*tt.rate); got != want {
						t.Errorf("%d was updated %d times, want %d", token, got, want)
					}
				}
			})
		})
	}
}

func TestUpdatesAreSpreadOverBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Rate: 4})
		c := dial(t, s)
		subscribe(c, decode.ModeLTP, kitetest.Universe(9000)[:3000])
		c.next(ws.OpBinary)
		c.next(ws.OpBinary)
		// 36,000 slots a second are 360 in 10 ms: the round through all 9,000
		// takes 25 beats, and the first 3,000 are due in eight and a third.
		sizes := ""
		for range 9 {
			sizes += fmt.Sprint(len(packets(t, c.next(ws.OpBinary))), "@", time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Milliseconds(), " ")
		}
		want := "360@10 360@20 360@30 360@40 360@50 360@60 360@70 360@80 120@90 "
		if sizes != want {
			t.Errorf("messages %s, want %s", sizes, want)
		}
	})
}

// A beat that comes late, as timers do, sends one message all the same, and the
// rate stays exact.
func TestLateBeatIsOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, rate, beats = 400, 4, 500 // 16 slots in each 10 ms
		all := equities(n)
		var hold atomic.Int64
		start := time.Now()
		s := kitetest.NewServer(t, kitetest.Config{Instruments: all, Rate: rate, OnTick: func(int, *decode.Tick) {
			time.Sleep(time.Duration(hold.Swap(0))) // the market stands still meanwhile
		}})
		c := dial(t, s)
		go drain(c, nil)
		subscribe(c, decode.ModeLTP, all)
		synctest.Wait()
		before := s.Totals()
		for i := range beats {
			time.Sleep(time.Until(start.Add(time.Duration(i)*10*time.Millisecond + 9*time.Millisecond)))
			hold.Store(int64(1+i%2) * int64(time.Millisecond)) // the beat in 1 ms begins in 1 or 2
			s.Step()
		}
		synctest.Wait()
		s.Pause()
		after := s.Totals()
		if got := after.Messages - before.Messages - beats; got != beats {
			t.Errorf("%d messages in %d beats, want one each", got, beats)
		}
		// 5.001 s with 1,600 slots each
		if got := after.Ticks - before.Ticks - beats*n; got != 8001 {
			t.Errorf("%d ticks in %v, want 8001", got, time.Since(start))
		}
	})
}

// A slow client holds up the market for a while; then every update it was owed
// comes, in order, and none is left out.
func TestSlowClientMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Instruments: equities(400), Rate: 4, WriteTimeout: time.Minute})
		c := dial(t, s)
		subscribe(c, decode.ModeFull, equities(400))
		time.Sleep(30*time.Second + 3456*time.Microsecond) // 9 MB, of which the connection holds 4
		got := make(map[uint32]*kitetest.Entry)
		var last time.Time
		go drain(c, func(packets [][]byte) {
			last = time.Now()
			for _, p := range packets {
				if got[token(p)] == nil {
					got[token(p)] = new(kitetest.Entry)
				}
				got[token(p)].Add(p)
			}
		})
		time.Sleep(5*time.Second - 3456*time.Microsecond)
		synctest.Wait()
		s.Pause()
		synctest.Wait()
		if !last.Equal(time.Now()) {
			t.Errorf("last message %v ago: the beat did not find back to its time", time.Since(last))
		}
		for token, want := range s.Ledger() {
			if want.Ticks != 2+35*4 {
				t.Errorf("%d was sent %d times, want %d", token, want.Ticks, 2+35*4)
			}
			if *got[token] != want {
				t.Errorf("%d: received %v, sent %v", token, *got[token], want)
			}
		}
	})
}

func TestStuckClientIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Rate: 4})
		stuck, good := dial(t, s), dial(t, s)
		all := equities(3030)
		subscribe(stuck, decode.ModeFull, all[30:])
		subscribe(good, decode.ModeFull, all[:30])
		synctest.Wait()
		go drain(good, nil)
		time.Sleep(time.Minute)
		if conns := s.Conns(); len(conns) != 1 || conns[0].ID() != 1 {
			t.Errorf("%d connections live, want the good one alone", len(conns))
		}
		// What it can still read is what the ledger has.
		got := make(map[uint32]kitetest.Entry)
		drain(stuck, func(packets [][]byte) {
			for _, p := range packets {
				e := got[token(p)]
				e.Add(p)
				got[token(p)] = e
			}
		})
		s.Pause()
		ledger := s.Ledger()
		for _, token := range all[30:] {
			if got[token] != ledger[token] {
				t.Errorf("%d: received %v, sent %v", token, got[token], ledger[token])
			}
		}
		before := s.Totals().Ticks
		s.Resume()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := s.Totals().Ticks - before; got != 30*4 {
			t.Errorf("%d ticks in the next second, want 120", got)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{408065}, Rate: 10, Heartbeat: -1})
		c := dial(t, s)
		go drain(c, nil)
		c.text(`{"a":"subscribe","v":[408065]}`)
		ticksIn := func(d time.Duration) uint64 {
			before := s.Totals().Ticks
			time.Sleep(d)
			synctest.Wait()
			return s.Totals().Ticks - before
		}
		if n := ticksIn(time.Second); n != 1+10 {
			t.Errorf("%d ticks with the snapshot, want 11", n)
		}
		s.Pause()
		s.Pause()
		if n := ticksIn(time.Hour); n != 0 {
			t.Errorf("%d ticks while paused, want 0", n)
		}
		if n := s.Step(); n != 1 {
			t.Errorf("Step sent %d ticks while paused, want 1", n)
		}
		s.Resume()
		s.Resume()
		if n := ticksIn(time.Second); n != 10 {
			t.Errorf("%d ticks in the second after Resume, want 10: nothing is made up for", n)
		}
	})
}

// With nobody subscribed there is nothing to do: a week of a bubble's time
// passes at once.
func TestIdleMarketSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Rate: 100, Heartbeat: -1})
		c := dial(t, s)
		time.Sleep(7 * 24 * time.Hour)
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.next(ws.OpBinary)
		go drain(c, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := s.Totals().Ticks; n != 101 {
			t.Errorf("%d ticks in a second with the snapshot, want 101", n)
		}
		c.text(`{"a":"unsubscribe","v":[408065]}`)
		time.Sleep(7 * 24 * time.Hour)
	})
}

func TestInfiniteRate(t *testing.T) {
	s, err := kitetest.Listen(kitetest.Config{Rate: math.Inf(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := dial(t, s)
	subscribe(c, decode.ModeFull, equities(500))
	if _, err := io.CopyN(io.Discard, c.nc, 20<<20); err != nil {
		t.Errorf("after %v: %v", s.Totals(), err)
	}
	s.Pause()
	got := s.Totals()
	if per := got.Ticks / got.Messages; per < 100 {
		t.Errorf("%d ticks in %d messages: not batched", got.Ticks, got.Messages)
	}
}
