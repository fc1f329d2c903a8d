package kitetest_test

import (
	"testing"
	"testing/synctest"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestSnapshotThenStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065,256265]}`)
		got := packets(t, c.next(ws.OpBinary))
		if len(got) != 2 || len(got[0]) != 44 || len(got[1]) != 28 {
			t.Fatalf("subscribe was answered with %d packets: %x", len(got), got)
		}
		c.text(`{"a":"mode","v":["full",[408065]]}`)
		got = packets(t, c.next(ws.OpBinary))
		if len(got) != 1 || len(got[0]) != 184 || token(got[0]) != 408065 {
			t.Fatalf("mode was answered with %d packets: %x", len(got), got)
		}
		if n := s.Step(); n != 2 {
			t.Errorf("Step sent %d ticks, want 2", n)
		}
		if got = packets(t, c.next(ws.OpBinary)); len(got) != 2 {
			t.Errorf("Step sent %d packets, want 2", len(got))
		}
	})
}
