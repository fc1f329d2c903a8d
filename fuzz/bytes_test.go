package fuzz

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// Law: whatever calls are made in whatever order, a byte ring gives back what
// was published, in order and whole, and a lease does not change before its
// Release; Claim refuses only what does not fit; and a call out of order
// panics and changes nothing.
//
// The first byte of calls chooses the capacity. Each of the others is a call:
// the low three bits say which, the rest is its argument, a length from 0 to
// one too many.
func FuzzBytesRing(f *testing.F) {
	const claim, commit, abort, publish, peek, advance, release = 0, 1, 2, 3, 4, 5, 6
	const most, more = 30 << 3, 31 << 3 // arguments: about the limit, and one above it
	f.Add([]byte{0})
	f.Add([]byte{0, claim, commit, publish, peek, advance, release})
	// Fill 64 bytes, be refused, make room, go round.
	f.Add([]byte{0, claim | most, commit | most, claim | most, commit | most, claim, publish,
		peek, advance, release, claim | most, commit, publish, peek, advance, peek, advance, release})
	// Padding that is claimed, aborted, claimed again, and shrunk.
	f.Add([]byte{1, claim | most, commit | most, claim | most, commit | most, publish, peek, advance, peek, advance, release,
		claim | most, abort, claim | most, commit | 1<<3, publish, peek, advance, release})
	// Everything out of order.
	f.Add([]byte{2, commit, abort, advance, peek, advance, claim | most, claim, commit | more, 7, claim | more,
		commit, commit, publish, advance, peek, advance, advance})
	// And long walks.
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 0))
		walk := make([]byte, 1000)
		for i := range walk {
			walk[i] = byte(rng.Uint32())
		}
		f.Add(walk)
	}
	f.Fuzz(func(t *testing.T, calls []byte) {
		if len(calls) == 0 {
			return
		}
		p, c := ring.NewBytes(64 << (calls[0] % 5))
		m := &bytesModel{t: t, p: p, c: c}
		for _, b := range calls[1:min(len(calls), 4096)] {
			m.call(b&7, int(b>>3))
		}
		m.finish()
	})
}

// bytesModel is the ring as a list of records and four positions in bytes.
type bytesModel struct {
	t *testing.T
	p *ring.BytesProducer
	c *ring.BytesConsumer

	open []byte // the open claim; nil if none
	fill byte   // what the next claimed byte is filled with

	records []fuzzRecord // committed, not released
	visible int          // how many of them are published
	passed  int          // how many are advanced past
	peeked  bool

	committed, published int // bytes, from the beginning
	advanced, released   int
}

type fuzzRecord struct {
	want  ring.Record
	lease []byte // what Peek gave
	pad   int    // padding before it that Peek has not yet stepped past
	size  int
}

func (m *bytesModel) call(call byte, arg int) {
	switch call {
	case 0:
		m.claim(arg * (m.p.MaxRecord() + 1) / 31)
	case 1:
		m.commit(arg*(len(m.open)+1)/31, ring.Kind(1+arg))
	case 2:
		if m.panics(m.open == nil, m.p.Abort) {
			return
		}
		m.open = nil
	case 3:
		m.p.Publish()
		m.visible, m.published = len(m.records), m.committed
	case 4:
		m.peek()
	case 5:
		if m.panics(!m.peeked, m.c.Advance) {
			return
		}
		m.advanced += m.records[m.passed].size
		m.passed, m.peeked = m.passed+1, false
	case 6:
		m.release()
	case 7:
		m.commit(0, 0) // the kind of padding
	}
	if got, want := m.p.Len(), m.published-m.released; got != want || m.c.Len() != want {
		m.t.Fatalf("Len() is %d and %d, want %d", got, m.c.Len(), want)
	}
}

func (m *bytesModel) claim(n int) {
	var buf []byte
	var err error
	if m.panics(m.open != nil, func() { buf, err = m.p.Claim(n) }) {
		return
	}
	var want error
	if pad, size := m.place(n); n > m.p.MaxRecord() {
		want = ring.ErrTooLarge
	} else if m.committed-m.released+pad+size > m.p.Cap() {
		want = ring.ErrFull
	}
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		m.t.Fatalf("Claim(%d) gives error %v, want %v", n, err, want)
	}
	if err != nil {
		return
	}
	if len(buf) != n || cap(buf) != n {
		m.t.Fatalf("Claim(%d) gives %d bytes, capacity %d", n, len(buf), cap(buf))
	}
	for i := range buf {
		m.fill++
		buf[i] = m.fill
	}
	m.open = buf
}

// place returns what a record claimed with n bytes takes at the write position:
// it must not go over the end of memory.
func (m *bytesModel) place(n int) (pad, size int) {
	size = 16 + (n+15)/16*16
	if rest := m.p.Cap() - m.committed%m.p.Cap(); size > rest {
		pad = rest
	}
	return pad, size
}

func (m *bytesModel) commit(n int, kind ring.Kind) {
	at := int64(m.committed) << 40
	if m.panics(m.open == nil || n > len(m.open) || kind == 0, func() { m.p.Commit(n, kind, at) }) {
		return
	}
	r := fuzzRecord{want: ring.Record{Kind: kind, At: at, Data: bytes.Clone(m.open[:n])}}
	r.pad, _ = m.place(len(m.open))
	r.size = 16 + (n+15)/16*16
	m.records, m.open = append(m.records, r), nil
	m.committed += r.pad + r.size
}

func (m *bytesModel) peek() {
	got, ok := m.c.Peek()
	if ok != (m.passed < m.visible) {
		m.t.Fatalf("Peek() finds a record: %v, with %d published and %d passed", ok, m.visible, m.passed)
	}
	if !ok {
		return
	}
	r := &m.records[m.passed]
	if got.Kind != r.want.Kind || got.At != r.want.At || !bytes.Equal(got.Data, r.want.Data) {
		m.t.Fatalf("Peek() = %v, want %v", got, r.want)
	}
	m.advanced += r.pad
	r.pad, r.lease, m.peeked = 0, got.Data, true
}

func (m *bytesModel) release() {
	for _, r := range m.records[:m.passed] {
		if !bytes.Equal(r.lease, r.want.Data) {
			m.t.Fatalf("a leased record became %v, was %v", r.lease, r.want.Data)
		}
	}
	m.c.Release()
	m.records, m.visible, m.passed = m.records[m.passed:], m.visible-m.passed, 0
	m.released = m.advanced
}

// finish reads what is left, and asks the empty ring for its largest record.
func (m *bytesModel) finish() {
	if m.open != nil {
		m.call(2, 0)
	}
	m.call(3, 0)
	for m.passed < m.visible {
		m.call(4, 0)
		m.call(5, 0)
	}
	m.call(6, 0)
	if m.p.Len() != 0 {
		m.t.Fatalf("with everything read, Len() is %d", m.p.Len())
	}
	if _, err := m.p.Claim(m.p.MaxRecord()); err != nil {
		m.t.Fatalf("an empty ring refuses MaxRecord: %v", err)
	}
}

// panics calls f and reports whether it panicked, which it must if want.
func (m *bytesModel) panics(want bool, f func()) (got bool) {
	defer func() {
		got = recover() != nil
		if got != want {
			m.t.Errorf("the call panicked: %v, want %v", got, want)
		}
	}()
	f()
	return false
}
