package kiteticker

import (
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/ring"
)

// inlineSink is the [conn.Sink] of profiles whose reader decodes: a message is
// handled where it is committed, on the reader's goroutine, so one buffer does.
type inlineSink struct {
	p    *pipeline
	buf  []byte
	woke bool // the last message woke a stream's reader
}

func newInlineSink(p *pipeline, maxMessage int) *inlineSink {
	buf := make([]byte, maxMessage)
	cpu.Populate(buf, false)
	return &inlineSink{p: p, buf: buf}
}

func (s *inlineSink) Claim(n int) ([]byte, error) {
	if n > len(s.buf) {
		return nil, ring.ErrTooLarge
	}
	return s.buf[:n], nil
}

func (s *inlineSink) Commit(n int, kind ring.Kind, at int64) {
	s.woke = s.p.handle(ring.Record{Kind: kind, At: at, Data: s.buf[:n]})
}

func (s *inlineSink) Abort()                         {}
func (s *inlineSink) Publish() (woke bool)           { return s.woke }
func (s *inlineSink) Wait(<-chan struct{}, int) bool { return true }
func (s *inlineSink) MaxRecord() int                 { return len(s.buf) }
