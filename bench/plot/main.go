// Command plot draws the percentiles of what make latency has measured, a
// picture for each load and transport. It is a module of its own because of
// gonum's plot.
//
//	make performance
//	cd bench/plot && go run . -in ../results/latency.json -out ../../docs
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/kiteticker/kiteticker/bench/harness"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	f := flag.NewFlagSet("plot", flag.ContinueOnError)
	f.SetOutput(stderr)
	in := f.String("in", "../results/latency.json", "read `FILE`")
	out := f.String("out", "../../docs", "write the pictures into `DIR`, as latency-LOAD-TRANSPORT.svg")
	switch err := f.Parse(args); {
	case err == flag.ErrHelp:
		return 0
	case err != nil:
		return 2
	}
	var r harness.Report
	err := harness.Read(*in, &r)
	if err == nil {
		err = drawAll(&r, *out)
	}
	if err != nil {
		fmt.Fprintln(stderr, "plot:", err)
		return 1
	}
	return 0
}
