package ring

import (
	"errors"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

var (
	// ErrFull is returned by Claim when the consumer must release something
	// first.
	ErrFull = errors.New("ring: full")

	// ErrTooLarge is returned by Claim for a length that no record of this
	// ring can have.
	ErrTooLarge = errors.New("ring: record too large")
)

// NewBytes returns the two ends of a byte ring: records of different lengths,
// each contiguous, in one block of at least capacity bytes. The capacity is
// rounded up to a power of two, and to 64. Each record takes 16 bytes besides
// its data, and starts at a multiple of 16. Each end is for one goroutine at a
// time.
//
// Like make, it panics if capacity is less than 1, more than 1<<30, or cannot
// be allocated.
func NewBytes(capacity int) (*BytesProducer, *BytesConsumer) {
	return NewBytesIn(NormalPages, capacity)
}

// NewBytesIn is NewBytes with memory of the given pages.
func NewBytesIn(pages Pages, capacity int) (*BytesProducer, *BytesConsumer) {
	// The garbage collector does not look into bytes: the ring costs it nothing.
	buf := allocate[byte](pages, max(roundUp(capacity, maxBytes), minBytes))
	mask := uint64(len(buf) - 1)
	s := newCursors()
	return &BytesProducer{buf: buf, mask: mask, shared: s}, &BytesConsumer{buf: buf, mask: mask, shared: s}
}

// BytesProducer is the writing end of a byte ring. Its methods, except
// MaxRecord, Len and Cap, must not be called by two goroutines at once.
type BytesProducer struct {
	_         cpu.Pad
	buf       []byte
	mask      uint64 // len(buf) - 1
	writePos  uint64 // end of what is committed
	readCache uint64 // the consumer's position when we last looked: it can only have grown
	gap       uint64 // padding before the open claim; written by Commit, so that Abort has nothing to undo
	claimed   int    // length of the open claim
	open      bool   // there is one
	shared    *cursors
	_         cpu.Pad
}

// BytesConsumer is the reading end of a byte ring. Its methods, except Len and
// Cap, must not be called by two goroutines at once.
type BytesConsumer struct {
	_          cpu.Pad
	buf        []byte
	mask       uint64 // len(buf) - 1
	readPos    uint64 // end of what is advanced past
	writeCache uint64 // the producer's position when we last looked: it can only have grown
	peeked     uint64 // end of what may be advanced past
	shared     *cursors
	_          cpu.Pad
}

const (
	_ = uint(unsafe.Offsetof(BytesProducer{}.buf) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(BytesProducer{}) - unsafe.Offsetof(BytesProducer{}.shared) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(BytesConsumer{}.buf) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(BytesConsumer{}) - unsafe.Offsetof(BytesConsumer{}.shared) - cpu.CacheLine)
)

// Claim opens the next record and returns its n bytes to write to. They hold
// whatever their last use left there. Commit closes the record, Abort gives it
// up; until then nothing of it can be seen.
//
// It returns [ErrFull] if there is no room now, and [ErrTooLarge] if there
// never will be, for n is negative or larger than MaxRecord. It panics if a
// record is open already.
func (p *BytesProducer) Claim(n int) ([]byte, error) {
	if p.open {
		panic("ring: Claim while a claim is open")
	}
	if n < 0 || n > p.MaxRecord() {
		return nil, ErrTooLarge
	}
	gap, ok := p.fit(n)
	if !ok {
		return nil, ErrFull
	}
	p.gap, p.claimed, p.open = gap, n, true
	data := p.index(p.writePos+gap) + headerSize
	return p.buf[data : data+uint64(n) : data+uint64(n)], nil
}

// fit reports whether a record of n bytes has room, and after how much padding.
func (p *BytesProducer) fit(n int) (gap uint64, ok bool) {
	need := recordSize(n)
	if rest := p.Cap() - int(p.index(p.writePos)); need > uint64(rest) {
		gap = uint64(rest)
	}
	if p.free() < gap+need { // full as far as we know
		// Pairs with the Store in Release: the consumer is done with the bytes before it.
		p.readCache = p.shared.read.Load()
		if p.free() < gap+need { // full
			return 0, false
		}
	}
	return gap, true
}

func (p *BytesProducer) free() uint64 { return p.mask + 1 - (p.writePos - p.readCache) }

func (p *BytesProducer) index(pos uint64) uint64 { return pos & p.mask }

// Commit closes the open record with the first n of its bytes; at and kind are
// the consumer's to read. The consumer sees the record after Publish. It panics
// if no record is open, if n is negative or more than was claimed, and if kind
// is 0.
func (p *BytesProducer) Commit(n int, kind Kind, at int64) {
	if !p.open {
		panic("ring: Commit without Claim")
	}
	if n < 0 || n > p.claimed {
		panic("ring: Commit of more bytes than were claimed")
	}
	if kind == kindPadding {
		panic("ring: Commit of kind 0, which is padding")
	}
	if p.gap > 0 {
		putHeader(p.buf[p.index(p.writePos):], int(p.gap)-headerSize, kindPadding, 0)
		p.writePos += p.gap
	}
	putHeader(p.buf[p.index(p.writePos):], n, kind, at)
	p.writePos += recordSize(n)
	p.open = false
}

// Abort gives up the open record, as if it had never been claimed. It panics if
// no record is open.
func (p *BytesProducer) Abort() {
	if !p.open {
		panic("ring: Abort without Claim")
	}
	p.open = false
}

// Publish makes everything committed visible to the consumer, wakes it if it is
// parked, and reports whether it was: see [Producer.Publish]. Several records may be committed before; a record still open
// stays private.
func (p *BytesProducer) Publish() bool {
	// Pairs with the Load in Peek: the records before writePos are complete.
	p.shared.written.Store(p.writePos)
	return p.shared.consumer.Wake()
}

// Wait returns true as soon as there is room for a record of n bytes. It returns
// false if done is closed and there still is none, and at once if n is a length
// that Claim refuses with [ErrTooLarge]. If it has to wait, it publishes first:
// the consumer cannot release what it cannot see.
func (p *BytesProducer) Wait(done <-chan struct{}, n int) bool {
	if n < 0 || n > p.MaxRecord() {
		return false
	}
	ready := func() bool { _, ok := p.fit(n); return ok }
	if !ready() {
		p.Publish()
	}
	return p.shared.producer.wait(done, ready)
}

// MaxRecord returns the largest length of a record, a quarter of the capacity.
// From any goroutine.
func (p *BytesProducer) MaxRecord() int { return maxRecord(len(p.buf)) }

// WaitOn makes w what the producer waits on and what the consumer wakes. Call
// it before the ring is in use.
func (p *BytesProducer) WaitOn(w *Waiter) { p.shared.producer = w }

// Len returns how many bytes are published and not yet released, with headers
// and padding. From any goroutine; the answer may be out of date by the time it
// arrives.
func (p *BytesProducer) Len() int { return p.shared.lag(p.mask + 1) }

// Cap returns how many bytes the ring has. From any goroutine.
func (p *BytesProducer) Cap() int { return len(p.buf) }

// Peek returns the next record, or false if the ring is empty. Its data may be
// read and written until Release; until Advance it stays the next record.
func (c *BytesConsumer) Peek() (Record, bool) {
	if c.readPos == c.writeCache && c.empty() { // empty as far as we know, and really
		return Record{}, false
	}
	b := c.buf[c.readPos&c.mask:]
	n, kind, at := header(b)
	if kind == kindPadding {
		// It was published with a record behind it, at index 0.
		c.readPos += recordSize(n)
		b = c.buf
		n, kind, at = header(b)
	}
	c.peeked = c.readPos + recordSize(n)
	return Record{Kind: kind, At: at, Data: b[headerSize : headerSize+n : headerSize+n]}, true
}

// empty asks the producer's cursor.
func (c *BytesConsumer) empty() bool {
	// Pairs with the Store in Publish: the records before it are complete.
	c.writeCache = c.shared.written.Load()
	return c.readPos == c.writeCache
}

// Advance steps past the record that Peek showed. Its data stays valid until
// Release. It panics if there was no Peek since the last Advance.
func (c *BytesConsumer) Advance() {
	if c.peeked == c.readPos {
		panic("ring: Advance without Peek")
	}
	c.readPos = c.peeked
}

// Release gives everything advanced past back to the producer, and wakes it if
// it is parked. The data of those records must not be touched any more.
func (c *BytesConsumer) Release() {
	// Pairs with the Load in fit: we are done with the bytes before readPos.
	c.shared.read.Store(c.readPos)
	c.shared.producer.Wake()
}

// Wait returns true as soon as there is a record. It returns false if done is
// closed and the ring is empty: a ring is drained before its end is seen. Call
// Release before, for the producer may be waiting for what you hold.
func (c *BytesConsumer) Wait(done <-chan struct{}) bool {
	return c.readPos != c.writeCache || c.shared.consumer.wait(done, func() bool { return !c.empty() })
}

// WaitOn makes w what the consumer waits on and what the producer wakes. Call
// it before the ring is in use. Several rings with one consumer may share a
// Waiter: see the package's manual.
func (c *BytesConsumer) WaitOn(w *Waiter) { c.shared.consumer = w }

// Len returns how many bytes are published and not yet released, with headers
// and padding. From any goroutine; the answer may be out of date by the time it
// arrives.
func (c *BytesConsumer) Len() int { return c.shared.lag(c.mask + 1) }

// Cap returns how many bytes the ring has. From any goroutine.
func (c *BytesConsumer) Cap() int { return len(c.buf) }
