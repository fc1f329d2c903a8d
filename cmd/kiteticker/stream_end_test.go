package main

import (
	"bufio"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/kitetest"
)

// Ctrl-C ends the stream in good order.
func TestStreamInterrupted(t *testing.T) {
	s := listen(t, kitetest.Config{Rate: 50})
	ctx, cancel := context.WithCancel(t.Context())
	in := streamFrom(s, "-format jsonl -conns 1 408065")
	in.onText = func(text string) {
		if strings.Contains(text, `"mode":"full"`) {
			cancel()
		}
	}
	o := in.run(ctx)
	o.want(t, exitOK, "\n", ", 0 lost, 0 reconnects\n")
	if !strings.HasSuffix(o.stdout, "}\n") {
		t.Error("the last row is not whole")
	}
	if strings.Contains(o.stderr, "stopped") {
		t.Error("stderr reports a stop that was wanted")
	}
}

func TestStreamDuration(t *testing.T) {
	s := listen(t, kitetest.Config{})
	o := streamFrom(s, "-duration 50ms -conns 1 408065").run(t.Context())
	o.want(t, exitOK, "received conn", " ticks in ")
}

// A time without any connection is no success.
func TestStreamNeverLive(t *testing.T) {
	s := listen(t, kitetest.Config{})
	s.Close()
	o := streamFrom(s, "-duration 50ms -conns 1 -format jsonl 408065").run(t.Context())
	o.want(t, exitFailure, "", "kiteticker stream: no connection was live in 50ms\n")
	o.want(t, exitFailure, "", "kiteticker stream: connection 0: backing off for ")
	if strings.Contains(o.stderr, "conn 0") || strings.Contains(o.stderr, "dial: dial") {
		t.Errorf("stderr says the same twice:\n%s", o.stderr)
	}
}

// When the reader of the output goes away, stream ends without complaint.
func TestStreamBrokenPipe(t *testing.T) {
	s := listen(t, kitetest.Config{Rate: 50})
	in := streamFrom(s, "-format jsonl -conns 1 408065")
	in.stdout = &pipe{lines: 3}
	o := in.run(t.Context())
	if o.code != exitOK || strings.Contains(o.stderr, "pipe") {
		t.Errorf("exit code %d, stderr %q, want a quiet end", o.code, o.stderr)
	}
}

// A reader that went away is noticed also when there is nothing to write.
func TestStreamReaderGone(t *testing.T) {
	s := listen(t, kitetest.Config{})
	r, w := newPipe(t)
	in := streamFrom(s, "-format jsonl -conns 1 408065")
	in.stdout = w
	go func() {
		bufio.NewReader(r).ReadString('\n')
		r.Close()
	}()
	in.run(t.Context()).want(t, exitOK, "", "connection 0: live\n")
}

// stuck is an output whose reader does not read after some lines.
type stuck struct {
	pipe
	hit chan struct{} // told of the first write that is stuck
	end chan struct{} // ends it
}

func (s *stuck) Write(b []byte) (int, error) {
	if _, err := s.pipe.Write(b); err != nil {
		s.hit <- struct{}{}
		<-s.end
	}
	return len(b), nil
}

func newStuck(t *testing.T, lines int) *stuck {
	s := &stuck{pipe{lines}, make(chan struct{}, 1), make(chan struct{})}
	t.Cleanup(func() { close(s.end) })
	return s
}

// A reader that does not read keeps stream from writing, but not from ending:
// neither when its time is over nor at the first Ctrl-C.
func TestStreamStuckReader(t *testing.T) {
	s := listen(t, kitetest.Config{Rate: 50})
	const want = "kiteticker stream: standard output is stuck: its reader does not read, and "
	t.Run("duration", func(t *testing.T) {
		in := streamFrom(s, "-duration 50ms -conns 1 408065")
		in.stdout = newStuck(t, 2)
		in.run(t.Context()).want(t, exitFailure, "", want)
	})
	t.Run("interrupt", func(t *testing.T) {
		in := streamFrom(s, "-conns 1 408065")
		out := newStuck(t, 2)
		in.stdout = out
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-out.hit
			cancel()
		}()
		in.run(ctx).want(t, exitFailure, "", want)
	})
	t.Run("stderr", func(t *testing.T) {
		stderr := newStuck(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-stderr.hit
			cancel()
		}()
		if code := run(ctx, streamFrom(s, "-conns 1 408065").args, func(string) string { return "" }, nil, &capture{}, stderr); code != exitFailure {
			t.Errorf("exit code %d, want %d", code, exitFailure)
		}
	})
}

// fullDisk is a standard output that takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, os.ErrPermission }

func TestStreamWriteError(t *testing.T) {
	s := listen(t, kitetest.Config{})
	in := streamFrom(s, "-conns 1 408065")
	in.stdout = fullDisk{}
	in.run(t.Context()).want(t, exitFailure, "", "kiteticker stream: writing to standard output: permission denied\n")
}
