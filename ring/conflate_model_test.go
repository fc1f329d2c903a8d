package ring_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker/ring"
)

// conflateModel is a conflating ring as one would explain it: what waits for
// each key, and the lists of the keys that wait.
type conflateModel struct {
	t       *testing.T
	rng     *rand.Rand
	ps      []*ring.ConflatingProducer[tick]
	c       *ring.ConflatingConsumer[tick]
	owner   []int         // producer of each key
	number  []int         // last item committed, by key
	waiting []ring.Update // Replaced is one too high
	private [][]int       // by producer: committed, not published
	inbox   [][]int       // by producer: published, not in a sweep
	sweep   []int
}

// Law: whatever the order of calls, and whoever commits for a key, Take gives
// what the model gives, in its order.
func TestModelConflate(t *testing.T) {
	for _, keys := range []int{1, 2, 5, 130} {
		for _, producers := range []int{1, 3} {
			for seed := range uint64(10) {
				t.Run(fmt.Sprintf("keys=%d/producers=%d/seed=%d", keys, producers, seed), func(t *testing.T) {
					m := &conflateModel{
						t: t, rng: rand.New(rand.NewPCG(seed, 5)),
						owner: make([]int, keys), number: make([]int, keys), waiting: make([]ring.Update, keys),
						private: make([][]int, producers), inbox: make([][]int, producers),
					}
					m.ps, m.c = ring.NewConflating[tick](producers)
					for range 1500 {
						m.step()
						if t.Failed() {
							return
						}
					}
				})
			}
		}
	}
}

func (m *conflateModel) step() {
	key := m.rng.IntN(len(m.owner))
	switch m.rng.IntN(12) {
	case 0, 1, 2, 3:
		m.commit(key, uint8(1<<m.rng.IntN(8)))
	case 4, 5:
		id := m.rng.IntN(len(m.ps))
		m.ps[id].Publish()
		m.inbox[id] = append(m.inbox[id], m.private[id]...)
		m.private[id] = nil
	case 6: // goes to another producer, published or not
		m.owner[key] = m.rng.IntN(len(m.ps))
	case 7:
		m.ps[0].Grow(m.rng.IntN(len(m.owner)))
	case 8: // given up
		fillItem(m.ps[m.owner[key]].Reserve(), -1, -1)
	default:
		m.take()
	}
	want := len(m.sweep)
	for _, keys := range m.inbox {
		want += len(keys)
	}
	if got := m.c.Len(); got != want {
		m.t.Errorf("Len is %d, want %d", got, want)
	}
}

func (m *conflateModel) commit(key int, marks uint8) {
	id := m.owner[key]
	m.number[key]++
	commit(m.ps[id], key, m.number[key], marks)
	w := &m.waiting[key]
	if w.Replaced == 0 {
		m.private[id] = append(m.private[id], key)
	}
	w.Key = key
	w.Replaced++
	w.Marks |= marks
}

func (m *conflateModel) take() {
	if len(m.sweep) == 0 {
		m.sweep = slices.Concat(m.inbox...)
		clear(m.inbox)
	}
	if len(m.sweep) == 0 {
		wantNothing(m.t, m.c)
		return
	}
	key := m.sweep[0]
	m.sweep = m.sweep[1:]
	want := m.waiting[key]
	want.Replaced--
	m.waiting[key] = ring.Update{}
	wantUpdate(m.t, m.c, want, m.number[key])
}
