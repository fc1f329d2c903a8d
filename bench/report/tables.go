package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// table returns a table in Markdown.
func (m *measured) table(name string, args []string) (string, error) {
	want := map[string]int{"budgets": 0, "latency": 2, "peers": 1, "rings": 0, "bench": 3, "instructions": 0, "made": 1}
	n, ok := want[name]
	if !ok || n != len(args) {
		return "", fmt.Errorf("want one of budgets, latency LOAD TRANSPORT, peers LOAD, rings, bench ROOM PREFIX UNIT,UNIT, instructions, made FILE")
	}
	switch name {
	case "budgets":
		return m.budgets()
	case "latency":
		return m.latency(args[0], args[1])
	case "peers":
		return m.peers(args[0])
	case "rings":
		return m.rings()
	case "made":
		return m.made(args[0])
	case "bench":
		return m.bench(args[0], args[1], strings.Split(args[2], ","))
	default:
		return m.instructions()
	}
}

// markdown lays out rows under columns. Numbers stand to the right: those of all
// columns but the first, and but those that are words.
func markdown(columns []string, rows [][]string, words ...string) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	rule := slices.Repeat([]string{"--:"}, len(columns))
	for i, name := range columns {
		if i == 0 || slices.Contains(words, name) {
			rule[i] = "---"
		}
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

// made says where the numbers of a file come from.
func (m *measured) made(name string) (string, error) {
	var h harness.Head
	if err := harness.Read(filepath.Join(m.dir, name+".json"), &h); err == nil {
		return fmt.Sprintf("Measured by `%s`: %s. %s, %s, %s, commit %s, %s.\n", h.Command, h.Runs, h.Machine, h.CPU, h.Go, h.Commit, h.Date), nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	r, err := m.room(name)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Measured by `%s`: medians. %s, %s, %s, commit %s, %s.\n",
		r.head["command"], r.head["machine"], r.head["cpu"], r.head["go"], r.head["commit"], r.head["date"]), nil
}

// Columns of harness.Columns that a page has room for.
var (
	pacedColumns   = []string{"subject", "p50", "p99", "p99.9", "max", "p50/floor", "CPU/frame", "CPU/floor", "allocs/frame", "GCs", "RSS", "noise", "steal", "others"}
	endlessColumns = []string{"subject", "ticks/s", "CPU/tick", "CPU/floor", "p50", "p99", "allocs/frame", "GCs", "RSS", "lost", "noise", "steal", "others"}
)

func (m *measured) latency(load, transport string) (string, error) {
	r, err := m.report("latency")
	if err != nil {
		return "", err
	}
	columns, rows := pacedColumns, [][]string(nil)
	var about harness.Load
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Load.Name != load || c.Transport != transport {
			continue
		}
		if about = c.Load; about.Endless() {
			columns = endlessColumns
		}
		all := c.Row(r.FloorOf(c))
		var row []string
		for _, name := range columns {
			row = append(row, all[slices.Index(harness.Columns, name)])
		}
		rows = append(rows, row)
	}
	if rows == nil {
		return "", fmt.Errorf("latency.json has nothing under %s, %s", load, transport)
	}
	plot := fmt.Sprintf("latency-%s-%s.svg", load, transport)
	return fmt.Sprintf("**%v, %s**\n\n%s\n![percentiles](%s)\n", about, transport, markdown(columns, rows), plot), nil
}

// ours is the subject that others are compared with.
const ours = "balanced"

func (m *measured) peers(load string) (string, error) {
	r, err := m.report("peers")
	if err != nil {
		return "", err
	}
	us := r.Find(load, harness.Plain, ours)
	if us == nil {
		return "", fmt.Errorf("peers.json has no %s under %s", ours, load)
	}
	var rows [][]string
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Load.Name != load || c.Transport != harness.Plain {
			continue
		}
		row := c.Row(nil)
		at := func(name string) string { return row[slices.Index(harness.Columns, name)] }
		rows = append(rows, []string{
			c.Subject, at("p50"), harness.Ratio(float64(c.Median.Latency.P50), float64(us.Median.Latency.P50)),
			at("p99"), at("CPU/tick"), harness.Ratio(c.Median.CPUPerFrame(), us.Median.CPUPerFrame()),
			at("ticks/s"), at("allocs/frame"), at("GCs"), at("RSS"), at("noise"), at("steal"), at("others"),
		})
	}
	columns := []string{"subject", "p50", "of " + ours, "p99", "CPU/tick", "of " + ours, "ticks/s", "allocs/frame", "GCs", "RSS", "noise", "steal", "others"}
	return fmt.Sprintf("**%v, plain**\n\n%s", us.Load, markdown(columns, rows)), nil
}

func (m *measured) rings() (string, error) {
	var r harness.RingReport
	if err := harness.Read(filepath.Join(m.dir, "rings.json"), &r); err != nil {
		return "", err
	}
	return markdown(harness.RingColumns, r.Rows()), nil
}

// bench shows the medians of the benchmarks of a room whose names begin with
// prefix, in some units.
func (m *measured) bench(roomName, prefix string, units []string) (string, error) {
	r, err := m.room(roomName)
	if err != nil {
		return "", err
	}
	var rows [][]string
	for _, name := range r.names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		row := []string{"`" + name + "`"}
		for _, unit := range units {
			v, err := m.median(roomName, name, unit)
			if err != nil {
				return "", err
			}
			row = append(row, figure(v))
		}
		rows = append(rows, row)
	}
	if rows == nil {
		return "", fmt.Errorf("%s.txt has no benchmark that begins with %s", roomName, prefix)
	}
	return markdown(append([]string{"benchmark"}, units...), rows), nil
}

func (m *measured) instructions() (string, error) {
	text, err := os.ReadFile(filepath.Join(m.dir, "instructions.txt"))
	if err != nil {
		return "", err
	}
	head := parseRoom(string(text)).head
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 5 && fields[0] != "#" {
			rows = append(rows, []string{"`" + fields[0] + "`", fields[1], strings.Join(fields[5:], " ")})
		}
	}
	return markdown([]string{"path", "instructions", "for one"}, rows, "for one") +
		fmt.Sprintf("\n%s, %s, %s: `%s`.\n", head["machine"], head["go"], head["date"], head["command"]), nil
}

// figure shows a number with four digits at least, and never with an exponent.
func figure(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}
