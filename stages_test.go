package kiteticker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Each stage measures its own part of a message's way: here the parser is held
// up by a stream that blocks, and a reader sleeps.
func TestStages(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kitetest.NewServer(t, kitetest.Config{Instruments: few, Heartbeat: -1})
				cfg := config(srv)
				cfg.Conns, cfg.Profile, cfg.Stages = 1, profile, true
				cfg.Liveness, cfg.HealthInterval = time.Hour, -1
				c := newClient(t, cfg)
				slow := ticks(t, c, kiteticker.StreamConfig{Name: "slow"})
				conflating := ticks(t, c, kiteticker.StreamConfig{Name: "conflating", Overflow: kiteticker.Conflate})
				subscribe(t, c, kiteticker.ModeFull, few...)
				stop := run(c)
				synctest.Wait() // two messages
				time.Sleep(time.Second)
				for s, n := range map[*kiteticker.TickStream]int{slow: 8, conflating: 4} {
					if ticks, _ := s.Poll(0); len(ticks) != n {
						t.Errorf("%s has %d ticks, want %d", s.Name(), len(ticks), n)
					}
					s.Release()
				}
				for _, st := range c.Stats().Streams {
					// The clock stands still but for the reader's sleep.
					if st.Delivery.Count != 1 || st.Delivery.Max != int64(time.Second) {
						t.Errorf("%s: %d deliveries, the longest took %v", st.Name, st.Delivery.Count, time.Duration(st.Delivery.Max))
					}
				}
				queued, parked := uint64(0), uint64(2)
				if profile == kiteticker.Balanced {
					recorder := ticks(t, c, kiteticker.StreamConfig{Overflow: kiteticker.Block, Capacity: 2})
					srv.Step()
					srv.Step() // waits in the frame ring
					time.Sleep(3 * time.Second)
					go func() {
						for range recorder.Batches(context.Background()) {
						}
					}()
					synctest.Wait()
					queued, parked = 4, 4
				}
				st := c.Stats().Conns[0].Stages
				if st.Read.Count != parked || st.Queue.Count != queued || st.Decode.Count != parked {
					t.Errorf("measured %d, %d and %d messages, want %d, %d and %d", st.Read.Count, st.Queue.Count, st.Decode.Count, parked, queued, parked)
				}
				if queued > 0 && (st.Read.Max != 0 || st.Queue.Max != int64(3*time.Second) || st.Decode.Max != int64(3*time.Second)) {
					t.Errorf("the longest read took %d ns, wait %d, decoding %d", st.Read.Max, st.Queue.Max, st.Decode.Max)
				}
				stop()
			})
		})
	}
}

// Nobody measures unless asked to.
func TestStagesAreOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *kiteticker.TickStream
		f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) { s = ticks(t, c, kiteticker.StreamConfig{}) })
		f.round()
		s.Poll(0)
		st := f.client.Stats()
		if n := st.Conns[0].Stages.Read.Count + st.Conns[0].Stages.Decode.Count + st.Streams[0].Delivery.Count; n != 0 {
			t.Errorf("%d measurements", n)
		}
		f.stop()
	})
}
