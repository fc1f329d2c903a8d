package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

var streamCommand = &command{
	name:    "stream",
	args:    "TOKEN...",
	summary: "print the ticks of instruments as a table, JSON lines or CSV",
	manual: `
Stream subscribes to instruments, given by their instrument tokens, and prints
each tick on standard output. Changes of state, losses, errors of the server
and order updates go to standard error. Ctrl-C ends it; so does the end of a
pipe it writes to.

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

	local bool // the server is on this machine: a simulated exchange, never Kite itself
}

func (s *streaming) run(ctx context.Context, sh *shell, args []string) error {
	cfg, err := s.config(sh.getenv)
	if err != nil {
		return err
	}
	status := &status{out: &lineWriter{w: sh.stderr}}
	tokens, err := s.tokens(args)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		tokens = kitetest.Universe(kiteticker.MaxTokensPerConn)
		status.line("no tokens given: subscribing to the first %s of the simulated exchange", group(uint64(len(tokens))))
	}
	client, ticks, events, err := s.open(cfg, tokens)
	if err != nil {
		return err
	}

	if s.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.duration)
		defer cancel()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	start := time.Now()
	var running, reporting task
	running.start(func() error { return client.Run(ctx) })
	reporting.start(func() error { return status.events(events) })
	n, err := s.print(sh, ticks, status)
	lost := ticks.Lost() // before the client goes on draining for nobody
	stop()
	clientErr := running.wait()
	_ = reporting.wait()
	switch {
	case err != nil:
		return err
	case clientErr != nil && status.failed:
		return errReported
	case clientErr != nil:
		return clientErr
	}
	status.line("%s ticks in %v, %s lost, %d reconnects", group(uint64(n)),
		time.Since(start).Round(time.Millisecond), group(lost), reconnects(client.Stats()))
	return nil
}

// open makes the client and what is read from it.
func (s *streaming) open(cfg kiteticker.Config, tokens []uint32) (*kiteticker.Client, *kiteticker.TickStream, *kiteticker.EventStream, error) {
	client, err := kiteticker.New(cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := client.Subscribe(s.mode, tokens...); err != nil {
		if capacity, ok := errors.AsType[*kiteticker.CapacityError](err); ok {
			return nil, nil, nil, usagef("%d tokens are too many, want at most %d with -conns %d", capacity.Want, capacity.Free, s.conns)
		}
		return nil, nil, nil, &usageError{err.Error()}
	}
	ticks, err := client.Ticks(kiteticker.StreamConfig{Name: "stdout"})
	if err != nil {
		return nil, nil, nil, err
	}
	events, err := client.Events("stderr")
	return client, ticks, events, err
}

// flushAt is how many bytes of rows are written at once, or less if no more
// ticks are waiting.
const flushAt = 64 << 10

// print writes ticks until s.count are written, the stream ends or writing
// fails. It returns how many it wrote.
func (s *streaming) print(sh *shell, ticks *kiteticker.TickStream, status *status) (n int, err error) {
	buf := append(make([]byte, 0, 2*flushAt), s.format.header...)
	flush := func(more int) error {
		if len(buf) <= more {
			return nil
		}
		err := sh.print(buf)
		buf = buf[:0]
		return err
	}
	for batch, lost := range ticks.Batches(context.Background()) { // ends when the client has
		if lost > 0 {
			status.lost(lost)
		}
		for i := range batch {
			buf = s.format.row(buf, &batch[i])
			if n++; n == s.count {
				return n, flush(0)
			}
			if err := flush(flushAt); err != nil {
				return n, err
			}
		}
		if err := flush(0); err != nil {
			return n, err
		}
	}
	return n, flush(0)
}

func reconnects(s kiteticker.Stats) (n uint64) {
	for i := range s.Conns {
		n += max(s.Conns[i].Sessions, 1) - 1
	}
	return n
}
