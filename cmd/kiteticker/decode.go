package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kiteticker/kiteticker/decode"
)

var decodeCommand = &command{
	name:    "decode",
	args:    "[FILE|-]",
	summary: "print the ticks in the bytes of a message as JSON",
	manual: `
Decode reads one message of the ticker from FILE, or from standard input, and
prints one JSON object for each tick in it, in the form of "stream -format
jsonl" without conn and received_at. What is not a tick is told on standard
error: a heartbeat, a text message, packets of unknown length, bytes after the
last packet.

Of a damaged message it prints the ticks before the damage, says what is wrong
at which byte, and exits 1.

Examples:

	kiteticker decode message.bin
	echo '0001 0008 00063a01 00025d7c' | kiteticker decode -in hex
	kiteticker decode -in base64 -kind packet ticker_full.packet
`,
	setup: func(f *flags) job {
		d := &decoding{in: encodingRaw, kind: kindFrame}
		choice(f, &d.in, "in", "the input is in this `ENCODING`: raw, hex or base64", encodingRaw, encodingHex, encodingBase64)
		choice(f, &d.kind, "kind", "the input is this `KIND` of bytes: a frame, which is a message, or a packet of it", kindFrame, kindPacket)
		return d.run
	},
}

// kind is what the input holds.
type kind string

const (
	kindFrame  kind = "frame"
	kindPacket kind = "packet"
)

func (k kind) String() string { return string(k) }

type decoding struct {
	in   encoding
	kind kind

	sh      *shell
	decoder decode.Decoder
	out     []byte // rows not yet written
}

// maxInput bounds what is read: 16 bits of packets of 16 bits of bytes would be
// 4 GiB, but the largest message of the exchange has half a megabyte.
const maxInput = 64 << 20

func (d *decoding) run(_ context.Context, sh *shell, args []string) error {
	d.sh = sh
	input, err := readInput(sh, args)
	if err != nil {
		return err
	}
	msg, err := d.in.decode(input)
	if err != nil {
		return err
	}
	if len(msg) == 0 {
		return errors.New("the input is empty")
	}
	if d.kind == kindPacket {
		err = d.packet(msg)
	} else {
		err = d.frame(msg)
	}
	if writeErr := d.flush(); writeErr != nil {
		return writeErr
	}
	return err
}

func readInput(sh *shell, args []string) ([]byte, error) {
	if len(args) > 1 {
		return nil, usagef("unexpected argument %q, want one file", args[1])
	}
	in := sh.stdin
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	input, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(input) > maxInput {
		return nil, fmt.Errorf("the input is longer than %d bytes, which no message is", maxInput)
	}
	return input, nil
}

// packet prints the tick of one packet.
func (d *decoding) packet(p []byte) error {
	var t decode.Tick
	if d.decoder.Packet(&t, p) != nil {
		return fmt.Errorf("no packet has %s, want %s", bytesOf(len(p)), lengths)
	}
	d.print(&t)
	return nil
}

const lengths = "8, 12, 28, 32, 44 or 184"

// frame prints the ticks of one message.
func (d *decoding) frame(msg []byte) error {
	if decode.IsHeartbeat(msg) {
		d.note("a heartbeat: one byte, no packets")
		return nil
	}
	if json.Valid(msg) && msg[0] == '{' { // as a count of packets it would exceed what a socket can have
		d.note("a text message: %s", describe(decode.ParseText(msg)))
		return nil
	}
	split := decode.Split(msg)
	for n := 1; ; n++ {
		at := len(msg) - split.Trailing()
		p, ok := split.Next()
		if !ok {
			return d.finish(msg, &split, n)
		}
		var t decode.Tick
		if d.decoder.Packet(&t, p) != nil {
			d.note("packet %d of %d at byte %d has %s, which no known packet has (%s): skipped", n, split.Count(), at, bytesOf(len(p)), lengths)
			continue
		}
		d.print(&t)
		if err := d.flushIf(64 << 10); err != nil {
			return err
		}
	}
}

// finish tells how the message ended, where packet n would be.
func (d *decoding) finish(msg []byte, split *decode.Splitter, n int) error {
	rest := split.Trailing()
	at := len(msg) - rest
	switch {
	case split.Err() == nil:
		if rest > 0 {
			d.note("%s after the last packet, from byte %d, ignored", bytesOf(rest), at)
		}
		return nil
	case rest < 2:
		return fmt.Errorf("damaged at byte %d: the message announces %s, but ends before the length of packet %d", at, count(uint64(split.Count()), "packet"), n)
	default:
		length := int(msg[at])<<8 | int(msg[at+1])
		return fmt.Errorf("damaged at byte %d: packet %d of %d announces %s, of which the message has %d", at, n, split.Count(), bytesOf(length), rest-2)
	}
}

func (d *decoding) print(t *decode.Tick) {
	if t.Flags&decode.FlagUnknownSegment != 0 {
		d.note("instrument %d: segment %d is unknown, its prices are taken for paise", t.Token, t.Segment())
	}
	d.out = append(appendJSONFields(d.out, t), "}\n"...)
}

func bytesOf(n int) string { return count(uint64(n), "byte") }

func (d *decoding) flush() error { return d.flushIf(0) }

// flushIf writes the rows if they have more than so many bytes.
func (d *decoding) flushIf(more int) error {
	if len(d.out) <= more {
		return nil
	}
	err := d.sh.print(d.out)
	d.out = d.out[:0]
	return err
}

func (d *decoding) note(format string, args ...any) {
	fmt.Fprintf(d.sh.stderr, "kiteticker decode: %s\n", fmt.Sprintf(format, args...))
}
