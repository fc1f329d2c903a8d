package kiteticker_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestStatsCheck(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 15, 0, 0, decode.IST)
	live := kiteticker.ConnStats{State: kiteticker.StateLive, LastByte: now.Add(-time.Second), LastMessage: now.Add(-time.Second), Instruments: 2, Sent: 2}
	quiet, down, behind := live, live, live
	quiet.Conn, quiet.LastByte = 1, now.Add(-3*time.Second)
	down.Conn, down.State = 2, kiteticker.StateBackingOff
	behind.Conn, behind.Sent, behind.BehindSince = 3, 1, now.Add(-time.Minute)
	busy := live // has just been given more
	busy.Sent, busy.BehindSince = 1, now.Add(-time.Second)
	useless := live
	useless.Conn, useless.LastMessage = 4, now.Add(-time.Minute)
	if err := (kiteticker.Stats{At: now, Conns: []kiteticker.ConnStats{live, busy}}).Check(2 * time.Second); err != nil {
		t.Errorf("healthy: %v", err)
	}
	err := (kiteticker.Stats{At: now, Conns: []kiteticker.ConnStats{live, quiet, down, behind, useless}}).Check(2 * time.Second)
	want := "connection 1 is silent for 3s, more than 2s\n" +
		"connection 2 is backing off, not live\n" +
		"connection 3 is carrying 1 of its 2 instruments\n" +
		"connection 4 is alive, but without a message for 1m0s, more than 2s"
	if err == nil || err.Error() != want {
		t.Errorf("Check says\n%v\nwant\n%s", err, want)
	}
	var ue *kiteticker.UnhealthyError
	if !errors.As(err, &ue) || ue.Conn != 1 {
		t.Errorf("the first finding is %v, want connection 1", ue)
	}
}

// A connection that cannot read is not said to be silent: the server may well
// have sent something.
func TestCheckDoesNotBlameTheServer(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 15, 0, 0, decode.IST)
	long := now.Add(-time.Minute)
	conn := func(id int) kiteticker.ConnStats {
		return kiteticker.ConnStats{Conn: id, State: kiteticker.StateLive, LastByte: long, LastMessage: long, RingCap: 4096}
	}
	wait := func(id int, since time.Time) kiteticker.StreamWait {
		return kiteticker.StreamWait{Conn: id, Since: since}
	}
	silent, waits, justNow, full := conn(0), conn(1), conn(2), conn(3)
	silent.RingLen, full.RingLen = 2048, 2049
	err := kiteticker.Stats{
		At: now, Conns: []kiteticker.ConnStats{silent, waits, justNow, full},
		Streams: []kiteticker.StreamStats{
			{Name: "a", Waiting: []kiteticker.StreamWait{wait(1, now.Add(-2*time.Second)), wait(2, now.Add(-time.Millisecond))}},
			{Name: "b", Waiting: []kiteticker.StreamWait{wait(1, now.Add(-9*time.Second))}},
		},
		Events: []kiteticker.EventStreamStats{{Name: "nobody's", Len: 1e6}}, // no fault of the feed
	}.Check(5 * time.Second)
	want := "connection 0 is silent for 1m0s, more than 5s\n" +
		`connection 1 is waiting for the reader of stream "b" for 9s` + "\n" +
		"connection 3 is not reading for 1m0s, more than 5s: 2049 bytes wait in its ring of 4096"
	if err == nil || err.Error() != want {
		t.Errorf("Check says\n%v\nwant\n%s", err, want)
	}
}

// The same with a real stream that blocks, until the socket is not read.
func TestBlockedConnectionIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow *kiteticker.TickStream
		f := newFeed(t, kiteticker.Config{FrameRing: 64 << 10}, few, func(c *kiteticker.Client) {
			slow = ticks(t, c, kiteticker.StreamConfig{Name: "slow", Overflow: kiteticker.Block, Capacity: 4})
		})
		go func() {
			for range 200 { // 150 kB
				f.send()
			}
		}()
		synctest.Wait()
		time.Sleep(time.Minute)
		s := f.client.Stats()
		if c := s.Conns[0]; c.RingWaits == 0 || time.Since(c.LastByte) < time.Minute {
			t.Errorf("the connection still reads: %d waits, last byte %v ago", c.RingWaits, time.Since(c.LastByte))
		}
		want := `connection 0 is waiting for the reader of stream "slow" for 1m0s`
		if err := s.Check(time.Second); err == nil || err.Error() != want {
			t.Errorf("Check says %v, want %s", err, want)
		}
		slow.Close()
		synctest.Wait()
		f.stop()
	})
}

