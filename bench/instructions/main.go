// Command instructions counts the instructions of the hot paths under valgrind,
// which executes them one by one: the same program takes the same number of them
// whatever else the machine does, so a few percent more are a change of the code
// or of the compiler, not noise.
//
//	make instructions                    # count, into bench/results/instructions.txt
//	go run ./bench/instructions -check bench/results/instructions.txt
//
// Each path runs often and ten times as often, in two processes; what starting
// costs cancels out in the difference. Instructions are not time: what misses
// the cache, or waits for another core, costs the same here.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("instructions", flag.ContinueOnError)
	f.SetOutput(stderr)
	repeat := f.String("repeat", "", "only run this `PATH`, and not under valgrind")
	n := f.Int("n", 1, "with -repeat, `N` times")
	scale := f.Float64("scale", 1, "run each path `FACTOR` times as often")
	out := f.String("o", "", "write to `FILE` as well")
	check := f.String("check", "", "compare with `FILE`, and exit 1 if a path has become longer")
	most := f.Float64("most", 3, "a path may be `PERCENT` longer than in the file")
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return 0
		}
		return 2
	}
	err := error(nil)
	if *repeat != "" {
		err = repeatPath(*repeat, *n)
	} else {
		err = count(*scale, *out, *check, *most, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "instructions:", err)
		return 1
	}
	return 0
}

func repeatPath(name string, n int) error {
	for _, p := range paths() {
		if p.name == name {
			once := p.make()
			for range n {
				once()
			}
			return nil
		}
	}
	return fmt.Errorf("there is no path %q", name)
}

func count(scale float64, out, check string, most float64, stdout io.Writer) error {
	var text strings.Builder
	fmt.Fprintln(&text, newHead())
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	counts := map[string]float64{}
	for _, p := range paths() {
		n := max(int(scale*float64(p.n)), 1)
		few, err := collect(p.name, n)
		if err != nil {
			return err
		}
		many, err := collect(p.name, 10*n)
		if err != nil {
			return err
		}
		counts[p.name] = (many - few) / float64(9*n)
		fmt.Fprintf(table, "%s\t%.1f\tinstructions for one %s\n", p.name, counts[p.name], p.unit)
	}
	table.Flush()
	fmt.Fprint(stdout, text.String())
	if out != "" {
		if err := os.WriteFile(out, []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	if check == "" {
		return nil
	}
	before, err := os.ReadFile(check)
	if err != nil {
		return err
	}
	return compare(string(before), counts, most, stdout)
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

// collect returns the instructions of a process that runs a path n times. One
// thread and no garbage collector: what the runtime does besides is no part of
// the path.
func collect(name string, n int) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
		self, "-repeat", name, "-n", strconv.Itoa(n))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	report, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("valgrind: %w\n%s", err, report)
	}
	m := collected.FindSubmatch(report)
	if m == nil {
		return 0, fmt.Errorf("valgrind did not count:\n%s", report)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
