package kiteticker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
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

func TestFramesAreWhatTheServerSent(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kitetest.NewServer(t, kitetest.Config{Heartbeat: -1})
				cfg := config(srv)
				cfg.Conns, cfg.Profile = 1, profile
				c := newClient(t, cfg)
				s, err := c.Frames(kiteticker.StreamConfig{Capacity: 1 << 16})
				if err != nil {
					t.Fatal(err)
				}
				stop := run(c)
				synctest.Wait()
				sc := srv.Conns()[0]
				sc.Send([]byte{0})
				sc.SendText(`{"type":"message","data":"hi"}`)
				sc.Send([]byte("anything"))
				synctest.Wait()
				// Six of 12 kB: a ring of 64 kB with 16 kB records has room for five.
				for i := range 6 {
					sc.Send(append([]byte{byte(i)}, make([]byte, 12000)...))
				}
				synctest.Wait()
				lost := s.Lost()
				if lost == 0 {
					t.Error("nothing was lost: the ring is larger than this test thinks")
				}
				type frame struct {
					Text bool
					Data string
					Size int
					Lost uint64
				}
				var got []frame
				stopped := false
				for f, lost := range s.All(t.Context()) {
					data := string(f.Data)
					if len(data) > 100 {
						data = data[:1]
					}
					got = append(got, frame{f.Text, data, len(f.Data), lost})
					if s.Len() <= len(f.Data)+64 && !stopped {
						stopped = true
						sc.Send([]byte("after the loss"))
						synctest.Wait()
						stop()
					}
				}
				want := []frame{
					{false, "\x00", 1, 0},
					{true, `{"type":"message","data":"hi"}`, 30, 0},
					{false, "anything", 8, 0},
				}
				for i := range 6 - int(lost) {
					want = append(want, frame{false, string(rune(i)), 12001, 0})
				}
				want = append(want, frame{false, "after the loss", 14, lost})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestEventsOfEveryKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Hello: true})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		events, err := c.Events("all")
		if err != nil {
			t.Fatal(err)
		}
		stop := run(c)
		synctest.Wait()
		sc := srv.Conns()[0]
		sc.SendText(`{"type":"order","data":{"order_id":"1","status":"OPEN PENDING","price":10.5}}`)
		sc.SendText(`{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`)
		sc.SendText(`{"type":"message","data":"Markets are closed"}`)
		sc.SendText(`{"type":"novelty","data":[1]}`)
		sc.SendText(`not JSON`)
		sc.Send([]byte{0, 2, 0, 8, 0, 6, 58, 1, 0, 0, 39, 16, 0, 44, 1}) // two announced, one whole
		synctest.Wait()
		stop()
		var kinds []string
		for e := range events.All(t.Context()) {
			if e.Conn != 0 || e.At.IsZero() {
				t.Errorf("event %+v has no source or time", e)
			}
			switch d := e.Data.(type) {
			case *kiteticker.StateChange:
				kinds = append(kinds, "state "+d.To.String())
			case *kiteticker.Order:
				kinds = append(kinds, "order "+string(d.Status))
			case *kiteticker.ServerError:
				kinds = append(kinds, "error")
			case *kiteticker.Notice:
				kinds = append(kinds, "notice")
			case *kiteticker.InstrumentsMeta:
				kinds = append(kinds, "instruments_meta")
			case *kiteticker.AppCode:
				kinds = append(kinds, "app_code")
			case *kiteticker.UnknownText:
				kinds = append(kinds, "unknown "+d.Type)
			case *kiteticker.BadText:
				kinds = append(kinds, "bad")
			case *kiteticker.DamagedMessage:
				kinds = append(kinds, "damaged")
				if !errors.Is(d.Err, kiteticker.ErrTruncated) || d.Count != 1 || d.Size != 15 || len(d.Head) != 15 {
					t.Errorf("damage is %+v", d)
				}
			default:
				t.Errorf("event of type %T", d)
			}
		}
		want := []string{
			"state dialing", "state live", "instruments_meta", "app_code", "order OPEN PENDING",
			"error", "notice", "unknown novelty", "bad", "damaged", "state stopped",
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		cs := c.Stats().Conns[0]
		if cs.Damaged != 1 || cs.Ticks != 1 || cs.Texts != 7 {
			t.Errorf("stats: %d damaged, %d ticks, %d texts, want 1, 1, 7", cs.Damaged, cs.Ticks, cs.Texts)
		}
	})
}

// Damage is reported at most once a second, with the number of messages.
func TestDamageReportsAreRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		events, _ := c.Events("")
		stop := run(c)
		synctest.Wait()
		sc := srv.Conns()[0]
		for range 40 {
			sc.Send([]byte{0, 1, 0, 164}) // a packet cut short
			time.Sleep(100 * time.Millisecond)
		}
		stop()
		reports, damaged := 0, 0
		for e := range events.All(t.Context()) {
			if d, ok := e.Data.(*kiteticker.DamagedMessage); ok {
				reports++
				damaged += d.Count
			}
		}
		if reports != 4 || damaged != 31 { // the last nine wait for a next report
			t.Errorf("%d reports of %d messages, want 4 of 31", reports, damaged)
		}
		if n := c.Stats().Conns[0].Damaged; n != 40 {
			t.Errorf("%d counted, want 40", n)
		}
	})
}

func TestEventStreamClose(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	s, err := c.Events("watch")
	if err != nil || s.Name() != "watch" {
		t.Fatalf("Events: %v", err)
	}
	s.Close()
	s.Close()
	for range s.All(t.Context()) {
		t.Error("an event after Close")
	}
}

// Orders arrive whether or not ticks are read, and with no subscription.
func TestOrdersNeedNoSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		events, _ := c.Events("")
		stop := run(c)
		synctest.Wait()
		for i := range 5000 {
			srv.SendOrder(map[string]any{"order_id": "x", "filled_quantity": i})
		}
		synctest.Wait()
		stop()
		n := 0
		for e := range events.All(t.Context()) {
			if o, ok := e.Data.(*kiteticker.Order); ok {
				if o.FilledQuantity != float64(n) {
					t.Fatalf("order %d is %s", n, o.Data)
				}
				n++
			}
		}
		if n != 5000 {
			t.Errorf("%d orders, want 5000", n)
		}
	})
}

// An unknown segment is flagged and counted, and a Segments entry teaches it.
func TestSegmentOverride(t *testing.T) {
	for _, known := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := kitetest.NewServer(t, kitetest.Config{})
			cfg := config(srv)
			cfg.Conns = 1
			if known {
				cfg.Segments = []decode.Segment{{Code: 13, Name: "NEW", Decimals: 4}}
			}
			c := newClient(t, cfg)
			s := ticks(t, c, kiteticker.StreamConfig{})
			stop := run(c)
			synctest.Wait()
			srv.Conns()[0].Send([]byte{0, 1, 0, 8, 0, 0, 1, 13, 0, 1, 0xe2, 0x40}) // 123456
			synctest.Wait()
			stop()
			for tick := range s.All(t.Context()) {
				price := string(tick.AppendPrice(nil, tick.LastPrice))
				flagged := tick.Flags&kiteticker.FlagUnknownSegment != 0
				if want := map[bool]string{false: "1234.56", true: "12.3456"}[known]; price != want || flagged == known {
					t.Errorf("known=%v: price %s, flagged %v, want %s", known, price, flagged, want)
				}
			}
			if n := c.Stats().Conns[0].UnknownSegments; (n == 0) != known {
				t.Errorf("known=%v: %d counted", known, n)
			}
		})
	}
}
