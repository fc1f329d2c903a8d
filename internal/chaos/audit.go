package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// auditor accounts for every tick that the exchange sent. It hears of ticks
// from both ends, in the order of each instrument: from the exchange as they
// are handed to a socket, and from the reader of the client's stream.
type auditor struct {
	index map[uint32]int // token to book; not written after newAuditor

	mu    sync.Mutex
	books []book
	sums  sums
	notes []string // the first few things that were wrong
	bytes []byte   // reused
}

// packet is what a book keeps of one tick.
type packet struct {
	at     int64  // when its message was sent, Unix ns: growing, and unique, for each instrument
	digest uint64 // of its bytes
	update uint32 // the instrument's volume, which grows with each update
	socket int32  // the exchange's number of it
	gap    bool   // FlagGap
}

// book is the account of one instrument.
type book struct {
	token  uint32
	newest int64    // time of the latest packet sent
	sent   []packet // not accounted for, oldest first
	early  []packet // received before the exchange had entered them: it does so after the write
	last   packet   // received latest

	told   spans // outages and moves that name the instrument
	absent spans // when the user had unsubscribed
	gap    span  // a gap that waits for its outage or move to be told
}

// newAuditor opens the books of tokens.
func newAuditor(tokens []uint32) *auditor {
	a := &auditor{index: make(map[uint32]int, len(tokens)), books: make([]book, len(tokens))}
	const outage = 32 // packets, at once: the books must not grow while memory is measured
	for i, token := range tokens {
		a.index[token] = i
		a.books[i] = book{token: token, sent: make([]packet, 0, outage)}
	}
	return a
}

// sent enters a packet that was handed to a socket: kitetest.Config.OnTick.
func (a *auditor) sent(socket int, t *decode.Tick) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, p, ok := a.enter(t)
	if !ok || p.at <= b.newest {
		a.note("the exchange sent %d at %d, after %d: the clock was set back", t.Token, p.at, b.newest)
		a.sums.Altered++
		return
	}
	p.socket = int32(socket)
	b.newest = p.at
	b.sent = append(b.sent, p)
	a.sums.Sent++
	for len(b.early) > 0 && b.early[0].at <= b.newest {
		early := b.early[0]
		b.early = slices.Delete(b.early, 0, 1)
		a.match(b, early)
	}
}

// received enters ticks that the stream yielded, and how many it lost before.
func (a *auditor) received(ticks []kiteticker.Tick, lost uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sums.Overflowed += lost
	for i := range ticks {
		b, p, ok := a.enter(&ticks[i])
		switch {
		case !ok:
			a.sums.Altered++
			a.note("received a tick of %d without a time of sending", ticks[i].Token)
		case p.at > b.newest || len(b.early) > 0:
			b.early = append(b.early, p)
		default:
			a.match(b, p)
		}
	}
}

// enter makes a packet of t and finds its book.
func (a *auditor) enter(t *decode.Tick) (b *book, p packet, ok bool) {
	i, known := a.index[t.Token]
	at, stamped := kitetest.SentAt(t)
	if !known || !stamped {
		return &book{token: t.Token}, p, false
	}
	var e kitetest.Entry
	a.bytes = kitetest.AppendPacket(a.bytes[:0], t)
	e.Add(a.bytes)
	return &a.books[i], packet{at: at, digest: e.Digest, update: t.Volume, gap: t.Flags&kiteticker.FlagGap != 0}, true
}

// match finds what was sent as p. All that was sent between the tick before and
// p is missing, since TCP and the exchange keep the order of an instrument.
func (a *auditor) match(b *book, p packet) {
	switch {
	case p.at == b.last.at:
		a.sums.Duplicates++
		a.note("duplicate: %d, sent at %d", b.token, p.at)
		return
	case p.at < b.last.at:
		a.sums.Reordered++
		a.note("reordered: %d, sent at %d, came after %d", b.token, p.at, b.last.at)
		return
	}
	n := slices.IndexFunc(b.sent, func(s packet) bool { return s.at >= p.at })
	if n < 0 || b.sent[n].at != p.at || b.sent[n].digest != p.digest {
		a.sums.Altered++
		a.note("altered: %d, said to be sent at %d", b.token, p.at)
		return
	}
	p.socket = b.sent[n].socket
	a.sums.Received++
	if p.gap && !b.absent.meet(span{b.last.at, p.at}) {
		a.sums.Flagged++
	}
	a.missing(b, b.sent[:n], p)
	b.sent = b.sent[:copy(b.sent, b.sent[n+1:])]
	b.last = p
}

