package main

import (
	"math"
	"slices"
)

// span is an interval of Unix ns; the zero span is none.
type span struct{ from, to int64 }

// spans are the latest intervals of a kind, in a circle: the account is made
// while the run goes on and must not grow with it.
type spans struct {
	list [4]span
	n    int
}

func (s *spans) add(v span)       { s.list[s.n%len(s.list)] = v; s.n++ }
func (s *spans) latest() *span    { return &s.list[(s.n+len(s.list)-1)%len(s.list)] }
func (s *spans) meet(v span) bool { return slices.ContainsFunc(s.list[:], v.meets) }

func (s span) meets(other span) bool {
	return other != span{} && s.from <= other.to && other.from <= s.to
}

const forever = math.MaxInt64
