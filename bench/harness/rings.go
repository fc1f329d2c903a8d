package harness

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// RingReport is what a tick costs through each queue, without anything around
// it.
type RingReport struct {
	Head
	Ours  string     `json:"ours"` // the queue that the others are compared with
	Rings []RingCost `json:"rings"`
}

// RingCost is the time of one tick through a queue.
type RingCost struct {
	Name  string    `json:"name"`
	Nanos float64   `json:"nanos"` // median of Runs
	Runs  []float64 `json:"runs"`
}

// RingColumns head a table of queues.
var RingColumns = []string{"queue", "ns/tick", "of ours", "noise"}

// Rows returns what RingColumns names, for each queue.
func (r *RingReport) Rows() (rows [][]string) {
	var base float64
	for _, c := range r.Rings {
		if c.Name == r.Ours {
			base = c.Nanos
		}
	}
	for _, c := range r.Rings {
		rows = append(rows, []string{c.Name, fmt.Sprintf("%.1f", c.Nanos), Ratio(c.Nanos, base), spread(c.Runs)})
	}
	return rows
}

// Print writes the report for people.
func (r *RingReport) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n%s\n\n", r.Head, r.Runs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{RingColumns}, r.Rows()...) {
		for _, cell := range row {
			fmt.Fprint(t, cell, "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