// missing accounts for what was sent between the last tick received and next,
// and did not arrive.
func (a *auditor) missing(b *book, list []packet, next packet) {
	between := span{b.last.at, next.at}
	unsubscribed := b.absent.meet(between)
	gap := false
	for _, m := range list {
		switch {
		case unsubscribed:
			a.sums.Unasked++
		case next.gap || b.last.at == 0: // whoever has had no tick yet learns of the outage by its event
			a.sums.InGaps++
			gap = true
		case m.socket != next.socket && m.update == next.update, m.socket != b.last.socket && m.update == b.last.update:
			a.sums.Copies++
		default:
			a.sums.Unseen++
			a.note("lost unseen: %d, sent at %d on socket %d, between %+v and %+v", b.token, m.at, m.socket, b.last, next)
		}
	}
	if gap && !b.told.meet(between) {
		a.unexplained(b) // the one before, if it still waits
		b.gap = between
	}
}

// unexplained gives up waiting for what explains the gap of b.
func (a *auditor) unexplained(b *book) {
	if b.gap != (span{}) {
		a.sums.Unexplained++
		a.note("gap unexplained: %d, from %d to %d; told latest: %+v", b.token, b.gap.from, b.gap.to, *b.told.latest())
		b.gap = span{}
	}
}

// event enters what an Outage or a Moved says of its tokens.
func (a *auditor) event(e kiteticker.Event) {
	switch d := e.Data.(type) {
	case *kiteticker.Outage:
		s := span{d.From.UnixNano(), forever}
		if !d.To.IsZero() {
			s.to = d.To.UnixNano()
		}
		a.tell(d.Tokens, s, &a.sums.Outages)
	case *kiteticker.Moved:
		at := e.At.UnixNano()
		// The event is made when the hand-over is done, which may be held up.
		a.tell(d.Tokens, span{at - int64(standstill), at}, &a.sums.Moves)
	}
}

func (a *auditor) tell(tokens []uint32, s span, events *uint64) {
	a.mu.Lock()
	*events++
	a.mu.Unlock()
	a.each(tokens, func(b *book) {
		b.told.add(s)
		if b.gap.meets(s) {
			b.gap = span{}
		}
	})
}

// unsubscribed and subscribed enter what the user asked for: the one before
// the call, the other after it.
func (a *auditor) unsubscribed(tokens []uint32) {
	now := time.Now().UnixNano()
	a.each(tokens, func(b *book) { b.absent.add(span{now, forever}) })
}

func (a *auditor) subscribed(tokens []uint32) {
	now := time.Now().UnixNano()
	a.each(tokens, func(b *book) {
		if latest := b.absent.latest(); latest.to == forever {
			latest.to = now
		}
	})
}

func (a *auditor) each(tokens []uint32, f func(*book)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, token := range tokens {
		f(&a.books[a.index[token]])
	}
}

// tickedSince reports whether each of tokens has had a tick sent after at.
func (a *auditor) tickedSince(tokens []uint32, at time.Time) bool {
	ok := true
	a.each(tokens, func(b *book) { ok = ok && b.last.at > at.UnixNano() })
	return ok
}

// upToDate reports whether all that was sent of tokens is accounted for.
func (a *auditor) upToDate(tokens []uint32) bool {
	ok := true
	a.each(tokens, func(b *book) { ok = ok && len(b.sent) == 0 })
	return ok
}

// settle accounts for what is missing after the last tick of its instrument,
// when nothing will arrive any more, and returns the columns and the notes.
func (a *auditor) settle() (sums, []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.books {
		b := &a.books[i]
		for _, p := range b.early {
			a.sums.Altered++
			a.note("altered: %d, said to be sent at %d", b.token, p.at)
		}
		a.unexplained(b)
		end := packet{at: forever, gap: b.told.meet(span{b.last.at, forever})}
		a.missing(b, b.sent, end)
		a.unexplained(b)
		b.sent, b.early = nil, nil
	}
	return a.sums, a.notes
}

func (a *auditor) note(format string, args ...any) {
	const most = 10
	if len(a.notes) < most {
		a.notes = append(a.notes, fmt.Sprintf(format, args...))
	}
}
