package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

const infy = 408065

// tick is the n-th update of an instrument, in a message sent at the given time.
func tick(n uint32, at int64) kiteticker.Tick {
	return kiteticker.Tick{
		Token: infy, Mode: decode.ModeQuote, Volume: n, LastPrice: int32(n),
		TotalBuyQuantity: uint32(at >> 32), TotalSellQuantity: uint32(at),
	}
}

// The start of every story, in ns: whatever a test calls time 1 is after it.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// story tells an auditor what happened, one word each:
//
//	s1.3   update 3 is sent on socket 1     r3    and received
//	g3     and received with FlagGap        o3-5  an outage from 3 to 5 is told
//	u s    the user unsubscribes, subscribes
//	a3     update 3 is received, altered
//
// Update n is sent at time 10n plus its socket, so copies differ in time.
func story(a *auditor, words string) {
	var sentOn [10]int64
	at := func(n byte) int64 { return epoch + 10*int64(n-'0') }
	for _, w := range strings.Fields(words) {
		switch n := w[len(w)-1]; w[0] {
		case 's':
			if len(w) == 1 {
				a.each([]uint32{infy}, func(b *book) { b.absent.latest().to = b.newest + 5 })
				continue
			}
			t := tick(uint32(n-'0'), at(n)+int64(w[1]-'0'))
			sentOn[n-'0'] = at(n) + int64(w[1]-'0')
			a.sent(int(w[1]-'0'), &t)
		case 'r', 'g', 'a':
			t := tick(uint32(n-'0'), sentOn[n-'0'])
			if len(w) == 3 { // r13: as sent on socket 1
				t = tick(uint32(n-'0'), at(n)+int64(w[1]-'0'))
			}
			if w[0] == 'g' {
				t.Flags = kiteticker.FlagGap
			}
			if w[0] == 'a' {
				t.LastPrice++
			}
			a.received([]kiteticker.Tick{t}, 0)
		case 'o':
			a.event(kiteticker.Event{Data: &kiteticker.Outage{
				From: time.Unix(0, at(w[1])), To: time.Unix(0, at(w[3])), Tokens: []uint32{infy},
			}})
		case 'u':
			a.each([]uint32{infy}, func(b *book) { b.absent.add(span{b.newest + 1, forever}) })
		}
	}
}

