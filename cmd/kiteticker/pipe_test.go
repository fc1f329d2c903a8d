package main

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"testing"
)

// pipe is a standard output whose reader goes away after some lines.
type pipe struct{ lines int }

func (p *pipe) Write(b []byte) (int, error) {
	if p.lines <= 0 {
		return 0, io.ErrClosedPipe
	}
	p.lines -= bytes.Count(b, []byte("\n"))
	return len(b), nil
}

// newPipe returns a real pipe, which is what a shell connects commands by.
func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestWatchReader(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs pipes that tell")
	}
	r, w := newPipe(t)
	gone := make(chan struct{})
	stop := watchReader(w, func() { close(gone) })
	defer stop()
	if _, err := w.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
		t.Fatal("gone, but it reads")
	default:
	}
	r.Close()
	<-gone
}

// A reader may be gone before the watch begins.
func TestWatchReaderGoneBefore(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs pipes that tell")
	}
	for range 100 {
		r, w := newPipe(t)
		r.Close()
		gone := make(chan struct{})
		stop := watchReader(w, func() { close(gone) })
		<-gone
		stop()
	}
}

// A watch that ends before the reader tells nothing.
func TestWatchReaderStops(t *testing.T) {
	r, w := newPipe(t)
	told := make(chan struct{}, 1)
	watchReader(w, func() { told <- struct{}{} })()
	r.Close()
	watchReader(&capture{}, func() { told <- struct{}{} })() // no pipe
	if len(told) > 0 {
		t.Error("gone was called")
	}
}
