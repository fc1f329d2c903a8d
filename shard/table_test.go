package shard_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

func newTable(t testing.TB, cfg shard.Config) *shard.Table {
	t.Helper()
	table, err := shard.NewTable(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func subscribe(t testing.TB, table *shard.Table, mode decode.Mode, tokens ...uint32) {
	t.Helper()
	if err := table.Subscribe(mode, tokens...); err != nil {
		t.Fatal(err)
	}
}

// sets copies the whole table, to see later whether it changed.
func sets(table *shard.Table, conns int) []shard.Set {
	var all []shard.Set
	for conn := range conns {
		all = append(all, maps.Clone(table.Desired(conn)))
	}
	return all
}

// tokens returns n tokens from first upwards.
func tokens(first uint32, n int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = first + uint32(i)
	}
	return list
}

func TestConfig(t *testing.T) {
	pin := func(uint32) int { return 0 }
	tests := []struct {
		name string
		cfg  shard.Config
		want []string // each is in the error; none: no error
	}{
		{"zero", shard.Config{}, []string{"Conns is 0, want 1 to 256"}},
		{"one", shard.Config{Conns: 1}, nil},
		{"most", shard.Config{Conns: shard.MaxConns, Capacity: 1}, nil},
		{"pinned", shard.Config{Conns: 1, Policy: shard.Pinned, Pin: pin}, nil},
		{"no pin", shard.Config{Conns: 1, Policy: shard.Pinned}, []string{"Pin is nil"}},
		{"useless pin", shard.Config{Conns: 1, Pin: pin}, []string{"Pin is set, but Policy is least-loaded"}},
		{"all of it", shard.Config{Conns: 257, Capacity: -1, Policy: 9, Pin: pin},
			[]string{"Conns is 257", "Capacity is -1", "Policy is Policy(9)", "Pin is set"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, err := shard.NewTable(tt.cfg)
			if (err == nil) != (tt.want == nil) || (err == nil) != (table != nil) {
				t.Fatalf("NewTable = %v, %v", table, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestPlacement(t *testing.T) {
	tests := []struct {
		name  string
		cfg   shard.Config
		calls [][]uint32
		want  [][]uint32 // by connection, ascending
	}{
		{"least loaded prefers the lowest id", shard.Config{Conns: 3},
			[][]uint32{{9, 8, 7, 6}}, [][]uint32{{6, 9}, {8}, {7}}},
		{"least loaded goes on over calls", shard.Config{Conns: 3},
			[][]uint32{{1}, {2}, {3}, {4}}, [][]uint32{{1, 4}, {2}, {3}}},
		{"duplicates count once", shard.Config{Conns: 3, Capacity: 1},
			[][]uint32{{5, 5, 6, 5}, {6, 7, 7, 5}}, [][]uint32{{5}, {6}, {7}}},
		{"round robin goes on over calls", shard.Config{Conns: 3, Policy: shard.RoundRobin},
			[][]uint32{{1, 2}, {3}, {4}}, [][]uint32{{1, 4}, {2}, {3}}},
		{"pinned", shard.Config{Conns: 3, Policy: shard.Pinned, Pin: func(token uint32) int { return int(token % 3) }},
			[][]uint32{{3, 4, 6, 9}}, [][]uint32{{3, 6, 9}, {4}, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := newTable(t, tt.cfg)
			for _, call := range tt.calls {
				subscribe(t, table, decode.ModeFull, call...)
			}
			for conn, want := range tt.want {
				got := slices.Sorted(maps.Keys(table.Desired(conn)))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("conn %d (-want +got):\n%s", conn, diff)
				}
				if table.Len(conn) != len(want) {
					t.Errorf("Len(%d) = %d, want %d", conn, table.Len(conn), len(want))
				}
				for _, token := range want {
					if got, ok := table.Conn(token); !ok || got != conn {
						t.Errorf("Conn(%d) = %d, %v, want %d", token, got, ok, conn)
					}
				}
			}
		})
	}
}

func TestLeastLoadedRefillsAfterUnsubscribe(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 2})
	subscribe(t, table, decode.ModeLTP, 1, 2, 3, 4) // conn 1 has 2 and 4
	table.Unsubscribe(2, 4, 99)
	subscribe(t, table, decode.ModeLTP, 5, 6, 7)
	want := []shard.Set{
		{1: decode.ModeLTP, 3: decode.ModeLTP, 7: decode.ModeLTP},
		{5: decode.ModeLTP, 6: decode.ModeLTP},
	}
	if diff := cmp.Diff(want, sets(table, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if conn, ok := table.Conn(2); ok {
		t.Errorf("Conn(2) = %d after Unsubscribe", conn)
	}
	if mode, ok := table.Mode(2); ok {
		t.Errorf("Mode(2) = %v after Unsubscribe", mode)
	}
}

func TestRoundRobinSkipsFullConns(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 3, Capacity: 2, Policy: shard.RoundRobin})
	subscribe(t, table, decode.ModeLTP, 1, 2, 3, 4, 5, 6)
	table.Unsubscribe(2, 5) // conn 1 is empty, the turn is conn 0's
	subscribe(t, table, decode.ModeLTP, 7, 8)
	for _, token := range []uint32{7, 8} {
		if conn, _ := table.Conn(token); conn != 1 {
			t.Errorf("Conn(%d) = %d, want 1", token, conn)
		}
	}
}

func TestCapacity(t *testing.T) {
	twoOnZero := func(token uint32) int { return int(token-1) / 2 }
	tests := []struct {
		name string
		cfg  shard.Config
		have []uint32
		call []uint32
		want shard.CapacityError
	}{
		{"10,000 on 9,000", shard.Config{Conns: 3}, nil, tokens(1, 10_000),
			shard.CapacityError{Conn: -1, Want: 10_000, Free: 9_000}},
		{"one too many", shard.Config{Conns: 3}, tokens(1, 8_999), []uint32{20_000, 1, 20_001, 20_000},
			shard.CapacityError{Conn: -1, Want: 2, Free: 1}},
		{"round robin", shard.Config{Conns: 2, Capacity: 1, Policy: shard.RoundRobin}, []uint32{1}, []uint32{2, 3},
			shard.CapacityError{Conn: -1, Want: 2, Free: 1}},
		{"pinned, all full", shard.Config{Conns: 2, Capacity: 1, Policy: shard.Pinned, Pin: twoOnZero}, nil, []uint32{1, 2, 3},
			shard.CapacityError{Conn: -1, Want: 3, Free: 2}},
		{"pinned, one full", shard.Config{Conns: 2, Capacity: 1, Policy: shard.Pinned, Pin: twoOnZero}, []uint32{1}, []uint32{2},
			shard.CapacityError{Conn: 0, Want: 1, Free: 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := newTable(t, tt.cfg)
			subscribe(t, table, decode.ModeQuote, tt.have...)
			before := sets(table, tt.cfg.Conns)
			err := table.Subscribe(decode.ModeFull, tt.call...)
			if !errors.Is(err, shard.ErrCapacity) {
				t.Fatalf("Subscribe = %v, want ErrCapacity", err)
			}
			got, ok := errors.AsType[*shard.CapacityError](err)
			if !ok {
				t.Fatalf("Subscribe = %T, want *CapacityError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, sets(table, tt.cfg.Conns)); diff != "" {
				t.Errorf("the table changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestModes(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 2})
	subscribe(t, table, decode.ModeFull, 3, 1, 2)
	subscribe(t, table, decode.ModeLTP, 2, 4) // 2 is known: it stays, its mode does not
	if err := table.SetMode(decode.ModeQuote, 3, 3); err != nil {
		t.Fatal(err)
	}
	want := []shard.Set{
		{3: decode.ModeQuote, 2: decode.ModeLTP},
		{1: decode.ModeFull, 4: decode.ModeLTP},
	}
	if diff := cmp.Diff(want, sets(table, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if mode, ok := table.Mode(2); !ok || mode != decode.ModeLTP {
		t.Errorf("Mode(2) = %v, %v, want ltp", mode, ok)
	}
}

// A token that is known is not asked to be pinned again: it may not move.
func TestPinIsAskedOncePerToken(t *testing.T) {
	asked := map[uint32]int{}
	table := newTable(t, shard.Config{Conns: 2, Policy: shard.Pinned, Pin: func(token uint32) int {
		asked[token]++
		return asked[token] - 1
	}})
	for range 3 {
		subscribe(t, table, decode.ModeLTP, 7, 8, 7)
	}
	if diff := cmp.Diff(map[uint32]int{7: 1, 8: 1}, asked); diff != "" {
		t.Errorf("calls of Pin (-want +got):\n%s", diff)
	}
}

func TestAll(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 3})
	subscribe(t, table, decode.ModeLTP, 50, 10, 40, 20, 30)
	subscribe(t, table, decode.ModeFull, 40)
	var got []uint32
	for token, mode := range table.All() {
		if want, _ := table.Mode(token); mode != want {
			t.Errorf("token %d is %v, want %v", token, mode, want)
		}
		got = append(got, token)
	}
	if diff := cmp.Diff([]uint32{10, 20, 30, 40, 50}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	var seen int
	for token := range table.All() {
		table.Unsubscribe(token, 50) // the loop still sees the table as it was
		seen++
	}
	if seen != 5 || table.Len(0)+table.Len(1)+table.Len(2) != 0 {
		t.Errorf("saw %d tokens of 5 while removing them", seen)
	}
	for range table.All() {
		t.Error("a token in an empty table")
	}

	subscribe(t, table, decode.ModeLTP, 1, 2)
	for token := range table.All() {
		if token != 1 {
			t.Errorf("the loop went on to %d after break", token)
		}
		break
	}
}

func TestDesiredIsLive(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 1})
	desired := table.Desired(0)
	subscribe(t, table, decode.ModeFull, 1)
	if diff := cmp.Diff(shard.Set{1: decode.ModeFull}, desired); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPolicyText(t *testing.T) {
	for _, want := range []shard.Policy{shard.LeastLoaded, shard.RoundRobin, shard.Pinned} {
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got := shard.Policy(99)
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s reads back as %v, %v", text, got, err)
		}
	}
	p := shard.Pinned
	if err := p.UnmarshalText([]byte("random")); err == nil || p != shard.Pinned {
		t.Errorf("UnmarshalText(random) = %v, policy %v", err, p)
	}
}
