package ring_test

import (
	"errors"
	"math"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

func TestClaimLimits(t *testing.T) {
	p, _ := ring.NewBytes(1024)
	for _, n := range []int{257, 1024, math.MaxInt, -1, math.MinInt} {
		if _, err := p.Claim(n); !errors.Is(err, ring.ErrTooLarge) {
			t.Errorf("Claim(%d): got error %v, want ErrTooLarge", n, err)
		}
		if p.Wait(nil, n) {
			t.Errorf("Wait(%d) says that Claim would succeed", n)
		}
	}
	for i := range 3 { // 3 * (16 + 256) of 1024
		if _, err := p.Claim(256); err != nil {
			t.Fatalf("Claim(MaxRecord) #%d: %v", i, err)
		}
		p.Commit(256, kindTest, 0)
	}
	if _, err := p.Claim(256); !errors.Is(err, ring.ErrFull) {
		t.Errorf("Claim(256) with 208 bytes free: got error %v, want ErrFull", err)
	}
	if _, err := p.Claim(192); err != nil {
		t.Errorf("Claim(192) with 208 bytes free: %v", err)
	}
}

// The law stated at maxRecord: at each position, an empty ring takes a record
// of any allowed size.
func TestEmptyRingTakesAnyRecord(t *testing.T) {
	for _, capacity := range []int{64, 128, 256, 1024} {
		for start := 0; start < capacity; start += 16 {
			for n := 0; n <= capacity/4; n += 7 {
				p, c := ring.NewBytes(capacity)
				for range start / 16 {
					put(t, p, nil, kindTest, 0)
					take(t, c)
				}
				for _, n := range []int{n, capacity / 4} {
					put(t, p, make([]byte, n), kindTest, int64(n))
					if r := take(t, c); len(r.Data) != n || r.At != int64(n) {
						t.Fatalf("capacity=%d start=%d: got %d bytes, want %d", capacity, start, len(r.Data), n)
					}
				}
			}
		}
	}
}

func TestCommitShrinks(t *testing.T) {
	p, c := ring.NewBytes(256)
	buf, _ := p.Claim(64)
	copy(buf, "short")
	p.Commit(5, kindTest, 0)
	p.Publish()
	if got := p.Len(); got != 32 {
		t.Errorf("a record shrunk from 64 to 5 bytes takes %d, want 32", got)
	}
	if r := take(t, c); string(r.Data) != "short" {
		t.Errorf("got %q, want %q", r.Data, "short")
	}
}

func TestAbortLeavesNoTrace(t *testing.T) {
	p, c := ring.NewBytes(64)
	put(t, p, []byte{1}, kindTest, 0)
	take(t, c)
	put(t, p, nil, kindTest, 0)
	take(t, c) // at 48: the next needs padding
	for range 100 {
		buf, err := p.Claim(16)
		if err != nil {
			t.Fatal(err)
		}
		buf[0]++
		p.Abort()
	}
	p.Publish()
	if _, ok := c.Peek(); ok || p.Len() != 0 {
		t.Errorf("aborted claims published something: Len() = %d", p.Len())
	}
	put(t, p, []byte("kept"), kindTest, 0)
	if r := take(t, c); string(r.Data) != "kept" {
		t.Errorf("after Abort: got %q", r.Data)
	}
}

func TestClaimIsPrivateUntilPublish(t *testing.T) {
	p, c := ring.NewBytes(1024)
	for range 2 {
		if _, err := p.Claim(8); err != nil {
			t.Fatal(err)
		}
		p.Commit(8, kindTest, 0)
	}
	if _, err := p.Claim(8); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Peek(); ok {
		t.Error("Peek finds a record before Publish")
	}
	p.Publish() // the open record stays out of it
	for range 2 {
		take(t, c)
	}
	if _, ok := c.Peek(); ok {
		t.Error("Peek finds a record that is still open")
	}
	p.Commit(8, kindTest, 0)
	p.Publish()
	take(t, c)
}
