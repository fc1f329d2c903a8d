package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// measured gives what is in the files of bench/results, each read once.
type measured struct {
	dir     string
	reports map[string]*harness.Report
	rooms   map[string]*room
}

// report returns latency.json or peers.json.
func (m *measured) report(name string) (*harness.Report, error) {
	if r, ok := m.reports[name]; ok {
		return r, nil
	}
	r := new(harness.Report)
	if err := harness.Read(filepath.Join(m.dir, name+".json"), r); err != nil {
		return nil, err
	}
	if m.reports == nil {
		m.reports = map[string]*harness.Report{}
	}
	m.reports[name] = r
	return r, nil
}

// cell returns one cell of a report, and the one of its floor.
func (m *measured) cell(report, load, transport, subject string) (c, floor *harness.Cell, err error) {
	r, err := m.report(report)
	if err != nil {
		return nil, nil, err
	}
	if c = r.Find(load, transport, subject); c == nil {
		return nil, nil, fmt.Errorf("%s.json has no %s under %s, %s", report, subject, load, transport)
	}
	return c, r.FloorOf(c), nil
}

// room is the result of the benchmarks of a room.
type room struct {
	head  map[string]string // command, commit, date, go, machine, cpu
	names []string          // of benchmarks, in order, without Benchmark and -GOMAXPROCS
	runs  map[string]map[string][]float64
}

func (m *measured) room(name string) (*room, error) {
	if r, ok := m.rooms[name]; ok {
		return r, nil
	}
	text, err := os.ReadFile(filepath.Join(m.dir, name+".txt"))
	if err != nil {
		return nil, err
	}
	if m.rooms == nil {
		m.rooms = map[string]*room{}
	}
	m.rooms[name] = parseRoom(string(text))
	return m.rooms[name], nil
}

// parseRoom reads what go test printed, under the comments of make bench.
func parseRoom(text string) *room {
	r := &room{head: map[string]string{}, runs: map[string]map[string][]float64{}}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), ":"); ok && !strings.HasPrefix(line, "Benchmark") {
			r.head[key] = strings.TrimSpace(value)
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
			name = name[:i]
		}
		if r.runs[name] == nil {
			r.names = append(r.names, name)
			r.runs[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				r.runs[name][fields[i+1]] = append(r.runs[name][fields[i+1]], v)
			}
		}
	}
	return r
}

// median returns the median of a benchmark's runs, in a unit such as ns/op.
func (m *measured) median(roomName, benchmark, unit string) (float64, error) {
	r, err := m.room(roomName)
	if err != nil {
		return 0, err
	}
	values := r.runs[benchmark][unit]
	if len(values) == 0 {
		return 0, fmt.Errorf("%s.txt has no %s of %s", roomName, unit, benchmark)
	}
	return harness.Median(append([]float64(nil), values...)), nil
}
