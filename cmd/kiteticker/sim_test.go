package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// startSim runs sim on a free port and returns its URL, and what ends it and
// returns its outcome, with all of stdout.
func startSim(t *testing.T, flags string) (url string, end func() outcome) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan outcome, 1)
	go func() {
		o := invocation{args: append([]string{"sim", "-addr", "127.0.0.1:0"}, strings.Fields(flags)...), stdout: w}.run(ctx)
		w.Close()
		done <- o
	}()
	lines := bufio.NewReader(r)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	rest := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- first + string(text)
	}()
	return regexp.MustCompile(`ws://[0-9.:]+[0-9]`).FindString(first), func() outcome {
		cancel()
		o := <-done
		o.stdout = <-rest
		return o
	}
}

// The exchange in one process and a client in another, without account or
// tokens: what the client prints is what the exchange has logged as sent.
func TestSimAndStream(t *testing.T) {
	for _, mode := range []string{"ltp", "quote", "full"} {
		t.Run(mode, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "sent.jsonl")
			url, end := startSim(t, "-instruments 18 -rate 1000 -log "+log)
			o := kt(t, "stream", "-url", url, "-mode", mode, "-format", "jsonl", "-count", "1000")
			o.want(t, exitOK, "}\n", "1,000 ticks in ")
			sim := end()
			sim.want(t, exitOK, "any api_key and any access_token will do", "")
			sent, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			// Of each instrument, the beginning of what was sent was received.
			logged := byToken(string(sent))
			for token, rows := range byToken(o.stdout) {
				if n := len(rows); n > len(logged[token]) || !slices.Equal(rows, logged[token][:n]) {
					t.Errorf("instrument %s: received\n%s\nsent\n%s", token, strings.Join(rows, "\n"), strings.Join(logged[token], "\n"))
				}
			}
		})
	}
}

// byToken groups JSON rows by instrument, without what only one side knows.
func byToken(rows string) map[string][]string {
	group := map[string][]string{}
	for row := range strings.Lines(rows) {
		row, _, _ = strings.Cut(row, `,"conn":`)
		token := regexp.MustCompile(`"instrument_token":(\d+)`).FindString(row)
		group[token] = append(group[token], row)
	}
	return group
}

// Sim tells who comes and goes, and in the end what it sent.
func TestSimReport(t *testing.T) {
	url, end := startSim(t, "-instruments 1 -rate 0")
	// Two ticks: what subscribing brings, and what the change of mode brings.
	kt(t, "stream", "-url", url, "-conns", "1", "-count", "2", "408065").want(t, exitOK, "408065", "live")
	o := end()
	for _, line := range []string{
		`simulated exchange at ` + regexp.QuoteMeta(url) + `: 1 instrument, 0 updates/s of each`,
		`any api_key and any access_token will do; connect to ` + regexp.QuoteMeta(url) + `/\?api_key=any&access_token=any`,
		`time=\d\d:\d\d:\d\d msg=connected conn=0`,
		`time=\d\d:\d\d:\d\d msg=disconnected conn=0.*`,
		`sent 2 ticks in 2 messages, 0\.0 MB, on 1 connection in .*s`,
	} {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(o.stdout) {
			t.Errorf("stdout lacks a line like %q:\n%s", line, o.stdout)
		}
	}
}

// Sim ends when nobody reads any more, as in "sim | head -1", though it may
// have nothing to write for hours.
func TestSimReaderGone(t *testing.T) {
	r, w := newPipe(t)
	go func() {
		bufio.NewReader(r).ReadString('\n')
		r.Close()
	}()
	o := invocation{args: strings.Fields("sim -addr 127.0.0.1:0 -instruments 9"), stdout: w}.run(t.Context())
	o.want(t, exitOK, "", "")
}

// An output that takes no more ends sim, and it says why.
func TestSimWriteError(t *testing.T) {
	o := invocation{args: strings.Fields("sim -addr 127.0.0.1:0 -instruments 9"), stdout: fullDisk{}}.run(t.Context())
	o.want(t, exitFailure, "", "kiteticker sim: writing to standard output: permission denied\n")
}

// A log that takes no more ends sim with the first ticks.
func TestSimLogFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	var stream atomic.Bool
	var url string
	in := invocation{args: strings.Fields("sim -addr 127.0.0.1:0 -instruments 9 -rate 0 -log /dev/full")}
	in.onText = func(text string) {
		if stream.CompareAndSwap(false, true) {
			url = regexp.MustCompile(`ws://[0-9.:]+[0-9]`).FindString(text)
			go kt(t, "stream", "-url", url, "-conns", "1", "-duration", "10s", "408065")
		}
	}
	in.run(t.Context()).want(t, exitFailure, "simulated exchange at ", "kiteticker sim: write /dev/full: no space left on device\n")
}

func TestSimErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	kt(t, "sim", "-addr", busy.Addr().String()).want(t, exitFailure, "", "kiteticker sim: listen tcp")
	kt(t, "sim", "-addr", "127.0.0.1:0", "-log", t.TempDir()+"/none/log").want(t, exitFailure, "", "kiteticker sim: open ")
}
