package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// head is what counts depend on besides the code.
type head struct{ version, arch, simd, date string }

func newHead() head {
	h := head{version: runtime.Version(), arch: runtime.GOARCH, simd: "none", date: time.Now().UTC().Format(time.DateOnly)}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(info), " avx2") {
		h.simd = "avx2"
	}
	return h
}

func (h head) String() string {
	return "# command: make instructions\n# date:    " + h.date + "\n# go:      " + h.version + "\n# machine: " + h.arch + ", " + h.simd
}

// comparable reports whether counts under h and under the head of text can be
// compared.
func (h head) comparable(text string) bool {
	_, like, _ := strings.Cut(h.String(), "# go:")
	return strings.Contains(text, "# go:"+like+"\n")
}

// compare reports paths that are more than most percent longer than before.
func compare(before string, counts map[string]float64, most float64, stdout io.Writer) error {
	if !newHead().comparable(before) {
		fmt.Fprintln(stdout, "counted with another Go version or processor: nothing to compare with")
		return nil
	}
	var errs []error
	seen := 0
	for line := range strings.Lines(before) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		was, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		now, ok := counts[fields[0]]
		if !ok {
			continue // a path that has gone
		}
		seen++
		switch change := 100 * (now - was) / was; {
		case change > most:
			errs = append(errs, fmt.Errorf("%s takes %.1f instructions, %.1f %% more than %.1f", fields[0], now, change, was))
		case change < -most:
			fmt.Fprintf(stdout, "%s takes %.1f instructions, %.1f %% less than %.1f: make instructions writes that down\n", fields[0], now, -change, was)
		}
	}
	if seen == 0 {
		errs = append(errs, errors.New("nothing to compare with"))
	}
	return errors.Join(errs...)
}
