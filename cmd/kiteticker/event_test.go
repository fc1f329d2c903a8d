package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

func TestDescribeEvent(t *testing.T) {
	from := time.Date(2026, 9, 1, 4, 0, 0, 250e6, time.UTC) // 9:30 in Mumbai
	to := from.Add(5333 * time.Millisecond)
	six := []uint32{408065, 884737, 256265, 1270529, 738561, 5633}
	unreachable := &kiteticker.HandshakeError{Conn: 1, Err: errors.New("dial tcp 127.0.0.1:1: connection refused")}
	for _, tc := range []struct {
		data any
		want string
	}{
		{&kiteticker.StateChange{To: kiteticker.StateLive}, "connection 1: live"},
		{&kiteticker.StateChange{To: kiteticker.StateStale}, "connection 1: stale"},
		{&kiteticker.StateChange{To: kiteticker.StateBackingOff, Delay: 1234567 * time.Microsecond, Err: kiteticker.ErrSilent},
			"connection 1: backing off for 1.235s: server went silent"},
		{&kiteticker.StateChange{Conn: 1, To: kiteticker.StateBackingOff, Delay: time.Second, Err: unreachable},
			"connection 1: backing off for 1s: dial tcp 127.0.0.1:1: connection refused"},
		{&kiteticker.StateChange{Conn: 1, To: kiteticker.StateStopped, Err: &kiteticker.AttemptsError{Conn: 1, Attempts: 3, Err: unreachable}},
			"connection 1: stopped: gave up after 3 attempts: dial tcp 127.0.0.1:1: connection refused"},
		{&kiteticker.StateChange{Conn: 1, To: kiteticker.StateRefused, Err: &kiteticker.HandshakeError{Conn: 1, StatusCode: 418}},
			"connection 1: refused: server refused the connection with HTTP 418 I'm a teapot"},
		{&kiteticker.StateChange{To: kiteticker.StateStopped}, ""},
		{&kiteticker.Outage{Conn: 1, From: from, To: to, Reason: kiteticker.ErrSilent, Tokens: six},
			"connection 1: no data from 09:30:00.250 to 09:30:05.583, 5.333s, of 6 instruments (408065, 884737, 256265, 1270529, 738561, ...): server went silent"},
		{&kiteticker.Outage{Conn: 1, From: from, Reason: unreachable, Tokens: six[:1]},
			"connection 1: no data since 09:30:00.250, nor will there be any, of 1 instrument (408065): dial tcp 127.0.0.1:1: connection refused"},
		{&kiteticker.Outage{From: from, To: to}, "connection 1: no data from 09:30:00.250 to 09:30:05.583, 5.333s, of no instruments"},
		{&kiteticker.Unseen{Conn: 1, After: 30 * time.Second, Tokens: six[:2]}, "connection 1: no tick in 30s of 2 instruments (408065, 884737)"},
		{&kiteticker.Moved{From: 2, To: 1, Tokens: six[:5]},
			"connection 1: took over from connection 2: 5 instruments (408065, 884737, 256265, 1270529, 738561)"},
		{&kiteticker.Reconcile{From: from, To: to}, "connection 1: order updates from 09:30:00.250 to 09:30:05.583 were missed, if there were any"},
		{&kiteticker.Health{}, ""},
		{&kiteticker.Health{Changed: true}, "healthy"},
		{&kiteticker.Health{Err: errors.New("as before")}, ""},
		{&kiteticker.Health{Changed: true, Err: errors.Join(errors.New("connection 0 is refused, not live"), errors.New("connection 1 is silent"))},
			"unhealthy: connection 0 is refused, not live; connection 1 is silent"},
		{&kiteticker.DamagedMessage{Err: decode.ErrTruncated, Count: 3}, "connection 1: 3 damaged messages: decode: truncated message"},
		{&kiteticker.DamagedMessage{Err: decode.ErrPacketLength, Count: 1}, "connection 1: 1 damaged message: decode: unknown packet length"},
		{&decode.AppCode{}, ""},
		{&decode.UnknownText{Raw: []byte(strings.Repeat("x", 300))}, `connection 1: of unknown type: "` + strings.Repeat("x", 200) + `"`},
		{42, "connection 1: int"},
	} {
		if got := describeEvent(kiteticker.Event{Conn: 1, Data: tc.data}); got != tc.want {
			t.Errorf("event is told as\n%q, want\n%q\nof %s", got, tc.want, fmt.Sprintf("%T %+v", tc.data, tc.data))
		}
	}
}
