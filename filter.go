package kiteticker

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/kiteticker/kiteticker/decode"
)

// Filter chooses which ticks a stream is owed. An empty list means all; a tick
// must be in every list that is not empty. What is filtered out is decided on
// the packet's head, before anything is decoded or copied for the stream, is
// not numbered in Seq and never counts as lost.
type Filter struct {
	Tokens   []uint32
	Segments []string // by name, such as NSE or INDICES: see [decode.Segments] and Config.Segments
	// Modes of the packet, not of the subscription. The first packet after an
	// outage, which has FlagGap, may be a quote where full is subscribed.
	Modes []Mode
}

// matcher is a Filter, and a worker's share, in the form the parser asks.
type matcher struct {
	modes    uint8     // bit per mode
	segments [4]uint64 // bit per code
	tokens   []uint32  // open-addressed set, 0 free; nil: all
	worker   uint32    // takes the tokens that scatter to it
	workers  uint32    // 0: all go to this stream
}

// newMatcher returns nil if everything matches.
func newMatcher(f Filter, known []Segment, worker, workers int) (*matcher, error) {
	if len(f.Tokens)+len(f.Segments)+len(f.Modes) == 0 && workers <= 1 {
		return nil, nil
	}
	m := &matcher{worker: uint32(worker), workers: uint32(workers)}
	var errs []error
	for _, mode := range f.Modes {
		if mode < ModeLTP || mode > ModeFull {
			errs = append(errs, fmt.Errorf("kiteticker: StreamConfig.Filter.Modes has %v", mode))
			continue
		}
		m.modes |= 1 << mode
	}
	if len(f.Modes) == 0 {
		m.modes = 1<<8 - 1
	}
	for _, name := range f.Segments {
		found := false
		for _, s := range known {
			if s.Name == name {
				m.segments[s.Code>>6] |= 1 << (s.Code & 63)
				found = true
			}
		}
		if !found {
			errs = append(errs, fmt.Errorf("kiteticker: StreamConfig.Filter.Segments has %q, which is in no table: see Config.Segments", name))
		}
	}
	if len(f.Segments) == 0 {
		m.segments = [4]uint64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	}
	if len(f.Tokens) > 0 {
		m.tokens = make([]uint32, 1<<bits.Len(uint(2*len(f.Tokens)))) // at most half full
	}
	for _, token := range f.Tokens {
		if token == 0 {
			errs = append(errs, errors.New("kiteticker: StreamConfig.Filter.Tokens has 0, which is no instrument"))
			continue
		}
		*m.slot(token) = token
	}
	return m, errors.Join(errs...)
}

// slot returns where token is in the set, or the free slot where it would go.
func (m *matcher) slot(token uint32) *uint32 {
	mask := len(m.tokens) - 1
	shift := 32 - bits.TrailingZeros32(uint32(len(m.tokens)))
	for i := int(scatter(token) >> shift); ; i++ {
		if slot := &m.tokens[i&mask]; *slot == 0 || *slot == token {
			return slot
		}
	}
}

// match reports whether the stream is owed a tick of token in mode. A nil
// matcher is not asked: it lets everything through.
func (m *matcher) match(token uint32, mode Mode) bool {
	code := uint8(token)
	return m.modes>>mode&1 == 1 &&
		m.segments[code>>6]>>(code&63)&1 == 1 &&
		(m.workers <= 1 || share(token, m.workers) == m.worker) &&
		(m.tokens == nil || token != 0 && *m.slot(token) == token)
}

// share says which of n workers takes token: always the same one, so that each
// instrument's ticks stay in order.
func share(token, n uint32) uint32 {
	hi, _ := bits.Mul32(scatter(token), n)
	return hi
}

// segments returns the table that tokens are looked up in: the built-in one, and
// what the user adds or overrides.
func segments(extra []Segment) []Segment {
	table := slices.DeleteFunc(decode.Segments(), func(s Segment) bool {
		return slices.ContainsFunc(extra, func(x Segment) bool { return x.Code == s.Code })
	})
	return append(table, extra...)
}
