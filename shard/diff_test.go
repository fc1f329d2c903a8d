package shard_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// wire returns the messages that carry cmds.
func wire(cmds []shard.Command) []string {
	var msgs []string
	for _, c := range cmds {
		msgs = append(msgs, string(c.AppendJSON(nil)))
	}
	return msgs
}

// The expected bytes are those of the Kite documentation, written by hand.
func TestDiff(t *testing.T) {
	const (
		ltp   = decode.ModeLTP
		quote = decode.ModeQuote
		full  = decode.ModeFull
	)
	tests := []struct {
		name          string
		desired, sent shard.Set
		chunk         int
		want          []string
	}{
		{name: "both nil"},
		{name: "equal", desired: shard.Set{1: ltp, 2: full}, sent: shard.Set{1: ltp, 2: full}},
		{name: "quote is said too", desired: shard.Set{408065: quote}, want: []string{
			`{"a":"subscribe","v":[408065]}`,
			`{"a":"mode","v":["quote",[408065]]}`,
		}},
		{name: "modes ascend, tokens ascend as numbers", desired: shard.Set{884737: full, 9: quote, 408065: full, 10: ltp}, want: []string{
			`{"a":"subscribe","v":[9,10,408065,884737]}`,
			`{"a":"mode","v":["ltp",[10]]}`,
			`{"a":"mode","v":["quote",[9]]}`,
			`{"a":"mode","v":["full",[408065,884737]]}`,
		}},
		{name: "unsubscribe only", sent: shard.Set{884737: full, 408065: ltp}, want: []string{
			`{"a":"unsubscribe","v":[408065,884737]}`,
		}},
		{name: "mode change only", desired: shard.Set{1: full, 2: full}, sent: shard.Set{1: full, 2: quote}, want: []string{
			`{"a":"mode","v":["full",[2]]}`,
		}},
		{name: "mode not sent yet", desired: shard.Set{1: quote}, sent: shard.Set{1: 0}, want: []string{
			`{"a":"mode","v":["quote",[1]]}`,
		}},
		{name: "replacement frees capacity first", desired: shard.Set{1: ltp, 3: ltp}, sent: shard.Set{1: ltp, 2: ltp}, want: []string{
			`{"a":"unsubscribe","v":[2]}`,
			`{"a":"subscribe","v":[3]}`,
			`{"a":"mode","v":["ltp",[3]]}`,
		}},
		{name: "chunks", chunk: 2, desired: shard.Set{1: full, 2: full, 3: full}, sent: shard.Set{4: full, 5: full, 6: full, 7: full}, want: []string{
			`{"a":"unsubscribe","v":[4,5]}`,
			`{"a":"unsubscribe","v":[6,7]}`,
			`{"a":"subscribe","v":[1,2]}`,
			`{"a":"subscribe","v":[3]}`,
			`{"a":"mode","v":["full",[1,2]]}`,
			`{"a":"mode","v":["full",[3]]}`,
		}},
		{name: "negative chunk is no limit", chunk: -1, sent: shard.Set{1: full, 2: full}, want: []string{
			`{"a":"unsubscribe","v":[1,2]}`,
		}},
		{name: "largest token", desired: shard.Set{4294967295: ltp}, want: []string{
			`{"a":"subscribe","v":[4294967295]}`,
			`{"a":"mode","v":["ltp",[4294967295]]}`,
		}},
		{name: "mode that cannot be subscribed", desired: shard.Set{1: decode.ModeLTPC, 2: 200, 3: full}, want: []string{
			`{"a":"subscribe","v":[1,2,3]}`,
			`{"a":"mode","v":["full",[3]]}`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmds := shard.Diff(tt.desired, tt.sent, tt.chunk)
			if diff := cmp.Diff(tt.want, wire(cmds)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.want == nil && cmds != nil {
				t.Errorf("Diff = %v, want nil", cmds)
			}
		})
	}
}

// server is what the other end does with a control message: an independent
// model that reads the bytes.
type server struct {
	modes map[uint32]string // a new token starts in quote
	limit int
}

func (s *server) receive(msg []byte) error {
	var m struct {
		A string
		V json.RawMessage
	}
	if err := json.Unmarshal(msg, &m); err != nil {
		return fmt.Errorf("%s: %w", msg, err)
	}
	var tokens []uint32
	var mode string
	into := any(&tokens)
	if m.A == "mode" {
		into = &[]any{&mode, &tokens}
	}
	if err := json.Unmarshal(m.V, into); err != nil {
		return fmt.Errorf("%s: %w", msg, err)
	}
	for _, token := range tokens {
		_, known := s.modes[token]
		switch {
		case m.A == "subscribe" && known:
			return fmt.Errorf("token %d is subscribed twice", token)
		case m.A == "subscribe" && len(s.modes) == s.limit:
			return fmt.Errorf("can't subscribe to more than %d instruments", s.limit)
		case m.A == "subscribe":
			s.modes[token] = "quote"
		case !known:
			return fmt.Errorf("%s: token %d is not subscribed", msg, token)
		case m.A == "unsubscribe":
			delete(s.modes, token)
		case m.A == "mode":
			s.modes[token] = mode
		default:
			return fmt.Errorf("%s: unknown command", msg)
		}
	}
	return nil
}

// randomSet returns up to n tokens out of twice as many.
func randomSet(rng *rand.Rand, n int) shard.Set {
	modes := []decode.Mode{decode.ModeLTP, decode.ModeQuote, decode.ModeFull}
	set := shard.Set{}
	for range rng.IntN(n + 1) {
		set[1+rng.Uint32N(uint32(2*n))] = modes[rng.IntN(len(modes))]
	}
	return set
}

// names is what the server's table should look like for a set.
func names(set shard.Set) map[uint32]string {
	names := map[uint32]string{}
	for token, mode := range set {
		names[token] = mode.String()
	}
	return names
}

func TestDiffTurnsSentIntoDesired(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(2, seed))
		sent, desired := randomSet(rng, 20), randomSet(rng, 20)
		sentBefore, desiredBefore := maps.Clone(sent), maps.Clone(desired)
		chunk := rng.IntN(8)
		cmds := shard.Diff(desired, sent, chunk)

		if !maps.Equal(sent, sentBefore) || !maps.Equal(desired, desiredBefore) {
			t.Fatalf("seed %d: Diff changed its arguments", seed)
		}
		if again := shard.Diff(desired, sent, chunk); !cmp.Equal(cmds, again) {
			t.Fatalf("seed %d: %v, then %v", seed, cmds, again)
		}
		srv := server{modes: names(sent), limit: max(len(sent), len(desired))}
		for i, c := range cmds {
			if chunk > 0 && len(c.Tokens) > chunk {
				t.Fatalf("seed %d: %d tokens in a chunk of %d", seed, len(c.Tokens), chunk)
			}
			if !slices.IsSorted(c.Tokens) || i > 0 && c.Op < cmds[i-1].Op {
				t.Fatalf("seed %d: out of order: %v", seed, cmds)
			}
			if err := srv.receive(c.AppendJSON(nil)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			sent.Apply(c)
		}
		if diff := cmp.Diff(names(desired), srv.modes); diff != "" {
			t.Fatalf("seed %d: server (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(desired, sent); diff != "" {
			t.Fatalf("seed %d: Apply (-want +got):\n%s", seed, diff)
		}
	}
}

// Desired state that changes while the commands for it are being sent is no
// special case: what was not sent yet is forgotten, and Diff is asked again.
func TestDiffWhileDesiredChanges(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(3, seed))
		srv := server{modes: map[uint32]string{}, limit: 20}
		sent, desired := shard.Set{}, shard.Set{}
		explicit := map[uint32]bool{} // tokens whose mode was sent
		send := func(cmds []shard.Command) {
			for _, c := range cmds {
				if err := srv.receive(c.AppendJSON(nil)); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				sent.Apply(c)
				for _, token := range c.Tokens {
					explicit[token] = c.Op == shard.SetMode || c.Op == shard.Subscribe && explicit[token]
				}
			}
		}
		for range 10 {
			desired = randomSet(rng, 20)
			cmds := shard.Diff(desired, sent, 3)
			send(cmds[:rng.IntN(len(cmds)+1)])
		}
		send(shard.Diff(desired, sent, 3))
		if diff := cmp.Diff(names(desired), srv.modes); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		for token := range desired {
			if !explicit[token] {
				t.Fatalf("seed %d: token %d was left in the server's default mode", seed, token)
			}
		}
	}
}

