package ring_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

const kindTest ring.Kind = 7

// put publishes one record, or fails the test.
func put(t *testing.T, p *ring.BytesProducer, data []byte, kind ring.Kind, at int64) {
	t.Helper()
	buf, err := p.Claim(len(data))
	if err != nil {
		t.Fatalf("Claim(%d): %v", len(data), err)
	}
	copy(buf, data)
	p.Commit(len(data), kind, at)
	p.Publish()
}

// take releases one record and returns it with a copy of its data.
func take(t *testing.T, c *ring.BytesConsumer) ring.Record {
	t.Helper()
	r, ok := c.Peek()
	if !ok {
		t.Fatal("the ring is empty")
	}
	r.Data = bytes.Clone(r.Data)
	c.Advance()
	c.Release()
	return r
}

func TestNewBytesCapacity(t *testing.T) {
	for _, tt := range []struct{ ask, want int }{
		{1, 64}, {63, 64}, {64, 64}, {65, 128}, {1000, 1024}, {4 << 20, 4 << 20},
	} {
		p, c := ring.NewBytes(tt.ask)
		if p.Cap() != tt.want || c.Cap() != tt.want || p.MaxRecord() != tt.want/4 {
			t.Errorf("NewBytes(%d): Cap() = %d and %d, MaxRecord() = %d, want %d, and a quarter of it",
				tt.ask, p.Cap(), c.Cap(), p.MaxRecord(), tt.want)
		}
	}
	for _, bad := range []int{0, -1, math.MinInt, 1<<30 + 1, math.MaxInt} {
		wantPanic(t, "capacity", func() { ring.NewBytes(bad) })
	}
}

func TestRecord(t *testing.T) {
	p, c := ring.NewBytes(256)
	put(t, p, []byte("hello"), 255, math.MinInt64)
	put(t, p, nil, 1, -1)
	put(t, p, bytes.Repeat([]byte{0xaa}, 64), 2, math.MaxInt64)
	if got, want := c.Len(), 32+16+80; got != want || p.Len() != want {
		t.Errorf("Len() = %d and %d, want %d", p.Len(), got, want)
	}
	for _, want := range []ring.Record{
		{Kind: 255, At: math.MinInt64, Data: []byte("hello")},
		{Kind: 1, At: -1, Data: []byte{}},
		{Kind: 2, At: math.MaxInt64, Data: bytes.Repeat([]byte{0xaa}, 64)},
	} {
		r, ok := c.Peek()
		if !ok || r.Kind != want.Kind || r.At != want.At || !bytes.Equal(r.Data, want.Data) {
			t.Errorf("Peek() = %v, %v, want %v", r, ok, want)
		}
		if len(r.Data) != cap(r.Data) {
			t.Errorf("append to the data would overwrite %d bytes of the ring", cap(r.Data)-len(r.Data))
		}
		c.Advance()
	}
	c.Release()
	if r, ok := c.Peek(); ok || c.Len() != 0 {
		t.Errorf("an empty ring gives %v, Len() = %d", r, c.Len())
	}
}

// The layout drawn in record.go, byte by byte: all records lie in one block, so
// a slice grown over the ring's memory would see this.
func TestRecordPlaces(t *testing.T) {
	p, c := ring.NewBytes(128)
	// 16+32 bytes at 0, 16+16 at 48, 16+16 at 80: 16 bytes are left.
	sizes := []int{32, 3, 16}
	var first, at []*byte
	for _, n := range sizes {
		buf, err := p.Claim(n)
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, &buf[0])
		p.Commit(n, kindTest, 0)
	}
	p.Publish()
	for range sizes {
		r, _ := c.Peek()
		at = append(at, &r.Data[0])
		c.Advance()
	}
	c.Release()
	for i := range sizes {
		if first[i] != at[i] {
			t.Errorf("record %d was copied between Claim and Peek", i)
		}
	}
	// The next record goes to index 0, over the first one, after 16 bytes of
	// padding.
	buf, err := p.Claim(1)
	if err != nil {
		t.Fatal(err)
	}
	if &buf[0] != first[0] {
		t.Error("a record that does not fit at the end does not start at index 0")
	}
	p.Commit(1, kindTest, 0)
	p.Publish()
	if got, want := p.Len(), 16+32; got != want {
		t.Errorf("a record of 1 byte after the padding takes %d bytes, want %d", got, want)
	}
	if r := take(t, c); len(r.Data) != 1 || r.Kind != kindTest {
		t.Errorf("got %v, want 1 byte of kind %d", r, kindTest)
	}
	if c.Len() != 0 {
		t.Errorf("the padding was not released: Len() = %d", c.Len())
	}
}

