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
			if _, ok := e.Data.(*kiteticker.Health); ok {
				continue // has a test of its own
			}
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
		if reports != 5 || damaged != 40 { // the last nine are told when the socket ends
			t.Errorf("%d reports of %d messages, want 5 of 40", reports, damaged)
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

func TestSecondEventReaderIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
		s, _ := c.Events("orders")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for range s.All(ctx) {
			}
		}()
		synctest.Wait()
		for name, read := range map[string]func(){
			"All":  func() { s.All(ctx)(func(kiteticker.Event) bool { return true }) },
			"Poll": func() { s.Poll() },
		} {
			func() {
				defer func() {
					if msg, _ := recover().(string); !strings.Contains(msg, "orders is read by two goroutines") {
						t.Errorf("%s: recovered %q", name, msg)
					}
				}()
				read()
			}()
		}
	})
}

// Poll gives what waits and never blocks; Done says when that is all there will
// be.
func TestEventPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		s, _ := c.Events("")
		closed, _ := c.Events("")
		states := func() (list []string) {
			for {
				e, ok := s.Poll()
				if !ok {
					return list
				}
				if change, ok := e.Data.(*kiteticker.StateChange); ok {
					list = append(list, change.To.String())
				}
			}
		}
		over := func(s *kiteticker.EventStream) bool {
			select {
			case <-s.Done():
				return true
			default:
				return false
			}
		}
		if got := states(); got != nil {
			t.Errorf("before Run: %q", got)
		}
		stop := run(c)
		synctest.Wait()
		if diff := cmp.Diff([]string{"dialing", "live"}, states()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if over(s) || over(closed) {
			t.Error("Done although the client runs")
		}
		closed.Close()
		if _, ok := closed.Poll(); ok || !over(closed) || over(s) {
			t.Errorf("after Close: an event is %v, Done %v, of another stream %v", ok, over(closed), over(s))
		}
		stop()
		if !over(s) {
			t.Error("not Done although the client has ended")
		}
		if diff := cmp.Diff([]string{"stopped"}, states()); diff != "" {
			t.Errorf("states after the end (-want +got):\n%s", diff)
		}
	})
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