// A stream of events that nobody reads shows in Stats, and in the log: once, and
// again at each doubling.
func TestUnreadEventsAreWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{})
		var log bytes.Buffer
		cfg := config(srv)
		cfg.Conns, cfg.Logger, cfg.HealthInterval = 1, slog.New(slog.NewTextHandler(&log, nil)), -1
		c := newClient(t, cfg)
		read, _ := c.Events("read")
		unread, _ := c.Events("unread")
		stop := run(c)
		synctest.Wait()
		sent := 0
		send := func(upTo int) {
			for ; sent < upTo; sent++ {
				srv.SendOrder(map[string]any{"order_id": "x", "filled_quantity": sent})
			}
			synctest.Wait()
			for _, more := read.Poll(); more; _, more = read.Poll() {
			}
			time.Sleep(5 * time.Second)
		}
		warned := func() []string {
			synctest.Wait() // nobody writes the log now
			var list []string
			for _, m := range regexp.MustCompile(`msg="events are not read" stream=(\w+) waiting=(\d)`).FindAllStringSubmatch(log.String(), -1) {
				list = append(list, m[1]+" "+m[2])
			}
			return list
		}
		for _, upTo := range []int{9_000, 11_000, 19_000, 21_000} {
			send(upTo)
		}
		if diff := cmp.Diff([]string{"unread 1", "unread 2"}, warned()); diff != "" {
			t.Errorf("warned of, in ten thousands (-want +got):\n%s", diff)
		}
		want := []kiteticker.EventStreamStats{{Name: "read"}, {Name: "unread", Len: unread.Len()}}
		s := c.Stats()
		if !slices.Equal(s.Events, want) || unread.Len() < 21_000 {
			t.Errorf("Stats has the event streams %v, want %v", s.Events, want)
		}
		if err := s.Check(5 * time.Second); err != nil {
			t.Errorf("Check says %v: the feed is well", err)
		}
		for _, more := unread.Poll(); more; _, more = unread.Poll() {
		}
		time.Sleep(5 * time.Second)
		send(32_000) // a new time of neglect
		if diff := cmp.Diff([]string{"unread 1", "unread 2", "unread 1"}, warned()); diff != "" {
			t.Errorf("warned of, in ten thousands (-want +got):\n%s", diff)
		}
		read.Close()
		if s := c.Stats(); len(s.Events) != 1 || s.Events[0].Name != "unread" {
			t.Errorf("after Close, Stats has the event streams %v", s.Events)
		}
		stop()
	})
}

// The periodic line in the log is of its interval, and has nothing empty in it.
func TestHealthLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: kitetest.Universe(9), Rate: 10})
		var log bytes.Buffer
		cfg := config(srv)
		cfg.Conns, cfg.Logger = 1, slog.New(slog.NewTextHandler(&log, nil))
		c := newClient(t, cfg)
		health := collect[*kiteticker.Health](t, c)
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(9)...)
		stop := run(c)
		time.Sleep(12 * time.Second)
		srv.Pause()
		time.Sleep(12 * time.Second)
		stop()
		var keys []string
		for _, line := range regexp.MustCompile(`msg=health .*`).FindAllString(log.String(), -1) {
			set := map[string]bool{}
			for _, m := range regexp.MustCompile(`conn0\.(\w+)=`).FindAllStringSubmatch(line, -1) {
				set[m[1]] = true
			}
			keys = append(keys, strings.Join(slices.Sorted(maps.Keys(set)), " "))
			if strings.Contains(line, "<nil>") {
				t.Errorf("an empty attribute: %s", line)
			}
		}
		busy, calm := "bytes_per_s instruments p50 p99 ring_bytes seen state ticks_per_s", "bytes_per_s instruments ring_bytes seen state ticks_per_s"
		if diff := cmp.Diff([]string{busy, busy, busy, calm}, keys); diff != "" {
			t.Errorf("keys of the health lines (-want +got):\n%s", diff)
		}
		var total uint64
		for _, h := range health() {
			if !h.Changed {
				total += h.Rates[0].Latency.Count
			} else if h.Rates[0].Latency.Count > h.Stats.Conns[0].Latency.Count {
				t.Error("an interval has more messages than there were")
			}
		}
		if s := c.Stats().Conns[0]; total == 0 || total != s.Latency.Count {
			t.Errorf("the intervals have %d latencies, all together %d", total, s.Latency.Count)
		}
	})
}
