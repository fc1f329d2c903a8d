package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// print writes to standard output.
func (sh *shell) print(text []byte) error {
	if _, err := sh.stdout.Write(text); err != nil {
		return &outputError{err}
	}
	return nil
}

// outputError says that standard output takes no more.
type outputError struct{ err error }

func (e *outputError) Error() string { return "writing to standard output: " + e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// enough reports whether the reader of standard output has gone, as head does
// when it has its lines.
func (e *outputError) enough() bool {
	return errors.Is(e.err, syscall.EPIPE) || errors.Is(e.err, io.ErrClosedPipe)
}

// lineWriter lets several goroutines write whole lines. After an error it
// takes no more.
type lineWriter struct {
	w io.Writer

	mu     sync.Mutex
	err    error
	failed chan struct{} // closed with the first error
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{w: w, failed: make(chan struct{})} }

func (l *lineWriter) Write(p []byte) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if n, err = l.w.Write(p); err != nil {
		l.err = err
		close(l.failed)
	}
	return n, err
}

// error returns why the writer takes no more.
func (l *lineWriter) error() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// watchReader calls gone once the reader of the pipe w has gone away, which a
// command that has nothing to write would not notice. Anything else than a
// pipe is not watched, nor is any on other systems than Linux: there the next
// write tells. It returns what ends the watch.
//
// A pipe without a reader is a pipe with an error, and that ends a wait for the
// input which a writing end never has. It takes a new descriptor of the pipe,
// since the old one blocks. The reader may be gone before the wait begins:
// closing a further descriptor makes the kernel say so once more.
func watchReader(w io.Writer, gone func()) (stop func()) {
	file, ok := w.(*os.File)
	if !ok || runtime.GOOS != "linux" {
		return func() {}
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return func() {}
	}
	name := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	pipe, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return func() {}
	}
	conn, err := pipe.SyscallConn()
	if err != nil {
		pipe.Close()
		return func() {}
	}
	var watching task
	var stopped atomic.Bool
	watching.start(func() error {
		waited := false
		_ = conn.Read(func(uintptr) (done bool) {
			if waited {
				return true
			}
			waited = true
			if further, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				further.Close()
			}
			return false
		})
		if !stopped.Load() {
			gone()
		}
		return nil
	})
	return func() {
		stopped.Store(true) // pairs with the Load after Read, which Close ends
		pipe.Close()
		_ = watching.wait()
	}
}

// stuckAfter is how long something may wait for a reader that does not read
// once the command is to end.
const stuckAfter = time.Second

// within runs do, and reports whether it was over in time. If not it goes on.
func within(limit time.Duration, do func()) bool {
	var t task
	t.start(func() error { do(); return nil })
	return t.over(limit, func() uint64 { return 0 })
}
