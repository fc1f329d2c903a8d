package shard_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// A refused call must not use up a turn either.
func TestRefusedCallKeepsTheTurn(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 3, Capacity: 1, Policy: shard.RoundRobin})
	if err := table.Subscribe(decode.ModeLTP, 1, 2, 3, 4); !errors.Is(err, shard.ErrCapacity) {
		t.Fatalf("Subscribe = %v, want ErrCapacity", err)
	}
	subscribe(t, table, decode.ModeLTP, 5)
	if conn, _ := table.Conn(5); conn != 0 {
		t.Errorf("Conn(5) = %d, want 0", conn)
	}
}

func TestRefused(t *testing.T) {
	pin := func(token uint32) int { return int(token) - 10 }
	table := newTable(t, shard.Config{Conns: 2, Policy: shard.Pinned, Pin: pin})
	subscribe(t, table, decode.ModeQuote, 10, 11)
	before := sets(table, 2)
	tests := []struct {
		name string
		err  error
		want error
		text string
	}{
		{"pin too high", table.Subscribe(decode.ModeLTP, 10, 12),
			&shard.PinError{Token: 12, Conn: 2, Conns: 2}, "kiteticker: token 12 is pinned to connection 2, want 0 to 1"},
		{"pin too low", table.Subscribe(decode.ModeLTP, 9),
			&shard.PinError{Token: 9, Conn: -1, Conns: 2}, "kiteticker: token 9 is pinned to connection -1, want 0 to 1"},
		{"zero", table.Subscribe(decode.ModeLTP, 11, 0, 10),
			&shard.TokenError{Token: 0, Index: 1, Err: shard.ErrZeroToken}, "kiteticker: token is zero: token 0, index 1"},
		{"subscribe ltpc", table.Subscribe(decode.ModeLTPC, 10),
			&shard.ModeError{Mode: decode.ModeLTPC}, "kiteticker: mode is ltpc, want ltp, quote or full"},
		{"no tokens do not excuse the mode", table.Subscribe(0),
			&shard.ModeError{Mode: 0}, "kiteticker: mode is Mode(0), want ltp, quote or full"},
		{"set ltpc", table.SetMode(decode.ModeLTPC, 10),
			&shard.ModeError{Mode: decode.ModeLTPC}, "kiteticker: mode is ltpc, want ltp, quote or full"},
		{"set unknown", table.SetMode(decode.ModeLTP, 10, 11, 12),
			&shard.TokenError{Token: 12, Index: 2, Err: shard.ErrNotSubscribed}, "kiteticker: token is not subscribed: token 12, index 2"},
		{"set zero", table.SetMode(decode.ModeLTP, 0),
			&shard.TokenError{Err: shard.ErrNotSubscribed}, "kiteticker: token is not subscribed: token 0, index 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !reflect.DeepEqual(tt.err, tt.want) {
				t.Fatalf("error is %#v, want %#v", tt.err, tt.want)
			}
			if tt.err.Error() != tt.text {
				t.Errorf("error says %q, want %q", tt.err, tt.text)
			}
		})
	}
	if diff := cmp.Diff(before, sets(table, 2)); diff != "" {
		t.Errorf("the table changed (-before +after):\n%s", diff)
	}
}

func TestErrorsUnwrap(t *testing.T) {
	table := newTable(t, shard.Config{Conns: 1})
	if err := table.SetMode(decode.ModeLTP, 1); !errors.Is(err, shard.ErrNotSubscribed) {
		t.Errorf("SetMode = %v, want ErrNotSubscribed", err)
	}
	if err := table.Subscribe(decode.ModeLTP, 0); !errors.Is(err, shard.ErrZeroToken) {
		t.Errorf("Subscribe = %v, want ErrZeroToken", err)
	}
}

func TestCapacityErrorText(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&shard.CapacityError{Conn: -1, Want: 10_000, Free: 9_000}, "kiteticker: 10000 new tokens, room for 9000"},
		{&shard.CapacityError{Conn: 2, Want: 5, Free: 3}, "kiteticker: 5 new tokens pinned to connection 2, room for 3"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
