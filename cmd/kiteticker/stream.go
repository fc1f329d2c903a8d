package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/stats"
)

var streamCommand = &command{
	name:    "stream",
	args:    "TOKEN...",
	summary: "print the ticks of instruments as a table, JSON lines or CSV",
	manual: `
Stream subscribes to instruments, given by their instrument tokens, and prints
each tick on standard output. Changes of state, outages, losses, errors of the
server and order updates go to standard error. Ctrl-C ends it; so does the end
of a pipe it writes to. With -duration it exits 1 if no connection was ever
live.

The credentials are the environment variables KITE_API_KEY and
KITE_ACCESS_TOKEN; they are never taken from flags, which everybody on the
machine can see. For a server on this machine (a URL such as
ws://127.0.0.1:7000) none are needed, and no tokens either: the first 3000
instruments of the simulated exchange are subscribed then.

A JSON line has the keys of the official Python client, as far as the packet
carries them, and conn and received_at. Prices are exact decimals in rupees,
change is in percent, times are RFC 3339 at +05:30, or null if the packet
leaves them empty. CSV has the same as columns, empty where JSON has no key.

Examples:

	kiteticker stream 408065 884737
	kiteticker stream -mode ltp -format csv -duration 1m -tokens nifty50.txt > ltp.csv
	kiteticker stream -url ws://127.0.0.1:7000 -format jsonl -count 1000
`,
	setup: func(f *flags) job {
		s := &streaming{mode: kiteticker.ModeFull, conns: kiteticker.MaxConns, format: formats[0], count: math.MaxInt}
		f.StringVar(&s.url, "url", "", "`URL` of the server (default wss://ws.kite.trade)")
		choice(f, &s.mode, "mode", modeUsage, modes...)
		f.whole(&s.conns, "conns", 1, kiteticker.MaxConns, "`N` connections, 1 to 3")
		choice(f, &s.format, "format", "print ticks in this `FORMAT`: table, jsonl or csv", formats...)
		f.whole(&s.count, "count", 1, math.MaxInt, "end after `N` ticks")
		f.Lookup("count").DefValue = ""
		f.span(&s.duration, "duration", "end after `DURATION`")
		f.StringVar(&s.tokensFile, "tokens", "", "add the tokens in `FILE`, one a line; # begins a comment")
		return s.run
	},
}

type streaming struct {
	url        string
	mode       kiteticker.Mode
	conns      int
	format     *format
	count      int
	duration   time.Duration
	tokensFile string

	local bool // the URL is ws://: the server is on this machine, a simulated exchange, never Kite itself

	rows stats.Counter // written
	lost uint64        // ticks that came too fast; read after print
}

func (s *streaming) run(ctx context.Context, sh *shell, args []string) error {
	tokens, err := s.tokens(args) // first: what was typed is easier to mend than the environment
	if err != nil {
		return err
	}
	client, err := s.client(sh.getenv)
	if err != nil {
		return err
	}
	status := &status{out: newLineWriter(sh.stderr)}
	if len(tokens) == 0 {
		if !s.local {
			return usagef("no instruments: want TOKEN... or -tokens FILE")
		}
		tokens = kitetest.Universe(kiteticker.MaxTokensPerConn)
		status.line("no tokens given: subscribing to the first %s of the simulated exchange", group(uint64(len(tokens))))
	}
	ticks, events, err := s.open(client, tokens)
	if err != nil {
		return err
	}
	if s.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.duration, errTime)
		defer cancel()
	}
	return s.play(ctx, sh, client, ticks, events, status)
}

// errTime is why a stream ends whose -duration is over.
var errTime = errors.New("time is over")

