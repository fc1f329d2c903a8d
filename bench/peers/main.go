// Command peers measures other designs of a ticker client beside ours, under the
// same loads and on the same machine, in turns: see package harness. It is a
// module of its own, so that what it compares with never enters the library.
//
//	make peers                        # everything, and the report
//	cd bench/peers && go run . -h
//	cd bench/peers && go run . -loads burst -subjects bare,official,balanced
//
// # What is compared
//
//	gokite.go                the official client's interface on top of ours
//	callback.go, sockets.go  the design of the official Go client, over the
//	                         WebSocket library that it has, and over two others
//	queue.go                 rings against channels, all else being equal
//	rings.go                 queues alone: no socket, no client
//
// and the profiles of the client and the floors, from package harness.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kiteticker/kiteticker/bench/harness"
)

func subjects() (all []harness.Subject) {
	all = append(all, harness.Floors()...)
	all = append(all, harness.Clients()...)
	all = append(all, gokite())
	all = append(all, callbacks()...)
	return append(all, queues()...)
}

func main() {
	harness.Child(subjects())
	if len(os.Args) > 1 && os.Args[1] == "rings" {
		os.Exit(rings(os.Args[2:], os.Stdout, os.Stderr))
	}
	tool := harness.Tool{
		Name: "cd bench/peers && go run .",
		Usage: `peers [flags]
peers rings [flags]

Measures the client beside other designs of the same thing, and beside floors;
or queues alone.`,
		Subjects: subjects(),
	}
	os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr))
}

// rings measures queues alone, and returns the exit code.
func rings(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("peers rings", flag.ContinueOnError)
	f.SetOutput(stderr)
	rounds := f.Int("rounds", 11, "run every queue `N` times, in turns; medians are shown")
	items := f.Int("items", 3_000_000, "`N` ticks in a run")
	file := f.String("json", "", "write all figures to `FILE`")
	switch err := f.Parse(args); {
	case err == flag.ErrHelp:
		return 0
	case err != nil || f.NArg() > 0 || *rounds < 1 || *items < 1:
		fmt.Fprintln(stderr, "want only flags, with positive numbers")
		return 2
	}
	r := &harness.RingReport{Ours: ours, Head: harness.NewHead(
		strings.Join(append([]string{"cd bench/peers && go run . rings"}, args...), " "),
		fmt.Sprintf("medians of %d runs of %d ticks in turns", *rounds, *items))}
	var err error
	if r.Rings, err = measureRings(*rounds, *items); err == nil {
		if err = r.Print(stdout); err == nil {
			err = harness.Write(*file, r)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
