package main

import (
	"fmt"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// ours is the queue that the others are compared with: as the library uses it.
const ours = "ring, publish 16"

// measureRings runs every queue rounds times, in turns.
func measureRings(rounds, items int) ([]harness.RingCost, error) {
	queues := ringQueues()
	costs := make([]harness.RingCost, len(queues))
	for round := range rounds {
		for k := range queues {
			i := (k + round) % len(queues)
			q, cost := &queues[i], &costs[i]
			start := hrtime.Now()
			n := q.run(items)
			took := hrtime.Since(start)
			if n != items {
				return nil, fmt.Errorf("%s: %d of %d ticks were read", q.name, n, items)
			}
			cost.Name = q.name
			cost.Runs = append(cost.Runs, float64(took)/float64(items))
		}
	}
	for i := range costs {
		costs[i].Nanos = harness.Median(append([]float64(nil), costs[i].Runs...))
	}
	return costs, nil
}
