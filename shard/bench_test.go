package shard_test

import (
	"testing"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// All instruments of an account in one call, into an empty table.
func BenchmarkSubscribe(b *testing.B) {
	all := tokens(1_000_000, 9000)
	for _, policy := range []shard.Policy{shard.LeastLoaded, shard.RoundRobin, shard.Pinned} {
		b.Run("tokens=9000/policy="+policy.String(), func(b *testing.B) {
			cfg := shard.Config{Conns: 3, Policy: policy}
			if policy == shard.Pinned {
				cfg.Pin = func(token uint32) int { return int(token % 3) }
			}
			for b.Loop() {
				subscribe(b, newTable(b, cfg), decode.ModeFull, all...)
			}
		})
	}
}

// One edit of a full table: what a strategy does all day.
func BenchmarkEdit(b *testing.B) {
	table := newTable(b, shard.Config{Conns: 3})
	subscribe(b, table, decode.ModeFull, tokens(1_000_000, 8999)...)
	b.Run("tokens=1", func(b *testing.B) {
		for b.Loop() {
			subscribe(b, table, decode.ModeFull, 7)
			table.Unsubscribe(7)
		}
	})
}

func BenchmarkDiff(b *testing.B) {
	desired := shard.Set{}
	for _, token := range tokens(1_000_000, 3000) {
		desired[token] = decode.ModeFull
	}
	for _, bench := range []struct {
		name string
		sent shard.Set
	}{{"sent=none", shard.Set{}}, {"sent=all", desired}} {
		b.Run("tokens=3000/"+bench.name, func(b *testing.B) {
			for b.Loop() {
				shard.Diff(desired, bench.sent, 3000)
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	c := shard.Command{Op: shard.Subscribe, Tokens: tokens(1_000_000, 3000)}
	buf := c.AppendJSON(nil)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = c.AppendJSON(buf[:0])
	}
}
