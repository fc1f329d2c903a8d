package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// invocation is one run of the command, in this process.
type invocation struct {
	args   []string
	env    map[string]string
	stdin  string
	stdout io.Writer // default: into the outcome
	onText func(text string)
}

// outcome is what an invocation leaves.
type outcome struct {
	code           int
	stdout, stderr string
}

func (i invocation) run(ctx context.Context) outcome {
	var stdout, stderr capture
	stdout.onText, stderr.onText = i.onText, i.onText
	out := io.Writer(&stdout)
	if i.stdout != nil {
		out = i.stdout
	}
	code := run(ctx, i.args, func(name string) string { return i.env[name] }, strings.NewReader(i.stdin), out, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// kt runs the command with arguments alone.
func kt(t *testing.T, args ...string) outcome {
	t.Helper()
	return invocation{args: args}.run(t.Context())
}

// capture keeps what is written to it, by any goroutine, and shows all of it to
// onText after each write.
type capture struct {
	mu     sync.Mutex
	text   bytes.Buffer
	onText func(text string)
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	n, err := c.text.Write(p)
	text := c.text.String()
	c.mu.Unlock()
	if c.onText != nil {
		c.onText(text)
	}
	return n, err
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// want fails the test unless the outcome has the code, and its streams hold
// the given texts; "" wants an empty stream.
func (o outcome) want(t *testing.T, code int, stdout, stderr string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d", o.code, code)
	}
	for _, s := range []struct{ name, got, want string }{{"stdout", o.stdout, stdout}, {"stderr", o.stderr, stderr}} {
		if s.want == "" && s.got != "" || !strings.Contains(s.got, s.want) {
			t.Errorf("%s is %q, want %q", s.name, s.got, s.want)
		}
	}
	if t.Failed() {
		t.Logf("stdout:\n%s\nstderr:\n%s", o.stdout, o.stderr)
	}
}

// Every mistake in the command line gets exit code 2 and one line that says
// what is wrong and what was expected.
func TestUsageErrors(t *testing.T) {
	for _, tc := range []struct {
		args string // separated by spaces
		want string
	}{
		{"demos", `kiteticker: unknown command "demos", want one of: demo, sim, stream, decode, version, help`},
		{"help demos", `unknown command "demos"`},
		{"help demo sim", `kiteticker help: unexpected argument "sim", want one command`},
		{"demo -foo", "kiteticker demo: unknown flag -foo, want one of: -conns -duration -instruments -json -mode -profile -rate"},
		{"demo --foo=1", "unknown flag -foo"},
		{"demo 408065", `kiteticker demo: unexpected argument "408065", want only flags`},
		{"demo -conns", "flag needs an argument: -conns"},
		{"demo -conns 4", `invalid value "4" for flag -conns: want a whole number from 1 to 3`},
		{"demo -conns -1", `invalid value "-1" for flag -conns: want a whole number from 1 to 3`},
		{"demo -instruments 9001", `invalid value "9001" for flag -instruments: want a whole number from 1 to 9000`},
		{"demo -instruments 3001 -conns 1", "-instruments is 3001, want at most 3000 with -conns 1"},
		{"demo -rate fast", `invalid value "fast" for flag -rate: want a number from 0 to 1000000, such as 4 or 0.5, or max`},
		{"demo -rate NaN", "want a number from 0"},
		{"demo -rate -1", "want a number from 0"},
		{"demo -mode ltpc", `invalid value "ltpc" for flag -mode: want ltp, quote or full`},
		{"demo -profile turbo", `invalid value "turbo" for flag -profile: want balanced, inline or low-latency`},
		{"demo -duration 10", `invalid value "10" for flag -duration: want a positive duration, such as 10s or 5m`},
		{"demo -duration 0s", "want a positive duration"},
		{"demo -json=maybe", `invalid boolean value "maybe" for -json: want true or false`},
		{"sim now", `kiteticker sim: unexpected argument "now", want only flags`},
		{"sim -addr foo", `invalid value "foo" for flag -addr: want HOST:PORT, such as 127.0.0.1:7000`},
		{"sim -addr 127.0.0.1:70000", "for flag -addr: want HOST:PORT"},
		{"sim -addr 127.0.0.1:", "for flag -addr: want HOST:PORT"},
		{"sim -seed -1", `invalid value "-1" for flag -seed: want a whole number from 0 to 18446744073709551615`},
		{"sim -instruments 0", `invalid value "0" for flag -instruments: want a whole number from 1 to 200000`},
		{"stream -count 0 408065", `invalid value "0" for flag -count: want a whole number from 1`},
		{"stream -format xml 408065", `invalid value "xml" for flag -format: want table, jsonl or csv`},
		{"decode -in octal", `invalid value "octal" for flag -in: want raw, hex or base64`},
		{"decode -kind tick", `invalid value "tick" for flag -kind: want frame or packet`},
		{"decode a b", `unexpected argument "b", want one file`},
		{"version -v", "kiteticker version: unknown flag -v, want none"},
		{"version 1", `kiteticker version: unexpected argument "1", want only flags`},
	} {
		t.Run(tc.args, func(t *testing.T) {
			o := kt(t, strings.Fields(tc.args)...)
			o.want(t, exitUsage, "", tc.want)
			if n := strings.Count(o.stderr, "\n"); n != 1 {
				t.Errorf("%d lines on stderr, want 1: %q", n, o.stderr)
			}
		})
	}
}

func TestNoArguments(t *testing.T) {
	kt(t).want(t, exitUsage, "", "Usage:")
	for _, arg := range []string{"help", "-h", "-help", "--help"} {
		kt(t, arg).want(t, exitOK, "kiteticker demo", "")
	}
}

// Every command explains itself, with examples that parse and each of its
// flags, and is named in the overview.
func TestHelp(t *testing.T) {
	overview := kt(t, "help").stdout
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{{c.name, "-h"}, {c.name, "--help"}, {"help", c.name}} {
				kt(t, args...).want(t, exitOK, "Usage: kiteticker "+c.name, "")
			}
			text := kt(t, c.name, "-h").stdout
			for line := range strings.Lines(c.manual) {
				if n := len(line) - 1; n > 80 && line[0] != '\t' { // an example may not be broken
					t.Errorf("a line of the manual has %d characters, want at most 80: %s", n, line)
				}
			}
			if !strings.Contains(overview, "kiteticker "+c.name) || !strings.Contains(overview, c.summary) {
				t.Error("it is missing in the overview")
			}
			f := newFlags(c.name)
			c.setup(f)
			f.VisitAll(func(fl *flag.Flag) {
				if !strings.Contains(text, "\n  -"+fl.Name+" ") {
					t.Errorf("the help does not list -%s", fl.Name)
				}
			})
			_, examples, ok := strings.Cut(text, "Example")
			if !ok {
				t.Fatal("the help has no examples")
			}
			for line := range strings.Lines(examples) {
				if _, call, ok := strings.Cut(line, "kiteticker "); ok {
					checkExample(t, strings.Fields(call))
				}
			}
		})
	}
}

// checkExample parses the flags of one example.
func checkExample(t *testing.T, words []string) {
	t.Helper()
	for _, c := range commands() {
		if c.name == words[0] {
			f := newFlags(c.name)
			c.setup(f)
			if err := f.parse(words[1:]); err != nil {
				t.Errorf("example %q: %v", strings.Join(words, " "), err)
			}
			return
		}
	}
	t.Errorf("example %q: no such command", strings.Join(words, " "))
}

func TestVersion(t *testing.T) {
	o := kt(t, "version")
	o.want(t, exitOK, "kiteticker ", "")
	for _, part := range []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH} {
		if !strings.Contains(o.stdout, part) {
			t.Errorf("stdout is %q, want %q in it", o.stdout, part)
		}
	}
}
