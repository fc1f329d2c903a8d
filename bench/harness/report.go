package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Head is what a number means nothing without.
type Head struct {
	Command string `json:"command"` // to get the numbers again
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	Machine string `json:"machine"`
	CPU     string `json:"cpu,omitempty"`
	Runs    string `json:"runs"` // how they were made
}

// NewHead describes this place and time.
func NewHead(command, runs string) Head {
	return Head{
		Command: command,
		Commit:  commit(),
		Date:    time.Now().UTC().Format(time.DateOnly),
		Go:      runtime.Version(),
		Machine: fmt.Sprintf("%s/%s, %d cpus", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		CPU:     model(),
		Runs:    runs,
	}
}

func (h Head) String() string {
	return fmt.Sprintf("%s, %s, %s, commit %s, %s", h.Machine, h.CPU, h.Go, h.Commit, h.Date)
}

// Report is all that was measured at one time.
type Report struct {
	Head
	Cells []Cell `json:"cells"`
}

// commit names the present commit, if git can. Results are no change of it.
func commit() string {
	head, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(head))
	if exec.Command("git", "diff", "--quiet", "HEAD", "--", ":/", ":(top,exclude)bench/results", ":(top,exclude)docs").Run() != nil {
		name += " and uncommitted changes"
	}
	return name
}

// model names the processor, as Linux does.
func model() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Write writes v to a file as JSON that git can compare line by line. An empty
// name writes nothing.
func Write(file string, v any) error {
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// Read reads what Write wrote.
func Read(file string, v any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Columns head a table of cells.
var Columns = []string{"subject", "p50", "p99", "p99.9", "max", "p50/floor", "ticks/s", "CPU/frame", "CPU/tick", "CPU/floor",
	"allocs/frame", "GCs", "RSS", "lost", "noise", "steal", "others"}

// Row returns what Columns names; floor is nil if there is none to compare with.
func (c *Cell) Row(floor *Cell) []string {
	m := &c.Median
	perFrame := m.CPUPerFrame()
	row := []string{
		c.Subject, micros(m.Latency.P50), micros(m.Latency.P99), micros(m.Latency.P999), micros(m.Latency.Max), "",
		perSecond(float64(m.Handled*c.Load.Packets) / m.Seconds),
		micros(time.Duration(perFrame)), nanos(perFrame / float64(c.Load.Packets)), "",
		fmt.Sprintf("%.2f", m.AllocsPerFrame()), fmt.Sprint(m.GCs), fmt.Sprintf("%.0f MB", float64(m.RSS)/1e6),
		lost(c), c.noise(), fmt.Sprintf("%.1f %%", 100*m.Steal), fmt.Sprintf("%.0f %%", 100*m.Others),
	}
	if floor != nil {
		row[5] = Ratio(float64(m.Latency.P50), float64(floor.Median.Latency.P50))
		row[9] = Ratio(perFrame, floor.Median.CPUPerFrame())
	}
	if c.Noisy {
		row[len(row)-1] += " !"
	}
	return row
}

// noise returns how far the medians of the runs lie apart: half of their range,
// of the median.
func (c *Cell) noise() string {
	p50s := make([]float64, len(c.Runs))
	for i := range c.Runs {
		p50s[i] = float64(c.Runs[i].Latency.P50)
	}
	return spread(p50s)
}

func spread(values []float64) string {
	values = slices.Clone(values)
	m := Median(values) // sorts them
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("±%.0f %%", 50*(values[len(values)-1]-values[0])/m)
}

func lost(c *Cell) string {
	m := &c.Median
	if m.Missing == 0 && m.Lost == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(m.Missing)/float64(max(uint64(m.Latency.Frames)+m.Missing, 1)))
}

// FloorOf returns the cell that c is compared with, nil if it was not measured.
func (r *Report) FloorOf(c *Cell) *Cell {
	if c.Floor == "" {
		return nil
	}
	return r.Find(c.Load.Name, c.Transport, c.Floor)
}

// Find returns a cell, nil if there is none.
func (r *Report) Find(load, transport, subject string) *Cell {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Load.Name == load && c.Transport == transport && c.Subject == subject {
			return c
		}
	}
	return nil
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n%s\n", r.Head, r.Runs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := range r.Cells {
		c := &r.Cells[i]
		if i == 0 || c.Load != r.Cells[i-1].Load || c.Transport != r.Cells[i-1].Transport {
			t.Flush()
			fmt.Fprintf(w, "\n%v, %s\n", c.Load, c.Transport)
			fmt.Fprintln(t, strings.Join(Columns, "\t")+"\t")
		}
		fmt.Fprintln(t, strings.Join(c.Row(r.FloorOf(c)), "\t")+"\t")
	}
	return t.Flush()
}

// Ratio returns a/b for a table.
func Ratio(a, b float64) string {
	if b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

// micros returns d in microseconds, with three digits at least.
func micros(d time.Duration) string {
	us := float64(d) / 1e3
	switch {
	case us < 10:
		return fmt.Sprintf("%.2f µs", us)
	case us < 100:
		return fmt.Sprintf("%.1f µs", us)
	case us < 10_000:
		return fmt.Sprintf("%.0f µs", us)
	}
	return fmt.Sprintf("%.1f ms", us/1e3)
}

// perSecond returns a rate in thousands or millions.
func perSecond(rate float64) string {
	if rate < 1e6 {
		return fmt.Sprintf("%.1f k", rate/1e3)
	}
	return fmt.Sprintf("%.2f M", rate/1e6)
}

func nanos(ns float64) string {
	if ns < 10_000 {
		return fmt.Sprintf("%.0f ns", ns)
	}
	return micros(time.Duration(ns))
}
