package harness

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options are the flags that every tool of this kind has.
type Options struct {
	Plan  Plan
	JSON  string // file for the report
	Quick bool
}

// Parse reads the flags of a tool that has these subjects and says what it
// measures in usage.
func Parse(name, usage string, subjects []Subject, args []string, stderr io.Writer) (*Options, error) {
	o := &Options{Plan: Plan{Log: stderr}}
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, "%s\n\nFlags:\n", usage)
		f.PrintDefaults()
		fmt.Fprintln(stderr, "\nLoads:")
		for _, l := range Loads() {
			fmt.Fprintf(stderr, "  %v\n", l)
		}
	}
	var loadNames, subjectNames []string
	for _, l := range Loads() {
		loadNames = append(loadNames, l.Name)
	}
	for _, s := range subjects {
		subjectNames = append(subjectNames, s.Name)
	}
	loads := f.String("loads", strings.Join(loadNames, ","), "`NAMES` of loads, see below")
	names := f.String("subjects", strings.Join(subjectNames, ","), "`NAMES` of what receives them")
	transports := f.String("transports", Plain+","+TLS, "`NAMES` of transports")
	f.IntVar(&o.Plan.Rounds, "rounds", 3, "run everything `N` times, in turns; medians are shown")
	f.DurationVar(&o.Plan.Duration, "duration", time.Second, "of one run")
	f.DurationVar(&o.Plan.Warm, "warm", 200*time.Millisecond, "sent before, and not counted")
	steal := f.Float64("steal", 1.5, "a run is noisy if the hypervisor kept more than `PERCENT` of the machine's time")
	others := f.Float64("others", 10, "so is it if other processes took more than `PERCENT` of it")
	f.IntVar(&o.Plan.Repeats, "repeats", 2, "repeat a noisy run up to `N` times; if it stays so, it counts only where all were noisy, marked !")
	f.StringVar(&o.JSON, "json", "", "write all figures to `FILE`")
	f.BoolVar(&o.Quick, "quick", false, "prove that it works, in seconds: one round of 40 ms, however noisy")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected %q", f.Arg(0))
	}
	if o.Quick {
		o.Plan.Rounds, o.Plan.Repeats = 1, 0
		o.Plan.Duration, o.Plan.Warm = 40*time.Millisecond, 20*time.Millisecond
	}
	if o.Plan.Rounds < 1 || o.Plan.Duration <= 0 || o.Plan.Warm < 0 || o.Plan.Repeats < 0 {
		return nil, fmt.Errorf("-rounds and -duration must be positive, -warm and -repeats not negative")
	}
	o.Plan.Steal, o.Plan.Others = *steal/100, *others/100
	var err error
	if o.Plan.Loads, err = choose("load", *loads, Loads(), func(l Load) string { return l.Name }); err != nil {
		return nil, err
	}
	if o.Plan.Subjects, err = choose("subject", *names, subjects, func(s Subject) string { return s.Name }); err != nil {
		return nil, err
	}
	o.Plan.Transports, err = choose("transport", *transports, []string{Plain, TLS}, func(s string) string { return s })
	return o, err
}

// choose returns those of all that names lists.
func choose[T any](what, names string, all []T, name func(T) string) (chosen []T, err error) {
	for n := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(v T) bool { return name(v) == n })
		if i < 0 {
			return nil, fmt.Errorf("there is no %s %q", what, n)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// Describe says how the runs of a plan are made.
func (p *Plan) Describe() string {
	return fmt.Sprintf("medians of %s of %v in turns, each after %v of warm-up; runs with more than %.1f %% steal or %.0f %% of others repeated up to %d times",
		count(p.Rounds, "run"), p.Duration, p.Warm, 100*p.Steal, 100*p.Others, p.Repeats)
}
