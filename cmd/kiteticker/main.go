package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // the job could not be done, or what it checked is wrong
	exitUsage   = 2 // the command line or the environment is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)   // the second Ctrl-C ends the process at once
	signal.Ignore(syscall.SIGPIPE) // writing to a pipe without a reader is an error to handle, not the end
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// shell is what a command sees of the world.
type shell struct {
	getenv         func(name string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one of the words after kiteticker.
type command struct {
	name    string
	args    string // after the flags, for the usage line
	summary string // one line
	manual  string // the rest of the help text
	// setup declares the flags and returns what to do once they are parsed.
	setup func(f *flags) job
}

// job does the work of a command. args are what followed the flags.
type job func(ctx context.Context, sh *shell, args []string) error

func commands() []*command {
	return []*command{demoCommand, simCommand, streamCommand, decodeCommand, versionCommand}
}

// run is the whole command; it returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	sh := &shell{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	name, args := args[0], args[1:]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		if name != "help" || len(args) == 0 {
			usage(stdout)
			return exitOK
		}
		if len(args) > 1 {
			fmt.Fprintf(stderr, "kiteticker help: unexpected argument %q, want one command\n", args[1])
			return exitUsage
		}
		name, args = args[0], []string{"-h"}
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, sh, args)
		}
	}
	fmt.Fprintf(stderr, "kiteticker: unknown command %q, want one of: %s\n", name, names())
	return exitUsage
}

func (c *command) run(ctx context.Context, sh *shell, args []string) int {
	f := newFlags(c.name)
	do := c.setup(f)
	err := f.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		c.help(sh.stdout, f)
		return exitOK
	}
	if err == nil {
		err = do(ctx, sh, f.Args())
	}
	if err == nil {
		return exitOK
	}
	if out, ok := errors.AsType[*outputError](err); ok && out.enough() {
		return exitOK
	}
	if !errors.Is(err, errReported) {
		within(stuckAfter, func() { // standard error may be as stuck as what err is about
			for line := range strings.Lines(err.Error()) { // joined errors have one line each
				fmt.Fprintf(sh.stderr, "kiteticker %s: %s\n", c.name, strings.TrimSuffix(line, "\n"))
			}
		})
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// errReported ends a command whose output has said already what is wrong.
var errReported = errors.New("reported")

// usageError says what is wrong with the command line or the environment.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// noArgs refuses what follows the flags of a command that takes only flags.
func noArgs(args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q, want only flags", args[0])
	}
	return nil
}

// usage prints what commands there are.
func usage(w io.Writer) {
	fmt.Fprint(w, "Kiteticker receives the market data of Kite Connect, or of a simulated exchange.\n\nUsage:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "\tkiteticker %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nStart with \"kiteticker demo\": it needs no account.\n"+
		"\"kiteticker help COMMAND\" explains the flags of a command.\n")
}

func names() string {
	var list []string
	for _, c := range commands() {
		list = append(list, c.name)
	}
	return strings.Join(append(list, "help"), ", ")
}

// help prints the manual of one command.
func (c *command) help(w io.Writer, f *flags) {
	line := "kiteticker " + c.name
	f.VisitAll(func(*flag.Flag) { line = "kiteticker " + c.name + " [flags]" })
	fmt.Fprintf(w, "Usage: %s\n\n%s\n", strings.TrimSpace(line+" "+c.args), strings.TrimSpace(c.manual))
	f.print(w)
}
