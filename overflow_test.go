package kiteticker_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// reads takes what waits in s, and returns the rounds of each token.
func reads(tb testing.TB, s *kiteticker.TickStream, max int) (rounds map[uint32][]int, lost uint64) {
	rounds = map[uint32][]int{}
	for range max {
		ticks, l := s.Poll(1)
		lost += l
		if len(ticks) == 0 {
			break
		}
		rounds[ticks[0].Token] = append(rounds[ticks[0].Token], derivedFrom(tb, &ticks[0]))
		s.Release()
	}
	return rounds, lost
}

func first[A, B any](a A, _ B) A { return a }

func sequence(from, to int) (list []int) {
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

// A stream that blocks loses nothing, whatever its ring; while the connection
// waits for it, that shows, and the client's methods do not wait.
func TestBlockLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow, fast *kiteticker.TickStream
		f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) {
			slow = ticks(t, c, kiteticker.StreamConfig{Name: "slow", Overflow: kiteticker.Block, Capacity: 8})
			fast = ticks(t, c, kiteticker.StreamConfig{Name: "fast"})
		})
		f.round()
		f.round()
		at := time.Now()
		f.round() // does not fit
		time.Sleep(time.Minute)
		s := f.client.Stats()
		if st := s.Streams[0]; st.Waits != 1 || len(st.Waiting) != 1 || st.Waiting[0].Conn != 0 || !st.Waiting[0].Since.Equal(at) {
			t.Errorf("waits %d, waiting %v, want 1, and connection 0 since %v", st.Waits, st.Waiting, at)
		}
		if err := s.Check(59 * time.Second); err == nil || !strings.Contains(err.Error(), `waiting for the reader of stream "slow" for 1m0s`) {
			t.Errorf("Check says %v", err)
		}
		// None of these may wait for the slow reader.
		subscribe(t, f.client, kiteticker.ModeFull, 12345)
		f.client.Unsubscribe(12345)
		third := ticks(t, f.client, kiteticker.StreamConfig{})
		third.Close()
		if fast.Len() != 8 {
			t.Errorf("the other stream has %d ticks, want the 8 from before the wait", fast.Len())
		}
		for range 20 {
			go f.send()
			synctest.Wait()
		}
		all := map[uint32][]int{}
		for {
			got, lost := reads(t, slow, 3)
			if lost != 0 {
				t.Errorf("%d lost", lost)
			}
			if len(got) == 0 {
				break
			}
			for token, rounds := range got {
				all[token] = append(all[token], rounds...)
			}
			synctest.Wait()
		}
		got, _ := reads(t, fast, 1000)
		for _, token := range few {
			if want := sequence(1, 23); !slices.Equal(all[token], want) || !slices.Equal(got[token], want) {
				t.Errorf("token %d: slow got %v, fast %v, want %v", token, all[token], got[token], want)
			}
		}
		if st := f.client.Stats().Streams[0]; st.Waiting != nil || st.Lost != 0 {
			t.Errorf("afterwards %+v", st)
		}
		if err := f.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// A reader that vanishes keeps its connection waiting until its stream is
// closed, and not a moment longer.
func TestBlockEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone, other *kiteticker.TickStream
		f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) {
			gone = ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 2})
			other = ticks(t, c, kiteticker.StreamConfig{})
		})
		f.round()
		if other.Len() != 2 {
			t.Fatalf("the other stream has %d ticks, want 2: the message stands still", other.Len())
		}
		gone.Close()
		synctest.Wait()
		if other.Len() != len(few) {
			t.Errorf("the other stream has %d ticks, want %d", other.Len(), len(few))
		}
		f.round()
		if other.Len() != 2*len(few) || gone.Len() != 2 {
			t.Errorf("the streams have %d and %d ticks, want %d and 2", other.Len(), gone.Len(), 2*len(few))
		}
		f.stop()
	})
}

// Run ends within DrainTimeout although nobody reads, and what was lost by
// that is counted and told.
func TestBlockEndsWithRun(t *testing.T) {
	for _, reading := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var s *kiteticker.TickStream
			f := newFeed(t, kiteticker.Config{DrainTimeout: 3 * time.Second}, few, func(c *kiteticker.Client) {
				s = ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 2})
			})
			f.round()
			f.round()
			var reader sync.WaitGroup
			read := uint64(0)
			if reading {
				reader.Go(func() {
					time.Sleep(time.Second)
					for _, rounds := range first(reads(t, s, 5)) {
						read += uint64(len(rounds))
					}
				})
			}
			start := time.Now()
			if err := f.stop(); err != nil {
				t.Errorf("Run: %v", err)
			}
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("Run took %v to end", took)
			}
			reader.Wait()
			var told uint64
			for batch, lost := range s.Batches(context.Background()) {
				read += uint64(len(batch))
				told += lost
			}
			if sent := uint64(2 * len(few)); read+told != sent || s.Lost() != told || told == 0 {
				t.Errorf("%d sent, %d read, %d told lost, Lost says %d", sent, read, told, s.Lost())
			}
			late, err := f.client.Ticks(kiteticker.StreamConfig{})
			if err != kiteticker.ErrStopped || late != nil {
				t.Errorf("Ticks afterwards gives %v, %v", late, err)
			}
		})
	}
}

