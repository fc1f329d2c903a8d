package fuzz

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

// Law: a server that carries what was sent carries what is desired once it has
// received the commands of Diff; on the way it sees no token subscribed twice
// and no more tokens than the larger of the two sets has.
//
// Each byte of tokens describes one token: the low half its mode in sent, the
// high half its mode in desired.
func FuzzDiff(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte{0x10, 0x20, 0x30}, 0)             // all new
	f.Add([]byte{0x01, 0x02, 0x03}, 2)             // all gone
	f.Add([]byte{0x11, 0x22, 0x33}, 1)             // equal
	f.Add([]byte{0x12, 0x23, 0x31}, 2)             // modes only
	f.Add([]byte{0x14, 0x24, 0x34, 0x04}, 1)       // subscribed, mode not sent yet
	f.Add([]byte{0x01, 0x20, 0x13, 0x02, 0x30}, 2) // some of each
	f.Fuzz(func(t *testing.T, tokens []byte, chunk int) {
		modes := []decode.Mode{0, decode.ModeLTP, decode.ModeQuote, decode.ModeFull}
		sent, desired, server := shard.Set{}, shard.Set{}, map[uint32]string{}
		for i, b := range tokens[:min(len(tokens), 256)] {
			token := uint32(i)*0x9E3779B9 + 1 // spread over all 32 bits, each another
			switch was := b & 7; {
			case was == 4:
				sent[token], server[token] = 0, "quote"
			case was >= 1 && was <= 3:
				sent[token], server[token] = modes[was], modes[was].String()
			}
			if want := b >> 4 & 3; want != 0 {
				desired[token] = modes[want]
			}
		}
		most := max(len(sent), len(desired))

		for _, c := range shard.Diff(desired, sent, chunk) {
			if len(c.Tokens) == 0 || chunk > 0 && len(c.Tokens) > chunk || !slices.IsSorted(c.Tokens) {
				t.Fatalf("chunk is %d: %v", chunk, c)
			}
			receive(t, server, c.AppendJSON(nil))
			if len(server) > most {
				t.Fatalf("the server carries %d tokens, %d are enough", len(server), most)
			}
			sent.Apply(c)
		}
		if len(server) != len(desired) {
			t.Fatalf("the server carries %d tokens, want %d", len(server), len(desired))
		}
		for token, mode := range desired {
			if server[token] != mode.String() || sent[token] != mode {
				t.Errorf("token %d: the server has %q, sent %v, want %v", token, server[token], sent[token], mode)
			}
		}
		if left := shard.Diff(desired, sent, chunk); left != nil {
			t.Errorf("commands are left: %v", left)
		}
	})
}

// receive does what a server does with a control message: a new token starts
// in quote mode.
func receive(t *testing.T, modes map[uint32]string, msg []byte) {
	var m struct {
		A string
		V []json.RawMessage
	}
	if err := json.Unmarshal(msg, &m); err != nil {
		t.Fatalf("%s: %v", msg, err)
	}
	mode := ""
	if m.A == "mode" {
		var tokens []json.RawMessage
		if len(m.V) != 2 || json.Unmarshal(m.V[0], &mode) != nil || json.Unmarshal(m.V[1], &tokens) != nil {
			t.Fatalf("%s: not a mode and tokens", msg)
		}
		m.V = tokens
	}
	for _, v := range m.V {
		var token uint32
		if err := json.Unmarshal(v, &token); err != nil {
			t.Fatalf("%s: %v", msg, err)
		}
		_, known := modes[token]
		switch {
		case m.A == "subscribe" && !known:
			modes[token] = "quote"
		case m.A == "unsubscribe" && known:
			delete(modes, token)
		case m.A == "mode" && known:
			modes[token] = mode
		default:
			t.Fatalf("%s: token %d is known: %v", msg, token, known)
		}
	}
}
