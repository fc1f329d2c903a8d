package kiteticker_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A stream that is not read loses the newest ticks, exactly counted and told
// just before the tick that follows; a stream beside it loses nothing.
func TestLossIsExactAndInBand(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const token = 408065
				srv := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{token}})
				cfg := config(srv)
				cfg.Conns, cfg.Profile = 1, profile
				c := newClient(t, cfg)
				slow := ticks(t, c, kiteticker.StreamConfig{Name: "slow", Capacity: 8})
				fast := keep(t, ticks(t, c, kiteticker.StreamConfig{Name: "fast"}))
				subscribe(t, c, kiteticker.ModeFull, token)
				stop := run(c)
				synctest.Wait() // two snapshots: quote, then full

				type batch struct {
					Lost  uint64
					First uint64
					Flags []bool
				}
				read := func() (got []batch) {
					for {
						ticks, lost := slow.Poll(0)
						if len(ticks) == 0 {
							return got
						}
						b := batch{Lost: lost, First: ticks[0].Seq}
						for i := range ticks {
							b.Flags = append(b.Flags, ticks[i].Flags&kiteticker.FlagLost != 0)
						}
						got = append(got, b)
						slow.Release()
					}
				}
				step := func(n int) {
					for range n {
						srv.Step()
					}
					synctest.Wait()
				}

				step(6 + 5) // the ring holds the snapshots and 6 more; 5 are lost
				if slow.Lost() != 5 || slow.Len() != 8 {
					t.Errorf("lost %d with %d waiting, want 5 and 8", slow.Lost(), slow.Len())
				}
				if two, lost := slow.Poll(2); len(two) != 2 || lost != 0 {
					t.Errorf("Poll(2) gave %d ticks, %d lost", len(two), lost)
				}
				slow.Release()
				step(1 + 1 + 3) // two fill the ring, the first of them after the gap; 3 are lost
				want := []batch{
					{0, 3, []bool{false, false, false, false, false, false}},
					{5, 14, []bool{true, false}},
				}
				if diff := cmp.Diff(want, read()); diff != "" {
					t.Errorf("first reading (-want +got):\n%s", diff)
				}
				step(1)
				if diff := cmp.Diff([]batch{{3, 19, []bool{true}}}, read()); diff != "" {
					t.Errorf("second reading (-want +got):\n%s", diff)
				}
				if got := slow.Lost(); got != 8 {
					t.Errorf("lost %d in all, want 8", got)
				}
				for _, st := range c.Stats().Streams {
					if want := map[string]uint64{"slow": 8, "fast": 0}[st.Name]; st.Lost != want {
						t.Errorf("Stats: stream %s lost %d, want %d", st.Name, st.Lost, want)
					}
				}
				stop()
				fast.check(t, srv)
			})
		})
	}
}

// Breaking out of a loop keeps what was not yielded for the next reader.
func TestBreakLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s := ticks(t, c, kiteticker.StreamConfig{})
		subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(50)...)
		stop := run(c)
		synctest.Wait()
		stop()
		var seqs []uint64
		for len(seqs) < 100 {
			before := len(seqs)
			for tick := range s.All(t.Context()) {
				seqs = append(seqs, tick.Seq)
				if tick.Seq%7 == 0 {
					break
				}
			}
			if len(seqs) == before {
				break // ended
			}
		}
		if len(seqs) != 100 { // a snapshot in quote and one in ltp
			t.Fatalf("got %d ticks, want 100", len(seqs))
		}
		for i, seq := range seqs {
			if seq != uint64(i+1) {
				t.Fatalf("tick %d has number %d", i+1, seq)
			}
		}
	})
}

func TestPanicInTheLoopBodyIsTheUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s := ticks(t, c, kiteticker.StreamConfig{})
		subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(5)...)
		stop := run(c)
		synctest.Wait()
		stop()
		func() {
			defer func() {
				if got := recover(); got != "mine" {
					t.Errorf("recovered %v, want the loop body's own panic", got)
				}
			}()
			for range s.All(t.Context()) {
				panic("mine")
			}
		}()
		n := 0
		for range s.All(t.Context()) { // not "read by two goroutines"
			n++
		}
		if n != 9 {
			t.Errorf("%d ticks after the panic, want the other 9", n)
		}
	})
}

func TestSecondReaderIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
		s := ticks(t, c, kiteticker.StreamConfig{Name: "engine"})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range s.Batches(ctx) {
			}
		}()
		synctest.Wait()
		func() {
			defer func() {
				if msg, _ := recover().(string); !strings.Contains(msg, "engine is read by two goroutines") {
					t.Errorf("recovered %q", msg)
				}
			}()
			s.Poll(0)
		}()
		cancel()
		synctest.Wait()
		if ticks, _ := s.Poll(0); ticks != nil { // the first reader has left
			t.Error("ticks from nowhere")
		}
	})
}

// Streams come and go while ticks flow; those that stay miss nothing.
func TestAttachAndDetachWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Rate: 4})
		c := newClient(t, config(srv))
		stays := keep(t, ticks(t, c, kiteticker.StreamConfig{Name: "stays"}))
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(300)...)
		stop := run(c)
		for range 20 {
			s := ticks(t, c, kiteticker.StreamConfig{Name: "guest"})
			f, err := c.Frames(kiteticker.StreamConfig{})
			if err != nil {
				t.Fatal(err)
			}
			guest := make(chan uint64)
			go func() {
				n := uint64(0)
				for batch, lost := range s.Batches(context.Background()) {
					n += uint64(len(batch)) + lost
				}
				guest <- n
			}()
			time.Sleep(300 * time.Millisecond)
			s.Close()
			f.Close()
			f.Close() // twice is fine
			if n := <-guest; n < 300 {
				t.Errorf("a guest of 300 ms got %d ticks of 300 instruments at 4 a second", n)
			}
		}
		if n := len(c.Stats().Streams); n != 1 {
			t.Errorf("%d streams are attached, want 1", n)
		}
		srv.Pause()
		synctest.Wait()
		stop()
		stays.check(t, srv)
	})
}

// A stream sees its connections only.
func TestStreamOfOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		c := newClient(t, config(srv))
		s := ticks(t, c, kiteticker.StreamConfig{Conns: []int{1}})
		subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(30)...)
		stop := run(c)
		synctest.Wait()
		stop()
		n := 0
		for tick := range s.All(t.Context()) {
			n++
			if id, _ := c.ConnOf(tick.Token); tick.Conn != 1 || id != 1 {
				t.Errorf("a tick of connection %d, token on %d", tick.Conn, id)
			}
		}
		if n != 20 {
			t.Errorf("%d ticks, want 20: two snapshots of ten", n)
		}
	})
}

func TestStreamConfigErrors(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	for want, cfg := range map[string]kiteticker.StreamConfig{
		"Conns has 3, want 0 to 2":  {Conns: []int{0, 3}},
		"Conns has -1, want 0 to 2": {Conns: []int{-1}},
		"Conns has 1 twice":         {Conns: []int{1, 0, 1}},
		"Capacity is -1":            {Capacity: -1},
		"Wait is 9":                 {Wait: 9},
	} {
		if _, err := c.Ticks(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Ticks(%+v): %v, want %q", cfg, err, want)
		}
		if _, err := c.Frames(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Frames(%+v): %v, want %q", cfg, err, want)
		}
	}
}

// A loss that no tick follows is told at the end.
func TestLossAtTheEndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s := ticks(t, c, kiteticker.StreamConfig{Capacity: 8})
		subscribe(t, c, kiteticker.ModeLTP, kitetest.Universe(10)...)
		stop := run(c)
		synctest.Wait()
		stop()
		var got, told uint64
		for batch, lost := range s.Batches(t.Context()) {
			got += uint64(len(batch))
			told += lost
		}
		if got != 8 || told != 12 || s.Lost() != 12 {
			t.Errorf("%d delivered, %d told lost, %d counted, want 8, 12 and 12", got, told, s.Lost())
		}
	})
}
