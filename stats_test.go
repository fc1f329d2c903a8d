package kiteticker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
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
