package main

import "fmt"

// sums are the columns of the account. After [auditor.settle]
//
//	Sent = Received + InGaps + Copies + Unasked + Unseen
type sums struct {
	Sent     uint64 // packets handed to a socket
	Received uint64 // ticks that the stream yielded, each matched with its packet
	InGaps   uint64 // told: before a tick with FlagGap, or after the last of their instrument
	Copies   uint64 // of an update that was received from another socket
	Unasked  uint64 // between two ticks between which the user had unsubscribed

	Unseen      uint64 // missing, and nobody said so
	Duplicates  uint64 // ticks that had been received before
	Reordered   uint64 // ticks older than the one before
	Altered     uint64 // ticks that differ from what was sent, or never were
	Unexplained uint64 // gaps of an instrument that no Outage or Moved names
	Overflowed  uint64 // lost in the stream's ring: the reader was too slow

	Outages, Moves uint64 // events that told of them
	Flagged        uint64 // ticks with FlagGap, but after a subscription of the user's
}

// broken returns what must be zero and is not.
func (s *sums) broken() (list []string) {
	for _, c := range []struct {
		name string
		n    uint64
	}{
		{"lost unseen", s.Unseen}, {"duplicates", s.Duplicates}, {"reordered", s.Reordered},
		{"altered", s.Altered}, {"gaps unexplained", s.Unexplained}, {"overflowed", s.Overflowed},
	} {
		if c.n > 0 {
			list = append(list, fmt.Sprintf("%s: %d", c.name, c.n))
		}
	}
	if got := s.Received + s.InGaps + s.Copies + s.Unasked + s.Unseen; got != s.Sent {
		list = append(list, fmt.Sprintf("%d ticks accounted for, %d sent", got, s.Sent))
	}
	return list
}
