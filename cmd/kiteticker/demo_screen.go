package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

// screen shows a running demo: redrawn in place on a terminal, a line per
// connection and second otherwise. It draws into one buffer and allocates
// little, for it runs in the process that the demo measures.
type screen struct {
	d     *demo
	out   io.Writer
	tty   bool
	buf   []byte
	drawn int // lines on the terminal to draw over
}

func newScreen(sh *shell, d *demo) *screen {
	return &screen{d: d, out: sh.stdout, tty: isTerminal(sh)}
}

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
func (s *screen) open() {
	if s.d.json {
		return
	}
	fmt.Fprintf(s.out, "%s instruments in %v mode over %d connections, from a simulated exchange at %s\n\n",
		group(uint64(s.d.instruments)), s.d.mode, s.d.conns, s.d.server.URL())
	if !s.tty {
		s.buf = append(s.header(s.buf[:0], "time"), '\n')
		s.out.Write(s.buf)
	}
}

// close ends the drawing.
func (s *screen) close() {}

// watch draws until the demo's time is over. early is whether ctx ended it.
func (s *screen) watch(ctx context.Context, begin *sample, ended <-chan error) (early bool, err error) {
	over := time.NewTimer(s.d.duration)
	defer over.Stop()
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
			if !s.d.json {
				now := s.d.sample()
				s.draw(begin, last, now)
				last = now
			}
		case <-over.C:
			return false, nil
		case <-ctx.Done():
			return true, nil
		case err := <-ended:
			return false, clientEnded(err)
		}
	}
}

// draw shows the rates since last and the latencies since begin.
func (s *screen) draw(begin, last, now *sample) {
	s.buf = s.buf[:0]
	elapsed := now.at.Sub(begin.at).Seconds()
	interval := now.at.Sub(last.at).Seconds()
	if s.tty {
		if s.drawn > 0 {
			s.buf = append(s.buf, "\x1b["...)
			s.buf = strconv.AppendInt(s.buf, int64(s.drawn), 10)
			s.buf = append(s.buf, 'A')
		}
		s.buf = s.endLine(s.header(s.buf, ""))
	}
	for i := range s.d.conns {
		if !s.tty {
			start := len(s.buf)
			s.buf = strconv.AppendFloat(s.buf, elapsed, 'f', 1, 64)
			s.buf = append(s.buf, " s"...)
			s.buf = alignRight(s.buf, start, columns[0].width)
		}
		s.buf = s.row(s.buf, i, &begin.conns[i], &last.conns[i], &now.conns[i], interval)
		s.buf = s.endLine(s.buf)
	}
	if s.tty {
		s.buf = s.endLine(s.buf)
		s.buf = strconv.AppendFloat(s.buf, elapsed, 'f', 1, 64)
		s.buf = append(s.buf, " s of "...)
		s.buf = strconv.AppendFloat(s.buf, s.d.duration.Seconds(), 'f', 1, 64)
		s.buf = s.endLine(append(s.buf, " s, Ctrl-C ends it early"...))
		s.drawn = s.d.conns + 3
	}
	s.out.Write(s.buf)
}

// endLine ends a line and, on a terminal, clears what was right of it.
func (s *screen) endLine(buf []byte) []byte {
	if s.tty {
		buf = append(buf, "\x1b[K"...)
	}
	return append(buf, '\n')
}

// columns are the table's. The first is for what is not a terminal.
var columns = [...]struct {
	title string
	width int
}{
	{"time", 7}, {"conn", 6}, {"state", 13}, {"instruments", 13}, {"frames/s", 10}, {"ticks/s", 11}, {"MB/s", 8},
	{"frame ring", 12}, {"tick ring", 11}, {"lost", 9}, {"p50", 9}, {"p99", 9}, {"max", 9},
}

func (s *screen) header(buf []byte, first string) []byte {
	for i, c := range columns {
		if i == 0 && first == "" {
			continue
		}
		start := len(buf)
		buf = alignRight(append(buf, c.title...), start, c.width)
	}
	return buf
}

// row appends the columns of one connection.
func (s *screen) row(buf []byte, conn int, begin, last, now *connSample, interval float64) []byte {
	start, column := len(buf), 1
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
	end(strconv.AppendFloat(buf, float64(now.Bytes-last.Bytes)/interval/1e6, 'f', 2, 64))
	end(appendPercent(buf, now.RingLen, now.RingCap))
	end(appendPercent(buf, now.tickLen, now.tickCap))
	end(appendGroup(buf, now.lost))
	latency := now.consumed.Sub(begin.consumed)
	end(appendQuantile(buf, &latency, 0.5))
	end(appendQuantile(buf, &latency, 0.99))
	end(appendQuantile(buf, &latency, 1))
	return buf
}

func appendPercent(dst []byte, n, of int) []byte {
	if of == 0 {
		return append(dst, '-')
	}
	return append(strconv.AppendInt(dst, int64(100*n/of), 10), " %"...)
}

func appendQuantile(dst []byte, d *stats.Distribution, q float64) []byte {
	if d.Count == 0 {
		return append(dst, '-')
	}
	return appendNanos(dst, d.Quantile(q))
}
