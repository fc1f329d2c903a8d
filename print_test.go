package kiteticker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/stats"
)

func micros(values ...int64) stats.Distribution {
	var h stats.Histogram
	for _, v := range values {
		h.Record(v * 1000)
	}
	return h.Snapshot()
}

// Stats and Health print a line for each connection and stream, with what is
// not zero.
func TestStatsPrint(t *testing.T) {
	nine := time.Date(2026, 7, 1, 9, 15, 0, 0, kiteticker.IST)
	s := kiteticker.Stats{
		At: nine, RepeatedOrders: 2,
		Conns: []kiteticker.ConnStats{
			{State: kiteticker.StateLive, LiveSince: nine, Instruments: 3, Sent: 3, Seen: 2, Dials: 1, Sessions: 1, Ticks: 7,
				Errors: kiteticker.ErrorCounts{Silent: 1, TooMany: 2}, Latency: micros(5, 5, 5, 2500),
				Stages: kiteticker.Stages{Queue: micros(1)}},
			{Conn: 1, State: kiteticker.StateBackingOff},
		},
		Streams: []kiteticker.StreamStats{
			{Name: "all", Overflow: kiteticker.Block, Len: 5, Cap: 8, Waits: 1, Waiting: []kiteticker.StreamWait{{Conn: 1, Since: nine}}},
			{Name: "raw", Frames: true, Len: 9, Lost: 4},
		},
		Events: []kiteticker.EventStreamStats{{Name: "log", Len: 3}},
	}
	conn0 := "connection 0 is live since 09:15:00.000: 3 instruments, 3 told, 2 seen; dials=1 sessions=1 ticks=7; " +
		"errors silent=1 too_many=2; latency n=4 p50=5µs p99=2.5ms max=2.5ms; queue n=1 p50=1µs p99=1µs max=1µs"
	conn1 := "connection 1 is backing off: 0 instruments, 0 told, 0 seen"
	rest := "\n" + `stream "all" (block): 5 ticks wait of 8; waits=1; connection 1 waits since 09:15:00.000
frame stream "raw" (drop-newest): 9 bytes wait; lost=4
event stream "log": 3 wait
repeated orders: 2`
	health := &kiteticker.Health{
		Stats: s, Err: errors.Join(&kiteticker.UnhealthyError{Conn: 0, Reason: "a"}, &kiteticker.UnhealthyError{Conn: 1, Reason: "b"}),
		Rates: []kiteticker.Rate{{Messages: 1, Ticks: 2.25, Bytes: 300, Latency: micros(5)}, {}},
	}
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if diff := cmp.Diff(conn0+"\n"+conn1+rest, fmt.Sprintf(verb, s)); diff != "" {
			t.Errorf("%s of Stats (-want +got):\n%s", verb, diff)
		}
		want := "unhealthy: connection 0 is a; connection 1 is b\n" +
			conn0 + "; now 1.0 messages/s, 2.2 ticks/s, 300 bytes/s, latency n=1 p50=5µs p99=5µs max=5µs\n" +
			conn1 + "; now 0.0 messages/s, 0.0 ticks/s, 0 bytes/s" + rest
		if diff := cmp.Diff(want, fmt.Sprintf(verb, health)); diff != "" {
			t.Errorf("%s of Health (-want +got):\n%s", verb, diff)
		}
	}
	if got := fmt.Sprint(kiteticker.Health{}); got != "healthy" {
		t.Errorf("an empty Health prints %q", got)
	}
	text, err := json.Marshal(s)
	if err != nil || len(text) > 4000 || !strings.Contains(string(text), `"Latency":{"count":4,`) {
		t.Errorf("JSON of %d bytes, %v: %s", len(text), err, text)
	}
}

func TestEventsPrint(t *testing.T) {
	nine := time.Date(2026, 7, 1, 9, 15, 0, 0, kiteticker.IST)
	later := nine.Add(1500 * time.Millisecond)
	reason := errors.New("why")
	for _, tc := range []struct {
		conn int
		data any
		want string
	}{
		{0, &kiteticker.StateChange{From: kiteticker.StateDialing, To: kiteticker.StateLive}, "connection 0: live, was dialing"},
		{1, &kiteticker.StateChange{From: kiteticker.StateLive, To: kiteticker.StateBackingOff, Attempt: 2, Delay: time.Second, Err: reason},
			"connection 1: backing off, was live, attempt 2, for 1s: why"},
		{0, &kiteticker.Outage{From: nine, To: later, Reason: reason, Tokens: []uint32{1, 2, 3, 4, 5, 6}},
			"connection 0: no data from 09:15:00.000 to 09:15:01.500 of 6 instruments (1 2 3 4 5 ...): why"},
		{0, &kiteticker.Outage{From: nine}, "connection 0: no data since 09:15:00.000 of no instruments"},
		{0, &kiteticker.Reconcile{Account: 1, From: nine, To: later},
			"connection 0: account 1: order updates from 09:15:00.000 to 09:15:01.500 were missed, if there were any"},
		{0, &kiteticker.Unseen{After: 30 * time.Second, Tokens: []uint32{7}}, "connection 0: no tick within 30s of instrument 7"},
		{2, &kiteticker.Moved{From: 0, To: 2, Tokens: []uint32{7, 8}}, "connection 2: from connection 0 to 2 went 2 instruments (7 8)"},
		{0, &kiteticker.RefreshFailed{Err: reason}, "connection 0: account 0: Refresh gave no usable access token: why"},
		{0, &kiteticker.DamagedMessage{Err: kiteticker.ErrTruncated, Count: 3, Size: 2, Head: []byte{0, 255}},
			"connection 0: 3 damaged: decode: truncated message; 2 bytes, beginning with 00ff"},
		{-1, &kiteticker.Health{}, "healthy"},
		{0, &kiteticker.Notice{Message: "Hello"}, `connection 0: notice "Hello"`},
		{0, nil, "connection 0: <nil>"},
	} {
		e := kiteticker.Event{Conn: tc.conn, At: nine, Data: tc.data}
		want := "09:15:00.000 " + tc.want
		for _, verb := range []string{"%v", "%+v"} {
			if got := fmt.Sprintf(verb, e); got != want {
				t.Errorf("%s: %s\nwant %s", verb, got, want)
			}
		}
	}
}

// Every event of a connection that works and fails is a few lines, without a
// secret.
func TestEventsPrintBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Hello: true, Rate: 10})
		cfg := config(srv)
		cfg.APIKey, cfg.AccessToken, cfg.Stages = "canary-key", "canary-token", true
		c := newClient(t, cfg)
		events, _ := c.Events("all")
		subscribe(t, c, kiteticker.ModeFull, kitetest.Universe(3000)...)
		stop := run(c)
		time.Sleep(10 * time.Second)
		srv.SendOrder(map[string]any{"order_id": "1", "status": "COMPLETE"})
		srv.Conns()[0].Drop()
		time.Sleep(10 * time.Second)
		stop()
		n := 0
		for e, more := events.Poll(); more; e, more = events.Poll() {
			n++
			for _, text := range []string{fmt.Sprint(e), fmt.Sprintf("%v", e.Data), fmt.Sprintf("%+v", e.Data)} {
				if len(text) > 2500 || strings.Contains(text, "canary") || strings.Contains(text, "0xc0") {
					t.Errorf("%T prints %d bytes: %s", e.Data, len(text), text)
				}
			}
		}
		if n < 20 {
			t.Errorf("only %d events", n)
		}
	})
}
