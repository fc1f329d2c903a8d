package ring_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// The model of a slot ring: three queues, each with one item per slot in use.
type slotModel struct {
	t        *testing.T
	rng      *rand.Rand
	p        *ring.Producer[int]
	c        *ring.Consumer[int]
	next     int   // next item to commit
	reserved int   // slots that Commit may take
	private  []int // committed, not published
	queue    []int // published, not advanced past
	leased   []int // advanced past, not released
	peeked   int   // items that Advance may pass
}

// Law: whatever the order of calls, a slot ring is a bounded queue whose items
// become visible at Publish and whose slots become free at Release.
func TestModelSPSC(t *testing.T) {
	for _, capacity := range []int{1, 2, 4, 8, 32} {
		for seed := range uint64(20) {
			t.Run(fmt.Sprintf("capacity=%d/seed=%d", capacity, seed), func(t *testing.T) {
				p, c := ring.New[int](capacity)
				m := &slotModel{t: t, rng: rand.New(rand.NewPCG(seed, 0)), p: p, c: c}
				for range 1000 {
					m.step()
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

func (m *slotModel) inUse() int { return len(m.private) + len(m.queue) + len(m.leased) }

func (m *slotModel) step() {
	// The index of a position is the number of items before it, modulo the
	// capacity; next counts those before the write position.
	capacity := m.p.Cap()
	writeIndex := m.next % capacity
	readIndex := (m.next - len(m.private) - len(m.queue)) % capacity
	free := capacity - m.inUse()

	switch m.rng.IntN(10) {
	case 0:
		slot, ok := m.p.Reserve()
		m.want("Reserve", ok, free > 0)
		if ok {
			*slot, m.reserved = m.next, 1
		}
	case 1:
		limit := m.rng.IntN(capacity + 2)
		run := m.p.ReserveN(limit)
		m.want(fmt.Sprintf("len(ReserveN(%d))", limit), len(run), bounded(limit, free, capacity-writeIndex))
		for i := range run {
			run[i] = m.next + i
		}
		m.reserved = len(run)
	case 2:
		if m.reserved > 0 {
			m.p.Commit()
			m.commit(1)
		}
	case 3:
		n := m.rng.IntN(m.reserved + 1)
		m.p.CommitN(n)
		m.commit(n)
	case 4:
		m.p.Publish()
		m.queue = append(m.queue, m.private...)
		m.private = m.private[:0]
	case 5:
		item, ok := m.c.Peek()
		m.want("Peek", ok, len(m.queue) > 0)
		if ok {
			m.want("the item", *item, m.queue[0])
			m.peeked = 1
		}
	case 6:
		limit := m.rng.IntN(capacity + 2)
		run := m.c.PeekN(limit)
		n := bounded(limit, len(m.queue), capacity-readIndex)
		m.want(fmt.Sprintf("PeekN(%d)", limit), fmt.Sprint(run), fmt.Sprint(m.queue[:n]))
		m.peeked = n
	case 7:
		if m.peeked > 0 {
			m.c.Advance()
			m.advance(1)
		}
	case 8:
		n := m.rng.IntN(m.peeked + 1)
		m.c.AdvanceN(n)
		m.advance(n)
	case 9:
		m.c.Release()
		m.leased = m.leased[:0]
	}
	m.want("Producer.Len", m.p.Len(), len(m.queue)+len(m.leased))
	m.want("Consumer.Len", m.c.Len(), len(m.queue)+len(m.leased))
}

func (m *slotModel) commit(n int) {
	for range n {
		m.private = append(m.private, m.next)
		m.next++
		m.reserved--
	}
}

func (m *slotModel) advance(n int) {
	m.leased = append(m.leased, m.queue[:n]...)
	m.queue = slices.Delete(m.queue, 0, n)
	m.peeked -= n
}

func (m *slotModel) want(what string, got, want any) {
	m.t.Helper()
	if got != want {
		m.t.Errorf("%s is %v, want %v (private %v, queue %v, leased %v)", what, got, want, m.private, m.queue, m.leased)
	}
}

func bounded(limit int, n ...int) int {
	if limit > 0 {
		n = append(n, limit)
	}
	return slices.Min(n)
}

// The model of a byte ring: records in three queues, and the count of bytes.
type bytesModel struct {
	t       *testing.T
	rng     *rand.Rand
	p       *ring.BytesProducer
	c       *ring.BytesConsumer
	open    []byte // the open claim
	isOpen  bool
	private []modelRecord
	queue   []modelRecord
	leased  []modelRecord
	write   int // all bytes ever committed, padding included
	written int
	read    int // all bytes ever advanced past
	freed   int
	peeked  bool
}

type modelRecord struct {
	ring.Record
	pad, size int
	lease     []byte // what Peek gave
}

// Law: whatever the order of calls, a byte ring gives back the records that
// were published, each as it was committed, and refuses a record only if it
// and its padding do not fit in what is not held.
func TestModelBytes(t *testing.T) {
	for _, capacity := range []int{64, 128, 1024} {
		for seed := range uint64(30) {
			t.Run(fmt.Sprintf("capacity=%d/seed=%d", capacity, seed), func(t *testing.T) {
				p, c := ring.NewBytes(capacity)
				m := &bytesModel{t: t, rng: rand.New(rand.NewPCG(seed, 1)), p: p, c: c}
				for range 1000 {
					m.step()
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

func (m *bytesModel) step() {
	switch m.rng.IntN(7) {
	case 0:
		m.claim(m.rng.IntN(m.p.MaxRecord() + 2))
	case 1:
		if m.isOpen {
			m.commit(m.rng.IntN(len(m.open) + 1))
		}
	case 2:
		if m.isOpen && m.rng.IntN(4) == 0 {
			m.p.Abort()
			m.isOpen = false
		}
	case 3:
		m.p.Publish()
		m.queue = append(m.queue, m.private...)
		m.private, m.written = nil, m.write
	case 4:
		m.peek()
	case 5:
		if m.peeked {
			m.c.Advance()
			m.read += m.queue[0].size
			m.leased, m.queue, m.peeked = append(m.leased, m.queue[0]), m.queue[1:], false
		}
	case 6:
		for _, r := range m.leased {
			if !bytes.Equal(r.lease, r.Data) {
				m.t.Errorf("a leased record changed to %x, want %x", r.lease, r.Data)
			}
		}
		m.c.Release()
		m.leased, m.freed = nil, m.read
	}
	m.want("BytesProducer.Len", m.p.Len(), m.written-m.freed)
	m.want("BytesConsumer.Len", m.c.Len(), m.written-m.freed)
}

// place returns what a record of n bytes takes at the write position.
func (m *bytesModel) place(n int) (pad, size int) {
	size = 16 + (n+15)/16*16
	if index := m.write % m.p.Cap(); index+size > m.p.Cap() {
		pad = m.p.Cap() - index
	}
	return pad, size
}

func (m *bytesModel) claim(n int) {
	if m.isOpen {
		return
	}
	var want error
	if pad, size := m.place(n); n > m.p.MaxRecord() {
		want = ring.ErrTooLarge
	} else if m.write-m.freed+pad+size > m.p.Cap() {
		want = ring.ErrFull
	}
	buf, err := m.p.Claim(n)
	if !errors.Is(err, want) {
		m.t.Errorf("Claim(%d) gives error %v, want %v", n, err, want)
	}
	if err == nil {
		m.want("len of the claim", len(buf), n)
		m.want("cap of the claim", cap(buf), n)
		m.open, m.isOpen = buf, true
		for i := range buf {
			buf[i] = byte(m.rng.Uint32())
		}
	}
}

func (m *bytesModel) commit(n int) {
	pad, _ := m.place(len(m.open)) // the place was chosen for the whole claim
	r := modelRecord{Record: ring.Record{
		Kind: ring.Kind(1 + m.rng.IntN(255)),
		At:   int64(m.rng.Uint64()),
		Data: bytes.Clone(m.open[:n]),
	}, pad: pad, size: 16 + (n+15)/16*16}
	m.p.Commit(n, r.Kind, r.At)
	m.private, m.isOpen = append(m.private, r), false
	m.write += r.pad + r.size
}

func (m *bytesModel) peek() {
	got, ok := m.c.Peek()
	m.want("Peek", ok, len(m.queue) > 0)
	if !ok || m.t.Failed() {
		return
	}
	want := &m.queue[0]
	m.want("Kind", got.Kind, want.Kind)
	m.want("At", got.At, want.At)
	if !bytes.Equal(got.Data, want.Data) {
		m.t.Errorf("Data is %x, want %x", got.Data, want.Data)
	}
	m.read += want.pad // Peek steps past the padding
	want.pad = 0
	want.lease = got.Data
	m.peeked = true
}

func (m *bytesModel) want(what string, got, want any) {
	m.t.Helper()
	if got != want {
		m.t.Errorf("%s is %v, want %v", what, got, want)
	}
}
