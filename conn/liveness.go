package conn

import (
	"context"
	"fmt"
	"time"
)

// SilentError reports a server from which nothing came for Quiet; it is an
// [ErrSilent].
type SilentError struct {
	Quiet time.Duration
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("conn: no byte from the server for %v, although pinged", e.Quiet)
}

func (e *SilentError) Is(target error) bool { return target == ErrSilent }

// watch ends the session when the server goes silent. Any inbound byte is a
// sign of life, so a quiet market with heartbeats is healthy. Half-way through
// the interval without one it pings, and an answer is a sign of life too; at
// three quarters without it the connection is stale, and at the end dead. It
// never relies on an error from the socket: a black-holed connection gives none.
//
// When ctx ends it bounds what is left of the session: the writer says Close,
// and the server has DrainTimeout to answer.
func (s *session) watch(ctx context.Context) {
	limit := s.c.cfg.Liveness
	probe, tick := limit/2, limit/20
	pingAt := time.Duration(-1)
	timer := time.NewTicker(tick)
	defer timer.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ctx.Done():
			timer.Reset(s.c.cfg.DrainTimeout)
			select {
			case <-s.done:
			case <-timer.C:
				s.fail(errEnded)
			}
			return
		case <-timer.C:
		}
		if s.blocked.Load() { // pairs with the Store in claim: we are not reading, so silence proves nothing
			continue
		}
		now := time.Since(s.opened)
		heard := time.Duration(s.lastHeard.Load()) // pairs with the Store in heard
		quiet := now - heard
		pinged := pingAt > heard // since the last byte
		switch {
		case quiet >= probe && !pinged:
			s.out.ping()
			pingAt = now
		case pinged && now-pingAt >= limit-probe: // the answer had its full time, even if we were blocked before
			s.fail(&SilentError{Quiet: quiet})
			return
		case pinged && now-pingAt >= (limit-probe)/2 && s.c.State() == StateLive:
			s.c.to(StateStale, &SilentError{Quiet: quiet}, 0)
		case quiet < probe && s.c.State() == StateStale:
			s.c.to(StateLive, nil, 0)
		}
	}
}
