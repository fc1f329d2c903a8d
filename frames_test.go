package kiteticker_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

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
