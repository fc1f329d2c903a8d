package shard_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// The model is one flat list of the tokens and nothing else: what the table
// must agree with, whatever its policy.
type model map[uint32]decode.Mode

// subscribe reports whether the tokens fit, and takes them if they do.
func (m model) subscribe(capacity int, mode decode.Mode, tokens []uint32) bool {
	after := maps.Clone(m)
	for _, token := range tokens {
		after[token] = mode
	}
	if len(after) > capacity {
		return false
	}
	maps.Copy(m, after)
	return true
}

func TestTableAgreesWithModel(t *testing.T) {
	const (
		conns    = 3
		capacity = 8
		universe = 40
	)
	modes := []decode.Mode{decode.ModeLTP, decode.ModeQuote, decode.ModeFull}
	for _, policy := range []shard.Policy{shard.LeastLoaded, shard.RoundRobin} {
		t.Run("policy="+policy.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(policy)))
			table := newTable(t, shard.Config{Conns: conns, Capacity: capacity, Policy: policy})
			want := model{}
			home := map[uint32]int{} // where each token was first seen: it must stay there
			refused := 0
			for step := range 5000 {
				list := make([]uint32, rng.IntN(6))
				for i := range list {
					list[i] = 1 + rng.Uint32N(universe)
				}
				mode := modes[rng.IntN(len(modes))]
				switch rng.IntN(3) {
				case 0:
					table.Unsubscribe(list...)
					for _, token := range list {
						delete(want, token)
						delete(home, token)
					}
				default:
					fits := want.subscribe(conns*capacity, mode, list)
					err := table.Subscribe(mode, list...)
					if fits != (err == nil) || err != nil && !errors.Is(err, shard.ErrCapacity) {
						t.Fatalf("step %d: Subscribe = %v, but it fits: %v", step, err, fits)
					}
					if !fits {
						refused++
					}
				}
				got := model{}
				for conn := range conns {
					if n := table.Len(conn); n > capacity {
						t.Fatalf("step %d: conn %d carries %d", step, conn, n)
					}
					for token, mode := range table.Desired(conn) {
						if _, twice := got[token]; twice {
							t.Fatalf("step %d: token %d is on two connections", step, token)
						}
						if was, known := home[token]; known && was != conn {
							t.Fatalf("step %d: token %d moved from %d to %d", step, token, was, conn)
						}
						home[token] = conn
						got[token] = mode
					}
				}
				if !maps.Equal(want, got) {
					t.Fatalf("step %d (-want +got):\n%s", step, cmp.Diff(want, got))
				}
			}
			if refused == 0 {
				t.Error("no call was refused: the test does not reach the limit")
			}
		})
	}
}