func TestApplyIgnoresWhatTheServerWould(t *testing.T) {
	set := shard.Set{1: decode.ModeFull}
	for _, c := range []shard.Command{
		{Op: shard.Subscribe, Tokens: []uint32{1}},                         // known: keeps its mode
		{Op: shard.Unsubscribe, Tokens: []uint32{2}},                       // unknown
		{Op: shard.SetMode, Mode: decode.ModeLTP, Tokens: []uint32{3}},     // unknown
		{Op: 0, Tokens: []uint32{1}}, {Op: shard.SetMode + 1, Tokens: nil}, // no such command
	} {
		set.Apply(c)
	}
	if diff := cmp.Diff(shard.Set{1: decode.ModeFull}, set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOpString(t *testing.T) {
	for op, want := range map[shard.Op]string{
		0: "Op(0)", shard.Unsubscribe: "unsubscribe", shard.Subscribe: "subscribe", shard.SetMode: "mode", 4: "Op(4)",
	} {
		if got := op.String(); got != want {
			t.Errorf("Op(%d) is %q, want %q", uint8(op), got, want)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	c := shard.Command{Op: shard.SetMode, Mode: decode.ModeFull, Tokens: tokens(1_000_000, 3000)}
	dst := []byte("kept ")
	if got := c.AppendJSON(dst); string(got[:len(dst)+18]) != `kept {"a":"mode","v":["` {
		t.Errorf("got %.40s...", got)
	}
	if got, want := string(shard.Command{Op: shard.Subscribe}.AppendJSON(nil)), `{"a":"subscribe","v":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	buf := make([]byte, 0, 64<<10)
	if n := testing.AllocsPerRun(100, func() { buf = c.AppendJSON(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
