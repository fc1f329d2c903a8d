package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"sync"
	"time"
)

func main() {
	var (
		only    = flag.String("faults", "", "inject only faults whose names match this `REGEXP`")
		rounds  = flag.Int("rounds", 3, "inject each fault `N` times")
		jobs    = flag.Int("jobs", 6, "run `N` faults at a time, each with an exchange and a client of its own")
		soaking = flag.Duration("soak", 0, "soak for `DURATION` instead, and print a JSON object")
		many    = flag.Int("instruments", soakInstruments, "of a soak; with fewer, those of a connection that is down find room on the others")
		seed    = flag.Uint64("seed", 0, "of all that is random; 0 takes one")
	)
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	if *soaking > 0 {
		rep := soak(*soaking, *many, *seed)
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		if err := out.Encode(rep); err != nil || !rep.OK {
			os.Exit(1)
		}
		return
	}
	var list []fault
	for _, f := range faults() {
		if pattern.MatchString(f.name) {
			list = append(list, f)
		}
	}
	start := time.Now()
	outcomes := runAll(list, *jobs, dose{*rounds, instruments, *seed})
	write(os.Stdout, outcomes)
	fmt.Printf("%d faults, seed %d, %v\n", len(list), *seed, time.Since(start).Round(100*time.Millisecond))
	for _, o := range outcomes {
		if len(o.failures) > 0 {
			os.Exit(1)
		}
	}
}

// runAll runs every fault of list, so many at a time, and returns their
// outcomes in its order.
func runAll(list []fault, jobs int, d dose) []outcome {
	outcomes := make([]outcome, len(list))
	var running sync.WaitGroup
	free := make(chan struct{}, jobs)
	for i := range list {
		free <- struct{}{}
		running.Go(func() {
			own := d
			own.seed += uint64(i)
			outcomes[i] = list[i].prove(own)
			<-free
		})
	}
	running.Wait()
	return outcomes
}
