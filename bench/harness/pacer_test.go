package harness

import (
	"slices"
	"testing"
	"time"

	"github.com/loov/hrtime"
)

// fakeClock wakes late by what its timer is late.
type fakeClock struct{ at, late int64 }

func (c *fakeClock) now() int64 { return c.at }

func (c *fakeClock) until(t int64) int64 {
	c.at = max(c.at, t) + c.late
	return c.at
}

// A client that does not read for a while pays for each frame that waits
// meanwhile: they count from when they were planned, and none is left out. What
// the exchange's timer is late is not the client's doing.
func TestNothingIsOmitted(t *testing.T) {
	const gap = int64(2 * time.Millisecond)
	p := &pacer{load: Load{Name: "test", Conns: 1, Instruments: 1, Packets: 1, Rate: 500}, total: 20 * time.Duration(gap), start: 1000}
	c := &fakeClock{at: 1000, late: 7}
	var dues, sent []int64
	fin := p.pace(c, func(slot, due int64) error {
		dues, sent = append(dues, due-p.start), append(sent, c.at-p.start)
		if slot == 5 {
			c.at += 9*gap + gap/2 // the socket is full
		}
		return nil
	})
	var wantDues, wantSent []int64
	for slot := range int64(20) {
		due, at := slot*gap+7, slot*gap+7 // when the timer fired
		switch {
		case slot == 0:
			due, at = 0, 0
		case slot > 5 && slot < 15: // they waited for the socket
			due, at = slot*gap, 5*gap+7+9*gap+gap/2
		}
		wantDues, wantSent = append(wantDues, due), append(wantSent, at)
	}
	if !slices.Equal(dues, wantDues) || !slices.Equal(sent, wantSent) {
		t.Errorf("due  %v\nwant %v\nsent %v\nwant %v", dues, wantDues, sent, wantSent)
	}
	if fin.Frames != 20 || fin.Late != 9 || fin.Err != "" {
		t.Errorf("%+v, want 20 frames, 9 of them late", fin)
	}
}

// Without a stall, no frame is sent before it is due, nor due before it is
// planned, and the wait for each is to the point.
func TestWaitUntil(t *testing.T) {
	for range 20 {
		planned := int64(hrtime.Now() + 300*time.Microsecond)
		if woke := waitUntil(planned); woke < planned {
			t.Fatalf("woke %v early", time.Duration(planned-woke))
		}
	}
	if past := int64(hrtime.Now()) - 1; waitUntil(past) < past {
		t.Error("woke before the present")
	}
}
