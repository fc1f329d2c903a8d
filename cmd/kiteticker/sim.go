package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

var simCommand = &command{
	name:    "sim",
	summary: "run the simulated exchange alone, for any client in any language",
	manual: `
Sim is a ticker server: it speaks the protocol of wss://ws.kite.trade and sends
invented data around the clock, the same data for the same seed. Any api_key
and any access_token are accepted; the limits are those of Kite: 3 connections
for each api_key, 3000 instruments for each connection.

It prints its URL, a line for each connection that opens or closes, and a
summary when Ctrl-C ends it. It also ends when what it writes to takes no more.
With -log it writes each tick it sends as one line of JSON, in the form of
"stream -format jsonl" without received_at; conn is its own number of the
connection.

Examples:

	kiteticker sim
	kiteticker sim -addr 127.0.0.1:7001 -instruments 100 -rate 0.5 -seed 42
	kiteticker sim -log sent.jsonl
	kiteticker stream -url ws://127.0.0.1:7000 -format jsonl -count 1000
`,
	setup: func(f *flags) job {
		s := &sim{addr: "127.0.0.1:7000", rate: 4, seed: 1, instruments: 9000}
		f.address(&s.addr, "addr", "listen on TCP address `ADDR`; port 0 takes a free one")
		f.rate(&s.rate, "rate", rateUsage)
		f.seed(&s.seed, "seed", "let all prices and quantities follow from `N`")
		f.whole(&s.instruments, "instruments", 1, maxListed, "list `N` instruments, across all segments")
		f.StringVar(&s.logFile, "log", "", "write every tick that is sent to `FILE`, as JSON lines")
		return s.run
	},
}

// maxListed is the most instruments of sim: about what all exchanges list.
const maxListed = 200_000

type sim struct {
	addr        string
	rate        float64
	seed        uint64
	instruments int
	logFile     string
}

func (s *sim) run(ctx context.Context, sh *shell, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	out := newLineWriter(sh.stdout)
	cfg := kitetest.Config{
		Addr: s.addr, Rate: s.rate, Seed: s.seed, Instruments: kitetest.Universe(s.instruments), Hello: true,
		Logger: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: shortRecord})),
	}
	var ticks *tickLog
	if s.logFile != "" {
		var err error
		if ticks, err = createTickLog(s.logFile); err != nil {
			return err
		}
		cfg.OnTick = ticks.add
	}
	start := time.Now()
	server, err := kitetest.Listen(cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "simulated exchange at %s: %s, %s updates/s of each\n"+
		"any api_key and any access_token will do; connect to %s/?api_key=any&access_token=any\n",
		server.URL(), count(uint64(s.instruments), "instrument"), rateText(s.rate), server.URL())

	err = serve(ctx, sh, out, ticks)
	server.Close()
	if err != nil {
		return err
	}
	totals := server.Totals()
	fmt.Fprintf(out, "sent %s in %s, %.1f MB, on %s in %v\n", count(totals.Ticks, "tick"), count(totals.Messages, "message"),
		float64(totals.Bytes)/1e6, count(uint64(server.Dials()), "connection"), time.Since(start).Round(time.Millisecond))
	if ticks != nil {
		return ticks.close()
	}
	return nil
}

// serve waits until ctx is done, or what sim writes to takes no more.
func serve(ctx context.Context, sh *shell, out *lineWriter, ticks *tickLog) error {
	gone := make(chan struct{})
	defer watchReader(sh.stdout, func() { close(gone) })()
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-gone:
			return &outputError{syscall.EPIPE}
		case <-out.failed:
			return &outputError{out.error()}
		case <-flush.C:
			if ticks == nil {
				continue
			}
			if err := ticks.flush(); err != nil {
				return err
			}
		}
	}
}

// shortRecord leaves the time of day and the message of a log record.
func shortRecord(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey:
		return slog.String(slog.TimeKey, a.Value.Time().Format(time.TimeOnly))
	case slog.LevelKey:
		return slog.Attr{}
	case "err":
		if a.Value.Any() == nil { // it ended as it should
			return slog.Attr{}
		}
	}
	return a
}

// flushEvery is how long a tick waits before it is in the file of -log.
const flushEvery = 100 * time.Millisecond

// tickLog is the file of -log.
type tickLog struct {
	file *os.File

	mu  sync.Mutex
	buf *bufio.Writer // keeps the first error
	row []byte        // reused
}

func createTickLog(name string) (*tickLog, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &tickLog{file: file, buf: bufio.NewWriterSize(file, 64<<10)}, nil
}

func (l *tickLog) add(conn int, t *decode.Tick) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.row = appendJSONFields(l.row[:0], t)
	l.row = strconv.AppendInt(append(l.row, `,"conn":`...), int64(conn), 10)
	l.row = append(l.row, "}\n"...)
	l.buf.Write(l.row)
}

func (l *tickLog) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Flush()
}

func (l *tickLog) close() error {
	err := l.flush()
	if closeErr := l.file.Close(); err == nil {
		err = closeErr
	}
	return err
}