func TestAuditor(t *testing.T) {
	for _, tt := range []struct {
		name, story string
		want        sums
	}{
		{"all arrive", "s1.1 r1 s1.2 s1.3 r2 r3", sums{Sent: 3, Received: 3}},
		{"one is lost", "s1.1 r1 s1.2 s1.3 r3", sums{Sent: 3, Received: 2, Unseen: 1}},
		{"the first is lost", "s1.1 s1.2 r2", sums{Sent: 2, Received: 1, InGaps: 1, Unexplained: 1}},
		{"the last is lost", "s1.1 r1 s1.2", sums{Sent: 2, Received: 1, Unseen: 1}},
		{"duplicate", "s1.1 r1 s1.2 r2 r2", sums{Sent: 2, Received: 2, Duplicates: 1}},
		{"swapped", "s1.1 s1.2 s1.3 r1 r3 r2", sums{Sent: 3, Received: 2, Unseen: 1, Reordered: 1}},
		{"altered", "s1.1 r1 s1.2 a2", sums{Sent: 2, Received: 1, Unseen: 1, Altered: 1}},
		{"never sent", "s1.1 r1 r12", sums{Sent: 1, Received: 1, Altered: 1}},
		{"outage", "s1.1 r1 s1.2 s2.4 g4 o1-3", sums{Sent: 3, Received: 2, InGaps: 1, Flagged: 1, Outages: 1}},
		{"outage told first", "s1.1 r1 s1.2 o1-3 s2.4 g4", sums{Sent: 3, Received: 2, InGaps: 1, Flagged: 1, Outages: 1}},
		{"outage not flagged", "s1.1 r1 s1.2 o1-3 s2.4 r4", sums{Sent: 3, Received: 2, Unseen: 1, Outages: 1}},
		{"gap not told", "s1.1 r1 s1.2 s2.4 g4", sums{Sent: 3, Received: 2, InGaps: 1, Flagged: 1, Unexplained: 1}},
		{"gap told at another time", "s1.1 r1 s1.2 s2.4 g4 o6-7", sums{Sent: 3, Received: 2, InGaps: 1, Flagged: 1, Unexplained: 1, Outages: 1}},
		{"outage at the end", "s1.1 r1 s1.2 o1-3", sums{Sent: 2, Received: 1, InGaps: 1, Outages: 1}},
		{"lost after an outage", "s1.1 r1 o1-3 s2.4 g4 s2.5 s2.6 r6", sums{Sent: 4, Received: 3, Flagged: 1, Unseen: 1, Outages: 1}},
		{"copy from a dead socket", "s1.1 r1 o1-2 s2.2 g2 s1.3 s2.3 r23", sums{Sent: 4, Received: 3, Flagged: 1, Copies: 1, Outages: 1}},
		{"copy after its update", "s2.1 r1 s2.2 r22 s3.2 s2.3 r23", sums{Sent: 4, Received: 3, Copies: 1}},
		{"no copy: another update", "s2.1 r1 s3.2 s2.3 r23", sums{Sent: 3, Received: 2, Unseen: 1}},
		{"unsubscribed", "s1.1 r1 u s1.2 s s2.4 r4", sums{Sent: 3, Received: 2, Unasked: 1}},
		{"unsubscribed for good", "s1.1 r1 u s1.2", sums{Sent: 2, Received: 1, Unasked: 1}},
		{"unsubscribed before", "s1.1 u s r1 s1.2 r2 s1.3 s1.4 r4", sums{Sent: 4, Received: 3, Unseen: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAuditor([]uint32{infy})
			story(a, strings.ReplaceAll(tt.story, ".", ""))
			got, notes := a.settle()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s%q", diff, notes)
			}
		})
	}
}

// The exchange enters a packet after it has written it, so the reader may be
// first, even by several.
func TestAuditorHearsOfArrivalFirst(t *testing.T) {
	a := newAuditor([]uint32{infy})
	one, two, three := tick(1, epoch+1), tick(2, epoch+2), tick(3, epoch+3)
	a.received([]kiteticker.Tick{one, two}, 0)
	a.sent(0, &one)
	a.received([]kiteticker.Tick{three}, 0)
	a.sent(0, &two)
	a.sent(0, &three)
	got, notes := a.settle()
	if want := (sums{Sent: 3, Received: 3}); got != want {
		t.Errorf("got %+v, want %+v: %q", got, want, notes)
	}
}

func TestSumsBroken(t *testing.T) {
	s := sums{Sent: 10, Received: 4, InGaps: 3, Copies: 1, Unasked: 1, Unseen: 1, Flagged: 9}
	if got, want := s.broken(), []string{"lost unseen: 1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	s = sums{Sent: 2, Received: 1, Duplicates: 1, Reordered: 2, Altered: 3, Unexplained: 4, Overflowed: 5}
	want := []string{"duplicates: 1", "reordered: 2", "altered: 3", "gaps unexplained: 4", "overflowed: 5",
		"1 ticks accounted for, 2 sent"}
	if got := s.broken(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTickedSinceAndUpToDate(t *testing.T) {
	a := newAuditor([]uint32{infy})
	tokens := []uint32{infy}
	one := tick(1, epoch+1)
	a.sent(0, &one)
	if a.upToDate(tokens) || a.tickedSince(tokens, time.Unix(0, epoch)) {
		t.Error("up to date before the tick arrived")
	}
	a.received([]kiteticker.Tick{one}, 0)
	if !a.upToDate(tokens) || !a.tickedSince(tokens, time.Unix(0, epoch)) {
		t.Error("not up to date after the tick arrived")
	}
	if a.tickedSince(tokens, time.Unix(0, epoch+1)) {
		t.Error("ticked since its own time")
	}
}
