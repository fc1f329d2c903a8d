package main

import (
	"bytes"
	"io"
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
