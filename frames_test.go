package kiteticker_test

import (
	"slices"
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
				cfg.Conns, cfg.Profile, cfg.FrameRing = 1, profile, 1<<16
				c := newClient(t, cfg)
				s, err := c.Frames(kiteticker.StreamConfig{})
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

// Every message that a connection takes fits a stream's ring: the snapshot of
// 3,000 instruments, and the longest that the smallest frame ring allows.
func TestFramesTakeEveryMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(3000)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Heartbeat: -1})
		cfg := config(srv)
		cfg.Conns = 1
		c := newClient(t, cfg)
		if s, err := c.Frames(kiteticker.StreamConfig{Capacity: 1 << 20}); err == nil {
			t.Errorf("a ring that a snapshot does not fit is accepted: %v", s)
		}
		s, err := c.Frames(kiteticker.StreamConfig{Overflow: kiteticker.Block})
		if err != nil {
			t.Fatal(err)
		}
		subscribe(t, c, kiteticker.ModeFull, tokens...)
		stop := run(c)
		synctest.Wait()
		sc := srv.Conns()[0]
		const longest = 4<<20/4 - 8 // a quarter of the ring, without its number
		sc.Send(make([]byte, longest))
		synctest.Wait()
		stop()
		sizes, lost := []int{}, uint64(0)
		for frame, n := range s.All(t.Context()) {
			lost += n
			sizes = append(sizes, len(frame.Data))
		}
		if lost+s.Lost() != 0 || slices.Max(sizes) != longest {
			t.Errorf("messages of %v bytes, %d lost", sizes, s.Lost())
		}
	})
}

// What is lost after the last message is told at the end.
func TestFramesTellTheLastLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *kiteticker.FrameStream
		f := newFeed(t, kiteticker.Config{FrameRing: 1 << 16}, few, func(c *kiteticker.Client) {
			var err error
			if s, err = c.Frames(kiteticker.StreamConfig{}); err != nil {
				t.Fatal(err)
			}
		})
		for range 10 {
			f.conn.Send(make([]byte, 14000))
		}
		synctest.Wait()
		f.stop()
		got, told := 0, uint64(0)
		for frame, lost := range s.All(t.Context()) {
			if told += lost; frame.Data != nil {
				got++
			}
		}
		if told == 0 || uint64(got)+told != 10 || told != s.Lost() || s.Stats().LostOn[0] != told {
			t.Errorf("10 sent, %d received, %d told lost, Lost says %d", got, told, s.Lost())
		}
		for range s.All(t.Context()) {
			t.Error("told twice")
		}
	})
}

// A recorder that blocks gets every message, and polls in its own time.
func TestFramesPollAndBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *kiteticker.FrameStream
		f := newFeed(t, kiteticker.Config{FrameRing: 1 << 16}, few, func(c *kiteticker.Client) {
			var err error
			if s, err = c.Frames(kiteticker.StreamConfig{Overflow: kiteticker.Block}); err != nil {
				t.Fatal(err)
			}
		})
		if _, _, ok := s.Poll(); ok {
			t.Error("a message from nowhere")
		}
		s.Release() // nothing is lent: nothing happens
		const n = 40
		go func() {
			for i := range n { // four fill the ring
				f.conn.Send(append([]byte{byte(i)}, make([]byte, 14000)...))
			}
		}()
		synctest.Wait()
		if st := f.client.Stats().Streams[0]; st.Waits != 1 || len(st.Waiting) != 1 || st.Overflow != kiteticker.Block {
			t.Errorf("with a full ring: %+v", st)
		}
		for i := range n {
			frame, lost, ok := s.Poll()
			if !ok || lost != 0 || frame.Data[0] != byte(i) || frame.Seq != uint64(i+1) || len(frame.Data) != 14001 {
				t.Fatalf("message %d: %d bytes, number %d, %d lost, %v", i, len(frame.Data), frame.Seq, lost, ok)
			}
			if i == 0 {
				func() {
					defer func() {
						if recover() == nil {
							t.Error("a Poll before Release gives nothing away")
						}
					}()
					s.Poll()
				}()
			}
			s.Release()
			synctest.Wait()
		}
		if s.Lost() != 0 || s.Len() != 0 {
			t.Errorf("%d lost, %d bytes wait", s.Lost(), s.Len())
		}
		f.stop()
	})
}