// Also when the frame ring is full to the last byte, so that the connection
// itself waits for its parser.
func TestBlockEndsWithRunAndAFullFrameRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t, kiteticker.Config{FrameRing: 64 << 10, DrainTimeout: 3 * time.Second}, few, func(c *kiteticker.Client) {
			ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 1})
		})
		go func() {
			for range 5 {
				f.send()
			}
			for f.conn.Send([]byte{0}) == nil { // heartbeats, until the connection ends
			}
		}()
		time.Sleep(time.Second)
		if st := f.client.Stats().Conns[0]; st.RingLen < st.RingCap-32 {
			t.Fatalf("the frame ring has %d of %d bytes: not full", st.RingLen, st.RingCap)
		}
		start := time.Now()
		f.stop()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Run took %v to end", took)
		}
	})
}

// A connection whose ticks wait in its frame ring keeps its instruments: they
// would be lost when they leave, and old news when they return.
func TestInstrumentsStayWhileTicksWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: few, Heartbeat: -1})
		cfg := config(srv)
		cfg.Conns, cfg.FailoverAfter = 2, 5*time.Second
		c := newClient(t, cfg)
		moves := collect[*kiteticker.Moved](t, c)
		subscribe(t, c, kiteticker.ModeFull, few...)
		stop := run(c)
		synctest.Wait()
		s := ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 1})
		srv.Step()
		time.Sleep(time.Second)
		socketOf(t, srv, few[0]).Drop()
		srv.Reject(503, nil, "", 1000)
		time.Sleep(time.Minute)
		got := 0
		for ticks, lost := s.Poll(0); len(ticks) > 0; ticks, lost = s.Poll(0) {
			got += len(ticks)
			if lost != 0 {
				t.Errorf("%d lost", lost)
			}
			s.Release()
			synctest.Wait()
		}
		var superseded uint64
		for _, st := range c.Stats().Conns {
			superseded += st.Superseded
		}
		if got < len(few) || superseded > 0 {
			t.Errorf("%d ticks came through, %d of %d did not", got, superseded, len(few))
		}
		time.Sleep(time.Minute)
		s.Close()
		stop()
		if len(moves()) == 0 {
			t.Error("nothing moved after the ticks were read either: this test proves nothing")
		}
	})
}

// A conflating reader that sleeps wakes to one tick per instrument, each the
// newest, and is told how many it replaced.
func TestConflate(t *testing.T) {
	for _, profile := range profiles {
		synctest.Test(t, func(t *testing.T) {
			var s *kiteticker.TickStream
			f := newFeed(t, kiteticker.Config{Profile: profile}, few, func(c *kiteticker.Client) {
				s = ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Conflate})
			})
			if ticks, lost := s.Poll(0); ticks != nil || lost != 0 {
				t.Errorf("%d ticks, %d lost before the first", len(ticks), lost)
			}
			for range 100 {
				f.round()
			}
			if s.Len() != len(few) {
				t.Errorf("%d ticks wait, want %d", s.Len(), len(few))
			}
			check := func(round int, replaced uint32) {
				t.Helper()
				ticks, lost := s.Poll(0)
				if len(ticks) != len(few) || lost != 0 {
					t.Fatalf("%d ticks, %d lost", len(ticks), lost)
				}
				for i := range ticks {
					if n := derivedFrom(t, &ticks[i]); n != round || s.ReplacedBy(i) != replaced || ticks[i].Token != few[i] {
						t.Errorf("tick %d is of token %d, round %d, in place of %d", i, ticks[i].Token, n, s.ReplacedBy(i))
					}
				}
				s.Release()
				if ticks, _ := s.Poll(0); ticks != nil {
					t.Errorf("%d ticks more", len(ticks))
				}
			}
			check(100, 99)
			f.round()
			check(101, 0)
			for range 3 {
				f.round()
			}
			n := 0
			for tick := range s.All(t.Context()) { // one at a time, and the rest stays
				if got := derivedFrom(t, tick); got != 104 || s.ReplacedBy(0) != 2 {
					t.Errorf("round %d in place of %d, want 104 of 2", got, s.ReplacedBy(0))
				}
				if n++; n == 2 {
					break
				}
			}
			f.round()
			ticks, _ := s.Poll(0)
			var rounds, replaced []int
			for i := range ticks {
				rounds, replaced = append(rounds, derivedFrom(t, &ticks[i])), append(replaced, int(s.ReplacedBy(i)))
			}
			slices.Sort(replaced)
			if !slices.Equal(rounds, []int{105, 105, 105, 105}) || !slices.Equal(replaced, []int{0, 0, 3, 3}) {
				t.Errorf("rounds %v in place of %v", rounds, replaced)
			}
			s.Release()
			delivered := uint64(3*len(few) + 2)
			if sent := uint64(f.sent * len(few)); s.Replaced()+delivered != sent || s.Lost() != 0 {
				t.Errorf("%d sent, %d delivered, %d replaced, %d lost", sent, delivered, s.Replaced(), s.Lost())
			}
			if st := f.client.Stats().Streams[0]; st.Overflow != kiteticker.Conflate || st.Replaced != s.Replaced() || st.Cap != 0 {
				t.Errorf("Stats: %+v", st)
			}
			f.stop()
		})
	}
}
