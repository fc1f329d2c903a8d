package ring_test

import (
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// Whatever its pages, a ring is a ring: each slot can be written and read.
func TestRingsInHugePages(t *testing.T) {
	type item [208]byte
	p, c := ring.NewIn[item](ring.HugePages, 1<<14)
	if p.Cap() != 1<<14 || c.Cap() != 1<<14 {
		t.Errorf("room for %d and %d items, want %d", p.Cap(), c.Cap(), 1<<14)
	}
	for i := range p.Cap() {
		slot, ok := p.Reserve()
		if !ok || *slot != (item{}) {
			t.Fatalf("slot %d: %v, holds %v, want a zero item", i, ok, *slot)
		}
		slot[0] = byte(i)
		p.Commit()
	}
	p.Publish()
	for i := range c.Cap() {
		if slot, ok := c.Peek(); !ok || slot[0] != byte(i) {
			t.Fatalf("item %d did not come", i)
		}
		c.Advance()
	}
	c.Release()

	bp, bc := ring.NewBytesIn(ring.HugePages, 4<<20)
	for i := range 10 { // twice around
		b, err := bp.Claim(bp.MaxRecord() / 2)
		if err != nil {
			t.Fatal(err)
		}
		b[0], b[len(b)-1] = byte(i), byte(i)
		bp.Commit(len(b), 1, 0)
		bp.Publish()
		if r, ok := bc.Peek(); !ok || len(r.Data) != len(b) || r.Data[0] != byte(i) || r.Data[len(b)-1] != byte(i) {
			t.Fatalf("record %d did not come as it was", i)
		}
		bc.Advance()
		bc.Release()
	}
}
