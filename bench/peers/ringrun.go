package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// RingReport is what a tick costs through each queue.
type RingReport struct {
	harness.Head
	Rings []RingCost `json:"rings"`
}

// RingCost is the time of one tick through a queue, and that as a multiple of
// our ring's.
type RingCost struct {
	Name  string    `json:"name"`
	Nanos float64   `json:"nanos"` // median of Runs
	Runs  []float64 `json:"runs"`
}

// measureRings runs every queue rounds times, in turns.
func measureRings(rounds, items int) ([]RingCost, error) {
	queues := ringQueues()
	costs := make([]RingCost, len(queues))
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

// ours is the queue that the others are compared with: as the library uses it.
const ours = "ring, publish 16"

// Print writes the report for people.
func (r *RingReport) Print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n%s\n\n", r.Head, r.Runs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var base float64
	for _, c := range r.Rings {
		if c.Name == ours {
			base = c.Nanos
		}
	}
	fmt.Fprintln(t, "queue\tns/tick\tof ours")
	for _, c := range r.Rings {
		fmt.Fprintf(t, "%s\t%.1f\t%s\n", c.Name, c.Nanos, harness.Ratio(c.Nanos, base))
	}
	return t.Flush()
}
