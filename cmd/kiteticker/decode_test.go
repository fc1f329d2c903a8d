package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDecodePacket(t *testing.T) {
	for _, tc := range []struct{ name, packet, want string }{
		{"ltp", hexLTP, jsonLTP},
		{"ltpc", hexLTPC, jsonLTPC},
		{"negative", hexNegative, jsonNegative},
		{"bcd", hexBCD, jsonBCD},
		{"quote", hexQuote, jsonQuote},
		{"index", hexIndex, jsonIndex},
		{"index full", hexIndexFull, jsonIndexFull},
		{"full", hexFull, jsonFull},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := invocation{args: []string{"decode", "-in", "hex", "-kind", "packet"}, stdin: tc.packet}.run(t.Context())
			o.want(t, exitOK, tc.want+"}\n", "")
			if o.stdout != tc.want+"}\n" {
				t.Errorf("stdout is\n%swant\n%s", o.stdout, tc.want+"}\n")
			}
		})
	}
}

func TestDecodeFrame(t *testing.T) {
	two := "0002 0008" + hexLTP + "001c" + hexIndex // 44 bytes
	twoLines := jsonLTP + "}\n" + jsonIndex + "}\n"
	for _, tc := range []struct {
		name, frame string
		code        int
		stdout      string
		stderr      string // "" for none
	}{
		{"whole", two, exitOK, twoLines, ""},
		{"no packets", "0000", exitOK, "", ""},
		{"length cut", "0003" + two[4:] + "00", exitFailure, twoLines,
			"damaged at byte 42: the message announces 3 packets, but ends before the length of packet 3"},
		{"packet cut", "0003" + two[4:] + "00b8 00063a01", exitFailure, twoLines,
			"damaged at byte 42: packet 3 of 3 announces 184 bytes, of which the message has 4"},
		{"first packet cut", "0001 0008 00063a", exitFailure, "",
			"damaged at byte 2: packet 1 of 1 announces 8 bytes, of which the message has 3"},
		{"trailing", two + "0000 00", exitOK, twoLines, "3 bytes after the last packet, from byte 42, ignored"},
		{"unknown length", "0003 0008" + hexLTP + "0003 010203 001c" + hexIndex, exitOK, twoLines,
			"packet 2 of 3 at byte 12 has 3 bytes, which no known packet has (8, 12, 28, 32, 44 or 184): skipped"},
		{"one byte", "0001 0001 ff", exitOK, "", "packet 1 of 1 at byte 2 has 1 byte, which"},
		{"one left", "0000 00", exitOK, "", "1 byte after the last packet, from byte 2, ignored"},
		{"one packet", "0001", exitFailure, "", "damaged at byte 2: the message announces 1 packet, but ends"},
		{"empty packet", "0002 0000 0008" + hexLTP, exitOK, jsonLTP + "}\n", "packet 1 of 2 at byte 2 has 0 bytes"},
		{"unknown segment", "0001 0008" + hexUnknown, exitOK, jsonUnknown + "}\n",
			"instrument 25610: segment 10 is unknown, its prices are taken for paise"},
		{"heartbeat", "00", exitOK, "", "a heartbeat: one byte, no packets"},
		{"empty", " ", exitFailure, "", "the input is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := invocation{args: []string{"decode", "-in", "hex"}, stdin: tc.frame}.run(t.Context())
			o.want(t, tc.code, tc.stdout, tc.stderr)
			if o.stdout != tc.stdout {
				t.Errorf("stdout is\n%swant\n%s", o.stdout, tc.stdout)
			}
			if n := strings.Count(o.stderr, "\n"); n > 1 {
				t.Errorf("%d lines on stderr, want at most 1", n)
			}
		})
	}
}