// play runs the client and prints what comes.
func (s *streaming) play(ctx context.Context, sh *shell, client *kiteticker.Client,
	ticks *kiteticker.TickStream, events *kiteticker.EventStream, status *status) error {
	live, stop := context.WithCancel(ctx)
	defer stop()
	defer watchReader(sh.stdout, stop)()
	start := time.Now()
	var running, reporting, printing task
	running.start(func() error { return client.Run(live) })
	reporting.start(func() error { return status.events(events) })
	printing.start(func() error { return s.print(sh, ticks, status) })
	select {
	case <-printing.done: // it has had enough, or failed
	case <-running.done:
	case <-live.Done():
	}
	stop()
	err := running.wait()
	if !printing.over(stuckAfter, s.rows.Load) {
		return fmt.Errorf("standard output is stuck: its reader does not read, and %s could not be written", count(uint64(ticks.Len()), "tick"))
	}
	if !reporting.over(stuckAfter, status.lines.Load) {
		return errReported // it cannot be told
	}
	switch {
	case printing.err != nil:
		return printing.err
	case err != nil && status.failed:
		return errReported
	case err != nil:
		return err
	}
	sessions, reconnects := sessions(client.Stats())
	if sessions == 0 && context.Cause(ctx) == errTime {
		return fmt.Errorf("no connection was live in %v", s.duration)
	}
	within(stuckAfter, func() {
		status.line("%s in %v, %s lost, %s", count(s.rows.Load(), "tick"),
			time.Since(start).Round(time.Millisecond), group(s.lost), count(reconnects, "reconnect"))
	})
	return nil
}

// client makes the client of the server that -url names.
func (s *streaming) client(getenv func(string) string) (*kiteticker.Client, error) {
	cfg, err := s.config(getenv)
	if err != nil {
		return nil, err
	}
	client, err := kiteticker.New(cfg)
	switch {
	case err == nil:
		return client, nil
	case s.local: // all else was checked
		return nil, usagef("-url is ws:// to another machine, which would send the access token in the clear, want wss://HOST")
	default:
		return nil, &usageError{err.Error()}
	}
}

// open subscribes to tokens and attaches what is read from the client.
func (s *streaming) open(client *kiteticker.Client, tokens []uint32) (*kiteticker.TickStream, *kiteticker.EventStream, error) {
	if err := client.Subscribe(s.mode, tokens...); err != nil {
		if capacity, ok := errors.AsType[*kiteticker.CapacityError](err); ok {
			return nil, nil, usagef("%d tokens are too many, want at most %d with -conns %d", capacity.Want, capacity.Free, s.conns)
		}
		return nil, nil, &usageError{err.Error()}
	}
	ticks, err := client.Ticks(kiteticker.StreamConfig{Name: "stdout"})
	if err != nil {
		return nil, nil, err
	}
	events, err := client.Events("stderr")
	return ticks, events, err
}

// flushAt is how many bytes of rows are written at once, or less if no more
// ticks are waiting.
const flushAt = 64 << 10

// print writes ticks until s.count are written, the stream ends or writing
// fails.
func (s *streaming) print(sh *shell, ticks *kiteticker.TickStream, status *status) error {
	defer func() { s.lost = ticks.Lost() }() // not what the client still drains for nobody
	buf := append(make([]byte, 0, 2*flushAt), s.format.header...)
	rows := uint64(0) // in buf
	flush := func(more int) error {
		if len(buf) <= more {
			return nil
		}
		err := sh.print(buf)
		s.rows.Add(rows)
		buf, rows = buf[:0], 0
		return err
	}
	left := s.count
	for batch, lost := range ticks.Batches(context.Background()) { // ends when the client has
		if lost > 0 {
			status.lost(lost)
		}
		for i := range batch {
			buf = s.format.row(buf, &batch[i])
			rows++
			if left--; left == 0 {
				return flush(0)
			}
			if err := flush(flushAt); err != nil {
				return err
			}
		}
		if err := flush(0); err != nil {
			return err
		}
	}
	return flush(0)
}

// sessions returns how many sockets were open in all, and how many of them
// replaced another one.
func sessions(s kiteticker.Stats) (n, again uint64) {
	for i := range s.Conns {
		n += s.Conns[i].Sessions
		again += max(s.Conns[i].Sessions, 1) - 1
	}
	return n, again
}
