package kiteticker_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kiteticker/kiteticker"
)

// What a call of the client refuses speaks of what the caller knows, and still
// says what it is.
func TestErrorsSpeakOfTheClient(t *testing.T) {
	one := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token", Conns: 1})
	pinned := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token",
		Sharding: kiteticker.Pinned, PinToken: func(uint32) int { return 7 }})
	many := make([]uint32, 3001)
	for i := range many {
		many[i] = uint32(i + 1)
	}
	_, noMode := kiteticker.ParseMode("x")
	var policy kiteticker.ShardPolicy
	for _, tt := range []struct {
		err  error
		is   error  // nil: none
		as   string // type found in the chain
		want string
	}{
		{one.Subscribe(kiteticker.ModeFull, 1, 0), kiteticker.ErrZeroToken, "*shard.TokenError", "kiteticker: token is zero: token 0, index 1"},
		{one.SetMode(kiteticker.ModeFull, 8), kiteticker.ErrNotSubscribed, "*shard.TokenError", "kiteticker: token is not subscribed: token 8, index 0"},
		{one.Subscribe(kiteticker.ModeLTPC, 1), nil, "*shard.ModeError", "kiteticker: mode is ltpc, want ltp, quote or full"},
		{one.Subscribe(kiteticker.ModeFull, many...), kiteticker.ErrCapacity, "*shard.CapacityError", "kiteticker: 3001 new tokens, room for 3000"},
		{pinned.Subscribe(kiteticker.ModeFull, 5), nil, "*shard.PinError", "kiteticker: token 5 is pinned to connection 7, want 0 to 2"},
		{noMode, nil, "", `kiteticker: mode is "x", want ltp, quote or full`},
		{policy.UnmarshalText([]byte("x")), nil, "", `kiteticker: sharding policy is "x", want least-loaded, round-robin or pinned`},
	} {
		if tt.err == nil || tt.err.Error() != tt.want {
			t.Errorf("error is %v, want %s", tt.err, tt.want)
		}
		if tt.is != nil && !errors.Is(tt.err, tt.is) {
			t.Errorf("%v is not %v", tt.err, tt.is)
		}
		as := ""
		switch e := tt.err; {
		case found[*kiteticker.TokenError](e), found[*kiteticker.ModeError](e), found[*kiteticker.CapacityError](e), found[*kiteticker.PinError](e):
			as = fmt.Sprintf("%T", e)
		}
		if as != tt.as {
			t.Errorf("%v is a %q, want %q", tt.err, as, tt.as)
		}
	}
}

func found[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
