package ring_test

import (
	"fmt"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

func TestStressBytes(t *testing.T) {
	for _, strategy := range strategies {
		for _, capacity := range []int{64, 256, 2048} {
			for _, pat := range patterns {
				t.Run(fmt.Sprintf("wait=%v/capacity=%d/produce=%d/consume=%d", strategy, capacity, pat.produce, pat.consume), func(t *testing.T) {
					needsTwoPs(t, strategy)
					streamBytes(t, items(strategy, capacity/64), capacity, strategy, pat)
				})
			}
		}
	}
}

// size is the length of record n, from 0 to most. It visits all of them.
func size(n, most int) int { return n * 7 % (most + 1) }

func streamBytes(t *testing.T, n, capacity int, strategy ring.WaitStrategy, pat pattern) {
	t.Helper()
	p, c := ring.NewBytes(capacity)
	p.WaitOn(ring.NewWaiter(strategy))
	c.WaitOn(ring.NewWaiter(strategy))
	most := p.MaxRecord()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sent := 0; sent < n; {
			for range min(pat.produce, n-sent) {
				want := size(sent, most)
				// Claim more than is needed, as a reader does that does not
				// know yet, and give up every third claim.
				claim := min(want+5, most)
				if !p.Wait(nil, claim) {
					t.Errorf("Wait(%d) without done returns false", claim)
					return
				}
				buf, err := p.Claim(claim)
				if err != nil {
					t.Errorf("Claim(%d) after Wait: %v", claim, err)
					return
				}
				for i := range buf {
					buf[i] = byte(sent + i)
				}
				if sent%3 == 0 {
					p.Abort()
					if buf, err = p.Claim(want); err != nil {
						t.Errorf("Claim(%d) after Abort of %d: %v", want, claim, err)
						return
					}
					for i := range buf {
						buf[i] = byte(sent + i)
					}
				}
				p.Commit(want, ring.Kind(1+sent%255), int64(sent))
				sent++
			}
			p.Publish()
		}
	}()
	got := 0
	for c.Wait(done) && !t.Failed() {
		for range pat.consume {
			r, ok := c.Peek()
			if !ok {
				break
			}
			if r.At != int64(got) || r.Kind != ring.Kind(1+got%255) || len(r.Data) != size(got, most) {
				t.Errorf("record %d arrived as number %d of kind %d with %d bytes", got, r.At, r.Kind, len(r.Data))
			}
			for i, b := range r.Data {
				if b != byte(got+i) {
					t.Errorf("record %d: byte %d is %d, want %d", got, i, b, byte(got+i))
					break
				}
			}
			got++
			c.Advance()
		}
		c.Release()
	}
	if got != n {
		t.Errorf("%d records arrived, want %d", got, n)
	}
}
