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
// sign of life, so a quiet market with heartbeats is healthy; after half the
// interval without one it pings, and an answer is a sign of life too. It never
// relies on an error from the socket: a black-holed connection gives none.
//
// When ctx ends it bounds what is left of the session: the writer says Close,
// and the server has DrainTimeout to answer.
func (s *session) watch(ctx context.Context) {
	limit := s.c.cfg.Liveness
	probe := limit / 2
	pingAt := time.Duration(-1)
	timer := time.NewTimer(probe)
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
			timer.Reset(probe)
			continue
		}
		now := time.Since(s.opened)
		heard := time.Duration(s.lastHeard.Load()) // pairs with the Store in heard
		switch quiet := now - heard; {
		case quiet < probe:
			timer.Reset(probe - quiet)
		case pingAt <= heard: // not pinged since the last byte
			s.out.ping()
			pingAt = now
			timer.Reset(limit - probe)
		case now-pingAt < limit-probe:
			timer.Reset(limit - probe - (now - pingAt))
		default:
			s.fail(&SilentError{Quiet: quiet})
			return
		}
	}
}