// A text message says what it is, in one line that cannot upset a terminal.
func TestDecodeText(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`: `a text message: the server reports an error: "Can't subscribe to more than 3000 instruments."`,
		`{"type":"message","data":"Maintenance \u001b[2J tonight"}`:                `a text message: the broker says "Maintenance \x1b[2J tonight"`,
		`{"type":"instruments_meta","data":{"count":86481,"etag":"x"}}`:            `a text message: the server lists 86,481 instruments`,
		`{"type":"app_code","timestamp":"2025-08-04T13:50:28+05:30"}`:              `a text message: an app code of 2025-08-04T13:50:28+05:30`,
		`{"type":"app_code"}`: "a text message: an app code\n",
		`{"type":"news"}`:     `a text message: of unknown type: "{\"type\":\"news\"}"`,
		`{"type":"order","data":{"order_id":"151220000000000","status":"COMPLETE","transaction_type":"BUY","quantity":10,"exchange":"NSE","tradingsymbol":"INFY","filled_quantity":10,"average_price":1550.05}}`: `a text message: order 151220000000000 is COMPLETE: BUY 10 NSE:INFY, 10 filled at 1550.05`,
		`{"type":"order","data":{"order_id":"\n","status":"REJECTED","status_message":"no \u0007 funds"}}`:                                                                                                       `order "\n" is REJECTED: "" 0 "":"", 0 filled at 0 ("no \a funds")`,
	} {
		o := invocation{args: []string{"decode"}, stdin: text}.run(t.Context())
		o.want(t, exitOK, "", want)
		if n := strings.Count(o.stderr, "\n"); n != 1 {
			t.Errorf("%d lines on stderr, want 1: %q", n, o.stderr)
		}
	}
}

func TestDecodePacketErrors(t *testing.T) {
	o := invocation{args: []string{"decode", "-in", "hex", "-kind", "packet"}, stdin: "00063a01"}.run(t.Context())
	o.want(t, exitFailure, "", "no packet has 4 bytes, want 8, 12, 28, 32, 44 or 184")
}

func TestDecodeInput(t *testing.T) {
	raw := string(unhex(t, "0001 0008"+hexLTP))
	file := filepath.Join(t.TempDir(), "message.bin")
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	padded := base64.StdEncoding.EncodeToString([]byte(raw))
	url := base64.RawURLEncoding.EncodeToString([]byte("\x00\x01\x00\x08\xff\xef\xbe\x01\xff\xff\xff\xff")) // with - and _
	for _, tc := range []struct {
		args, stdin string
		code        int
		want        string // in stdout if the code is 0, else in stderr
	}{
		{"", raw, exitOK, jsonLTP},
		{"-", raw, exitOK, jsonLTP},
		{file, "", exitOK, jsonLTP},
		{file + ".gone", "", exitFailure, "message.bin.gone: "},
		{"-in hex", "00 01\n\t0008 00063A01 00025d7C\r\n", exitOK, jsonLTP},
		{"-in hex", "0001 0g08", exitFailure, `byte 6 of the input is 'g', want a hex digit`},
		{"-in hex", "0x01", exitFailure, `byte 1 of the input is 'x', want a hex digit`},
		{"-in hex", "00 1\x10", exitFailure, `byte 4 of the input is '\x10', want a hex digit`}, // \x10|0x20 is a digit
		{"-in hex", "0001 0", exitFailure, "the input has 5 hex digits, want an even number"},
		{"-in base64", padded, exitOK, jsonLTP},
		{"-in base64", padded[:5] + " \n " + padded[5:] + "\n", exitOK, jsonLTP},
		{"-in base64", strings.TrimRight(padded, "="), exitOK, jsonLTP},
		{"-in base64", url, exitOK, `"instrument_token":4293901825,"last_price":-0.01`},
		{"-in base64", padded[:4] + "\n*" + padded[4:], exitFailure, `byte 5 of the input is '*', want a character of base64`},
		{"-in base64", "AA==AA", exitFailure, `byte 4 of the input is 'A', want a character of base64`},
		{"-in base64", padded[:5], exitFailure, "the base64 input ends in the middle of a byte"},
	} {
		o := invocation{args: append([]string{"decode"}, strings.Fields(tc.args)...), stdin: tc.stdin}.run(t.Context())
		if tc.code == exitOK {
			if o.code != exitOK || !strings.Contains(o.stdout, tc.want) {
				t.Errorf("decode %s < %q: exit code %d, stdout %q, stderr %q, want %q", tc.args, tc.stdin, o.code, o.stdout, o.stderr, tc.want)
			}
			continue
		}
		o.want(t, tc.code, "", tc.want)
	}
}

// Of a message too large for one write, nothing is missing.
func TestDecodeLargeFrame(t *testing.T) {
	const n = 3000
	frame := fmt.Sprintf("%04x", n) + strings.Repeat("00b8"+hexFull, n)
	o := invocation{args: []string{"decode", "-in", "hex"}, stdin: frame}.run(t.Context())
	if o.code != exitOK || o.stdout != strings.Repeat(jsonFull+"}\n", n) {
		t.Errorf("exit code %d, %d lines, want %d right ones; stderr %q", o.code, strings.Count(o.stdout, "\n"), n, o.stderr)
	}
}
