package harness

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Plan says what is measured, and for how long.
type Plan struct {
	Subjects   []Subject
	Loads      []Load
	Transports []string // Plain, TLS
	Rounds     int
	Warm       time.Duration // of each run, before what counts
	Duration   time.Duration // of each run
	Steal      float64       // a run during which the hypervisor stole more is noisy, 0 to 1
	Others     float64       // so is one during which other processes took more, 0 to 1
	Repeats    int           // how often a noisy run is repeated
	Log        io.Writer     // a line per run; nil is silent
}

// Transports.
const (
	Plain = "plain"
	TLS   = "tls"
)

// Cell is what all runs of one subject under one load took.
type Cell struct {
	Load      Load   `json:"load"`
	Transport string `json:"transport"`
	Subject   string `json:"subject"`
	Floor     string `json:"floor,omitempty"`
	Runs      []Run  `json:"runs"`   // without their curves
	Median    Run    `json:"median"` // of the runs that were not noisy, or of all if all were
	Noisy     bool   `json:"noisy,omitempty"`
}

// Run measures everything. Subjects take turns, each under every load once a
// round, so that what drifts drifts for all; a subject's place in the turn moves
// from round to round.
func (p *Plan) Run(ctx context.Context) ([]Cell, error) {
	var cells []Cell
	for _, load := range p.Loads {
		for _, transport := range p.Transports {
			for _, s := range p.Subjects {
				cells = append(cells, Cell{Load: load, Transport: transport, Subject: s.Name, Floor: s.Floor})
			}
		}
	}
	n := len(p.Subjects)
	for round := range p.Rounds {
		for group := 0; group < len(cells); group += n {
			for i := range n {
				k := (i + round) % n
				cell := &cells[group+k]
				run, err := p.quiet(ctx, cell, &p.Subjects[k])
				if err != nil {
					return nil, fmt.Errorf("%s under %s, %s: %w", cell.Subject, cell.Load.Name, cell.Transport, err)
				}
				cell.Runs = append(cell.Runs, *run)
			}
		}
	}
	for i := range cells {
		cells[i].sum()
	}
	return cells, nil
}

// quiet repeats a run until the machine was left alone, as often as it may.
func (p *Plan) quiet(ctx context.Context, cell *Cell, s *Subject) (run *Run, err error) {
	for try := 0; ; try++ {
		if run, err = p.once(ctx, cell, s); err != nil {
			return nil, err
		}
		run.Noisy = run.Steal > p.Steal || run.Others > p.Others
		if p.Log != nil {
			noise := ""
			if run.Noisy {
				noise = fmt.Sprintf("  noisy: %.1f %% stolen, %.1f %% taken by others", 100*run.Steal, 100*run.Others)
			}
			fmt.Fprintf(p.Log, "%-8s %-6s %-12s p50 %8s  p99 %8s%s\n", cell.Load.Name, cell.Transport, s.Name,
				micros(run.Latency.P50), micros(run.Latency.P99), noise)
		}
		if !run.Noisy || try >= p.Repeats {
			return run, nil
		}
	}
}

// once makes one run, in processes of its own.
func (p *Plan) once(ctx context.Context, cell *Cell, s *Subject) (*Run, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Warm+p.Duration+3*patience)
	defer cancel()
	before := readJiffies()
	receiver, err := startChild(ctx, "receiver", &spec{
		Load: cell.Load, TLS: cell.Transport == TLS, Subject: s.Name, Subscribes: s.Subscribes, Warm: p.Warm, Duration: p.Duration,
	})
	if err != nil {
		return nil, err
	}
	var run Run
	heard := receiver.hear(&run)
	if err := receiver.stop(); err != nil || heard != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("receiver: %w", first(err, heard))
	}
	state := receiver.cmd.ProcessState // with the exchange, its child
	run.Steal, run.Others = before.noise(readJiffies(), state.UserTime()+state.SystemTime())
	return &run, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// sum fills in the medians.
func (c *Cell) sum() {
	var quiet []Run
	for _, r := range c.Runs {
		if !r.Noisy {
			quiet = append(quiet, r)
		}
	}
	if c.Noisy = len(quiet) == 0; c.Noisy {
		quiet = c.Runs
	}
	c.Median = median(quiet)
	for i := range c.Runs {
		c.Runs[i].Latency.Curve = nil
	}
}

// Lost reports whether frames or ticks were lost under a load that has a pace.
func (c *Cell) Lost() bool {
	for _, r := range c.Runs {
		if !c.Load.Endless() && (r.Missing > 0 || r.Lost > 0) {
			return true
		}
	}
	return false
}
