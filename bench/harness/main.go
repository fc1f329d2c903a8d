package harness

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// Tool is a program that measures subjects.
type Tool struct {
	Name     string // as its report calls it, to get it again: go run ./bench/latency
	Usage    string
	Subjects []Subject
}

// Main measures what args ask for, prints a table on stdout and writes the
// report, and returns the exit code: 2 for wrong flags, 1 if something could not
// be measured or was lost although its load has a pace.
func (t *Tool) Main(args []string, stdout, stderr io.Writer) int {
	o, err := Parse(t.Name, t.Usage, t.Subjects, args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	report := &Report{Head: NewHead(strings.Join(append([]string{t.Name}, args...), " "), o.Plan.Describe())}
	if report.Cells, err = o.Plan.Run(ctx); err == nil {
		err = report.Print(stdout)
	}
	if err == nil {
		err = Write(o.JSON, report)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	code := 0
	for i := range report.Cells {
		if c := &report.Cells[i]; c.Lost() {
			fmt.Fprintf(stderr, "%s lost something under %s, %s\n", c.Subject, c.Load.Name, c.Transport)
			code = 1
		}
	}
	return code
}
