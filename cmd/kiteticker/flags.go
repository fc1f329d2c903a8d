package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// flags are the flags of one command. Every flag says what it expects when it
// refuses a value.
type flags struct {
	*flag.FlagSet
	refused bool // a flag refused its value
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	return f
}

// parse returns flag.ErrHelp, or a usageError of one line.
func (f *flags) parse(args []string) error {
	err := f.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	used := len(args) - f.NArg() // the last one is what parsing stopped at
	name, _, _ := strings.Cut(strings.TrimLeft(args[used-1], "-"), "=")
	if !f.refused && f.Lookup(name) == nil {
		var known []string
		f.VisitAll(func(fl *flag.Flag) { known = append(known, "-"+fl.Name) })
		if known == nil {
			return usagef("unknown flag -%s, want none", name)
		}
		return usagef("unknown flag -%s, want one of: %s", name, strings.Join(known, " "))
	}
	return usagef("%v", err)
}

// option is the value of a flag: its text, and what to do with a new one.
type option struct {
	text string
	set  func(string) error
}

func (o *option) String() string { return o.text }

func (o *option) Set(s string) error {
	if err := o.set(s); err != nil {
		return err
	}
	o.text = s
	return nil
}

// option declares a flag; set returns an error that says what is wanted.
func (f *flags) option(name, usage, def string, set func(string) error) {
	f.Var(&option{def, func(s string) error {
		err := set(s)
		f.refused = f.refused || err != nil
		return err
	}}, name, usage)
}

// whole declares a flag for a whole number from low to high.
func (f *flags) whole(dst *int, name string, low, high int, usage string) {
	f.option(name, usage, strconv.Itoa(*dst), func(s string) error {
		n, err := strconv.Atoi(s)
		switch {
		case (err != nil || n < low) && high == math.MaxInt:
			return fmt.Errorf("want a whole number from %d", low)
		case err != nil || n < low || n > high:
			return fmt.Errorf("want a whole number from %d to %d", low, high)
		}
		*dst = n
		return nil
	})
}

// seed declares a flag for any number of 64 bits.
func (f *flags) seed(dst *uint64, name, usage string) {
	f.option(name, usage, strconv.FormatUint(*dst, 10), func(s string) (err error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return fmt.Errorf("want a whole number from 0 to %d", uint64(math.MaxUint64))
		}
		*dst = n
		return nil
	})
}

// address declares a flag for a TCP address to listen on.
func (f *flags) address(dst *string, name, usage string) {
	f.option(name, usage, *dst, func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("want HOST:PORT, such as 127.0.0.1:7000")
		}
		*dst = s
		return nil
	})
}

// maxRate is the highest finite rate, in updates per second and instrument.
const maxRate = 1e6

// rate declares a flag for a number of updates per second; max is infinite.
func (f *flags) rate(dst *float64, name, usage string) {
	f.option(name, usage, rateText(*dst), func(s string) error {
		if s == "max" {
			*dst = math.Inf(1)
			return nil
		}
		r, err := strconv.ParseFloat(s, 64)
		if err != nil || !(r >= 0 && r <= maxRate) { // refuses NaN too
			return fmt.Errorf("want a number from 0 to %d, such as 4 or 0.5, or max", int(maxRate))
		}
		*dst = r
		return nil
	})
}

func rateText(r float64) string {
	if math.IsInf(r, 1) {
		return "max"
	}
	return strconv.FormatFloat(r, 'g', -1, 64)
}

// span declares a flag for a positive duration. Its default may be 0, which is
// no limit.
func (f *flags) span(dst *time.Duration, name, usage string) {
	def := ""
	if *dst > 0 {
		def = dst.String()
	}
	f.option(name, usage, def, func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return errors.New("want a positive duration, such as 10s or 5m")
		}
		*dst = d
		return nil
	})
}

// toggle declares a flag that is false unless it is given.
func (f *flags) toggle(dst *bool, name, usage string) {
	f.BoolFunc(name, usage, func(s string) (err error) {
		if *dst, err = strconv.ParseBool(s); err != nil {
			f.refused = true
			return errors.New("want true or false")
		}
		return nil
	})
}

// choice declares a flag for one of the given values, each by its name.
func choice[T fmt.Stringer](f *flags, dst *T, name, usage string, values ...T) {
	f.option(name, usage, (*dst).String(), func(s string) error {
		var known []string
		for _, v := range values {
			if v.String() == s {
				*dst = v
				return nil
			}
			known = append(known, v.String())
		}
		last := len(known) - 1
		return fmt.Errorf("want %s or %s", strings.Join(known[:last], ", "), known[last])
	})
}

// print lists the flags with their defaults.
func (f *flags) print(w io.Writer) {
	title, width := "\nFlags:\n\n", 0
	head := func(fl *flag.Flag) (head, text string) {
		value, text := flag.UnquoteUsage(fl)
		return strings.TrimSpace("-" + fl.Name + " " + value), text
	}
	f.VisitAll(func(fl *flag.Flag) {
		h, _ := head(fl)
		width = max(width, utf8.RuneCountInString(h))
	})
	f.VisitAll(func(fl *flag.Flag) {
		h, text := head(fl)
		if fl.DefValue != "" {
			text += " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(w, "%s  %-*s  %s\n", title, width, h, text)
		title = ""
	})
}
