package shard

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kiteticker/kiteticker/decode"
)

// Op is what a [Command] asks of the server.
type Op uint8

const (
	Unsubscribe Op = iota + 1 // stop the tokens' data
	Subscribe                 // start it, in the server's default mode
	SetMode                   // set the mode of tokens that are subscribed
)

// opNames are the values of "a" in a control message (Kite documentation).
var opNames = [...]string{Unsubscribe: "unsubscribe", Subscribe: "subscribe", SetMode: "mode"}

// String returns the wire name of op.
func (op Op) String() string {
	if op >= Unsubscribe && int(op) < len(opNames) {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// Command is one control message.
type Command struct {
	Op     Op
	Mode   decode.Mode // SetMode only
	Tokens []uint32
}

// AppendJSON appends the text message that carries c (Kite documentation) and
// returns the extended slice. It allocates only to make room.
//
//	{"a":"subscribe","v":[408065,884737]}
//	{"a":"unsubscribe","v":[408065]}
//	{"a":"mode","v":["full",[408065]]}
func (c Command) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"a":"`...)
	dst = append(dst, c.Op.String()...)
	dst = append(dst, `","v":[`...)
	if c.Op == SetMode {
		dst = append(dst, '"')
		dst = append(dst, c.Mode.String()...)
		dst = append(dst, `",[`...)
	}
	for i, token := range c.Tokens {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(token), 10)
	}
	if c.Op == SetMode {
		dst = append(dst, ']')
	}
	return append(dst, "]}"...)
}

// Apply records in s that c was sent. The mode of a token that was subscribed
// is 0 until its mode was sent too, so a [Diff] in between still asks for it.
func (s Set) Apply(c Command) {
	for _, token := range c.Tokens {
		switch _, known := s[token]; c.Op {
		case Unsubscribe:
			delete(s, token)
		case Subscribe:
			if !known {
				s[token] = 0
			}
		case SetMode:
			if known {
				s[token] = c.Mode
			}
		}
	}
}

// Diff returns the commands that turn sent, what this socket was sent so far,
// into desired. There are none when they are equal.
//
// Unsubscribes come first, so that the server never counts more tokens than
// the larger of the two sets has; then each new token is subscribed once; then
// modes, also the mode of each new token, quote included. Tokens ascend; a
// command has at most chunk of them, or any number if chunk is 0 or less. A
// token of desired whose mode is not [decode.Mode.Subscribable], which a
// [Table] never has, is left in the server's default mode.
//
// Neither set is changed, and the commands do not refer to them.
func Diff(desired, sent Set, chunk int) []Command {
	var gone, fresh []uint32
	var moded [decode.ModeFull + 1][]uint32 // by mode
	for token := range sent {
		if _, ok := desired[token]; !ok {
			gone = append(gone, token)
		}
	}
	for token, mode := range desired {
		have, ok := sent[token]
		if !ok {
			fresh = append(fresh, token)
		}
		if (!ok || have != mode) && mode.Subscribable() {
			moded[mode] = append(moded[mode], token)
		}
	}
	cmds := appendCommands(nil, Command{Op: Unsubscribe, Tokens: gone}, chunk)
	cmds = appendCommands(cmds, Command{Op: Subscribe, Tokens: fresh}, chunk)
	for mode, tokens := range moded {
		cmds = appendCommands(cmds, Command{Op: SetMode, Mode: decode.Mode(mode), Tokens: tokens}, chunk)
	}
	return cmds
}

// appendCommands appends c, its tokens sorted and cut into chunks.
func appendCommands(cmds []Command, c Command, chunk int) []Command {
	if len(c.Tokens) == 0 {
		return cmds
	}
	if chunk <= 0 {
		chunk = len(c.Tokens)
	}
	slices.Sort(c.Tokens)
	for tokens := range slices.Chunk(c.Tokens, chunk) {
		c.Tokens = tokens
		cmds = append(cmds, c)
	}
	return cmds
}
