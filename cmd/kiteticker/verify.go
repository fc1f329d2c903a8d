package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kiteticker/kiteticker/kitetest"
)

// difference is an instrument of which something else was received than sent.
type difference struct {
	token     uint32
	sent, got kitetest.Entry
}

func (d difference) String() string {
	if d.sent.Ticks != d.got.Ticks {
		return fmt.Sprintf("instrument %d: %s sent, %s received", d.token, count(d.sent.Ticks, "tick"), group(d.got.Ticks))
	}
	return fmt.Sprintf("instrument %d: %s sent and received, but their order or bytes differ", d.token, count(d.sent.Ticks, "tick"))
}

// compare returns the differences of two ledgers in ascending order of token.
// A token that is missing has no ticks.
func compare(sent, got map[uint32]kitetest.Entry) (list []difference) {
	tokens := slices.Collect(maps.Keys(sent))
	for token := range got {
		if _, ok := sent[token]; !ok {
			tokens = append(tokens, token)
		}
	}
	slices.Sort(tokens)
	for _, token := range tokens {
		if s, g := sent[token], got[token]; s != g {
			list = append(list, difference{token, s, g})
		}
	}
	return list
}