func TestRecordsAreLeasedUntilRelease(t *testing.T) {
	p, c := ring.NewBytes(64)
	put(t, p, bytes.Repeat([]byte{1}, 16), kindTest, 0)
	put(t, p, bytes.Repeat([]byte{2}, 16), kindTest, 0)
	var held []ring.Record
	for range 2 {
		r, _ := c.Peek()
		held = append(held, r)
		c.Advance()
	}
	if _, err := p.Claim(0); !errors.Is(err, ring.ErrFull) {
		t.Errorf("before Release: Claim(0) gives error %v, want ErrFull", err)
	}
	for i, r := range held {
		if want := bytes.Repeat([]byte{byte(i + 1)}, 16); !bytes.Equal(r.Data, want) {
			t.Errorf("before Release: record %d is %v, want %v", i, r.Data, want)
		}
	}
	c.Release()
	if _, err := p.Claim(16); err != nil {
		t.Errorf("after Release: Claim(16): %v", err)
	}
}

func TestBytesMisuse(t *testing.T) {
	tests := map[string]func(*ring.BytesProducer, *ring.BytesConsumer){
		"Claim while open":     func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Claim(1) },
		"Commit without Claim": func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Commit(0, kindTest, 0) },
		"Commit twice":         func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Commit(1, 1, 0); p.Commit(1, 1, 0) },
		"Commit of more":       func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Commit(2, kindTest, 0) },
		"Commit of negative":   func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Commit(-1, kindTest, 0) },
		"Commit of padding":    func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Commit(1, 0, 0) },
		"Commit after Abort":   func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1); p.Abort(); p.Commit(1, 1, 0) },
		"Commit after refusal": func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Claim(1 << 20); p.Commit(1, 1, 0) },
		"Abort without Claim":  func(p *ring.BytesProducer, _ *ring.BytesConsumer) { p.Abort() },
		"Advance without Peek": func(p *ring.BytesProducer, c *ring.BytesConsumer) {
			p.Claim(1)
			p.Commit(1, 1, 0)
			p.Publish()
			c.Advance()
		},
		"Advance twice": func(p *ring.BytesProducer, c *ring.BytesConsumer) {
			p.Claim(1)
			p.Commit(1, 1, 0)
			p.Publish()
			c.Peek()
			c.Advance()
			c.Advance()
		},
		"Advance past an empty": func(_ *ring.BytesProducer, c *ring.BytesConsumer) { c.Peek(); c.Advance() },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			p, c := ring.NewBytes(64)
			wantPanic(t, strings.Fields(name)[0], func() { f(p, c) })
		})
	}
}

func TestBytesAllocateNothing(t *testing.T) {
	p, c := ring.NewBytes(4096)
	closed := make(chan struct{})
	close(closed)
	for name, f := range map[string]func(){
		"through": func() {
			buf, _ := p.Claim(190)
			binary.BigEndian.PutUint64(buf, 1)
			p.Commit(190, kindTest, 1)
			p.Publish()
			r, _ := c.Peek()
			r.Data[0]++
			c.Advance()
			c.Release()
		},
		"refused":         func() { p.Claim(4096) },
		"aborted":         func() { p.Claim(1); p.Abort() },
		"Wait with room":  func() { p.Wait(nil, 1024) },
		"Wait for nobody": func() { c.Wait(closed) },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}
