package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

// screen shows a running demo: redrawn in place on a terminal, else a line for
// each connection and second. It draws into one buffer and allocates little,
// for it runs in the process that the demo measures.
type screen struct {
	d     *demo
	sh    *shell
	tty   bool
	buf   []byte // reused
	drawn bool
}

func newScreen(sh *shell, d *demo) *screen { return &screen{d: d, sh: sh, tty: isTerminal(sh)} }

// isTerminal reports whether stdout understands cursor movements.
func isTerminal(sh *shell) bool {
	file, ok := sh.stdout.(*os.File)
	if !ok || sh.getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// open says what is about to happen.
func (s *screen) open() error {
	if s.d.json {
		return nil
	}
	s.buf = fmt.Appendf(s.buf[:0], "%s in %v mode on %s, from a simulated exchange at %s\n\n",
		count(uint64(s.d.instruments), "instrument"), s.d.mode, count(uint64(s.d.conns), "connection"), s.d.server.URL())
	if !s.tty {
		s.buf = s.header(s.buf)
	}
	return s.sh.print(s.buf)
}

// watch draws until the demo's time is over or ctx is done.
func (s *screen) watch(ctx context.Context, begin *sample, client *task) error {
	ctx, cancel := context.WithTimeout(ctx, s.d.duration)
	defer cancel()
	every := time.Second
	if s.tty {
		every = 250 * time.Millisecond
	}
	redraw := time.NewTicker(every)
	defer redraw.Stop()
	last := begin
	for {
		select {
		case <-redraw.C:
			if s.d.json {
				continue
			}
			now := s.d.sample()
			if err := s.draw(begin, last, now); err != nil {
				return err
			}
			last = now
		case <-ctx.Done():
			if s.tty && !s.d.json {
				return s.draw(begin, begin, s.d.sample()) // what stays are averages
			}
			return nil
		case <-client.done:
			return errEnded
		}
	}
}

// draw shows the rates since last and the latencies since begin.
func (s *screen) draw(begin, last, now *sample) error {
	elapsed := now.at.Sub(begin.at).Seconds()
	interval := now.at.Sub(last.at).Seconds()
	buf := s.buf[:0]
	if s.tty {
		buf = append(buf, noWrap...)
		if s.drawn {
			buf = append(buf, "\x1b["...)
			buf = append(strconv.AppendInt(buf, int64(s.d.conns+3), 10), 'A') // up to where this began
		}
		buf = s.header(buf)
	}
	for i := range s.d.conns {
		if !s.tty {
			start := len(buf)
			buf = append(strconv.AppendFloat(buf, elapsed, 'f', 1, 64), " s"...)
			buf = alignRight(buf, start, timeWidth)
		}
		buf = row(buf, i, &begin.conns[i], &last.conns[i], &now.conns[i], interval)
		buf = s.endLine(buf)
	}
	if s.tty {
		buf = s.endLine(buf)
		buf = append(strconv.AppendFloat(buf, elapsed, 'f', 1, 64), " s of "...)
		buf = append(buf, s.d.duration.String()...)
		buf = s.endLine(append(buf, ", Ctrl-C ends it early"...))
		buf = append(buf, wrap...)
	}
	s.buf, s.drawn = buf, true
	return s.sh.print(buf)
}

// Control sequences of a terminal. Lines are cut off at its right end while the
// screen is drawn: had they gone on in the next line, the way back up would be
// unknown.
const (
	noWrap   = "\x1b[?7l"
	wrap     = "\x1b[?7h"
	clearEnd = "\x1b[K" // from the cursor to the end of the line
)

// endLine ends a line and, on a terminal, clears what was right of it.
func (s *screen) endLine(buf []byte) []byte {
	if s.tty {
		buf = append(buf, clearEnd...)
	}
	return append(buf, '\n')
}

// columns fit a terminal of 80 characters.
var columns = [...]struct {
	title string
	width int
}{
	{"conn", 5}, {"state", 12}, {"tokens", 7}, {"frames/s", 9}, {"ticks/s", 10}, {"MB/s", 6},
	{"ring", 5}, {"lost", 5}, {"p50", 7}, {"p99", 7}, {"max", 7},
}

const timeWidth = 7 // of the column that only a file has

func (s *screen) header(buf []byte) []byte {
	if !s.tty {
		buf = alignRight(append(buf, "time"...), len(buf), timeWidth)
	}
	for _, c := range columns {
		start := len(buf)
		buf = alignRight(append(buf, c.title...), start, c.width)
	}
	return s.endLine(buf)
}

// row appends the columns of one connection.
func row(buf []byte, conn int, begin, last, now *connSample, interval float64) []byte {
	start, column := len(buf), 0
	end := func(b []byte) {
		buf = alignRight(b, start, columns[column].width)
		start, column = len(buf), column+1
	}
	rate := func(n uint64) uint64 { return uint64(float64(n) / interval) }
	end(strconv.AppendInt(buf, int64(conn), 10))
	end(append(buf, now.State.String()...))
	end(appendGroup(buf, uint64(now.Sent)))
	end(appendGroup(buf, rate(now.Messages-last.Messages)))
	end(appendGroup(buf, rate(now.checked-last.checked)))
	end(strconv.AppendFloat(buf, float64(now.Bytes-last.Bytes)/interval/1e6, 'f', 1, 64))
	end(append(strconv.AppendInt(buf, int64(now.ringFill()), 10), '%'))
	end(appendGroup(buf, now.lost))
	latency := now.consumed.Sub(begin.consumed)
	end(appendQuantile(buf, &latency, 0.5))
	end(appendQuantile(buf, &latency, 0.99))
	end(appendQuantile(buf, &latency, 1))
	return buf
}

func appendQuantile(dst []byte, d *stats.Distribution, q float64) []byte {
	if d.Count == 0 {
		return append(dst, '-')
	}
	return appendNanos(dst, d.Quantile(q))
}
