package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// write prints outcomes as the table that a run is for, and says below it what
// broke.
func write(w io.Writer, outcomes []outcome) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "fault\ttimes\ttold in\tbound\thealed in\tbound\tsent\treceived\tin gaps\tcopies\tunasked\tlost unseen\tduplicates\treordered\t")
	var total sums
	times := 0
	for _, o := range outcomes {
		s, f := o.sums, o.fault
		told, bound := "-", "-"
		if f.told != nil {
			told, bound = ms(o.told), ms(f.within)
		}
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", f.name, o.times,
			told, bound, ms(o.healed), ms(f.heals),
			s.Sent, s.Received, s.InGaps, s.Copies, s.Unasked, s.Unseen, s.Duplicates, s.Reordered)
		times += o.times
		total.Sent += s.Sent
		total.Received += s.Received
		total.InGaps += s.InGaps
		total.Copies += s.Copies
		total.Unasked += s.Unasked
		total.Unseen += s.Unseen
		total.Duplicates += s.Duplicates
		total.Reordered += s.Reordered
	}
	s := total
	fmt.Fprintf(tw, "all\t%d\t\t\t\t\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", times,
		s.Sent, s.Received, s.InGaps, s.Copies, s.Unasked, s.Unseen, s.Duplicates, s.Reordered)
	tw.Flush()
	for _, o := range outcomes {
		if o.tries > 1 {
			fmt.Fprintf(w, "repeated %s: try %d; this process was kept waiting for %s\n", o.fault.name, o.tries, ms(o.late))
		}
		for _, failure := range o.failures {
			fmt.Fprintf(w, "FAILED %s: %s\n", o.fault.name, failure)
		}
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
