package kiteticker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker"
)

// What was lost after the last tick is told once, when nothing can follow.
func TestPollTellsTheLastLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *kiteticker.TickStream
		f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) {
			s = ticks(t, c, kiteticker.StreamConfig{Capacity: 2})
		})
		f.round()
		var got, told []int
		poll := func() {
			ticks, lost := s.Poll(-1)
			got, told = append(got, len(ticks)), append(told, int(lost))
			s.Release()
		}
		poll() // two; two are lost
		poll() // more may follow
		f.stop()
		select {
		case <-s.Done():
		default:
			t.Error("the stream of a client that has ended is not done")
		}
		poll()
		poll()
		if !slices.Equal(got, []int{2, 0, 0, 0}) || !slices.Equal(told, []int{0, 0, 2, 0}) {
			t.Errorf("got %v ticks, told of %v lost", got, told)
		}
	})
}

// What Poll lent is one goroutine's until Release, so that a second reader
// cannot give it back under the first one's hands.
func TestPollNeedsRelease(t *testing.T) {
	for _, overflow := range []kiteticker.Overflow{kiteticker.DropNewest, kiteticker.Conflate} {
		synctest.Test(t, func(t *testing.T) {
			var s *kiteticker.TickStream
			f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) {
				s = ticks(t, c, kiteticker.StreamConfig{Name: "engine", Overflow: overflow})
			})
			s.Release() // nothing is lent: nothing happens
			f.round()
			mine, _ := s.Poll(2)
			refused := make(chan string)
			go func() {
				defer func() {
					msg, _ := recover().(string)
					refused <- msg
				}()
				s.Poll(2)
			}()
			if msg := <-refused; !strings.Contains(msg, "engine") || !strings.Contains(msg, "polled before Release") {
				t.Errorf("the second reader recovered %q", msg)
			}
			for i := range mine {
				derivedFrom(t, &mine[i])
			}
			s.Release()
			if rest, _ := s.Poll(0); len(rest) != 2 {
				t.Errorf("%d ticks are left, want 2", len(rest))
			}
			s.Release()
			f.stop()
		})
	}
}
