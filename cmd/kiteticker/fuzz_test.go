package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
)

// Whatever the input is, decode ends with a documented exit code, and every
// line it prints is a JSON object.
func FuzzDecodeCommand(f *testing.F) {
	f.Add(unhex(f, "0002 0008"+hexLTP+"001c"+hexIndex), true)
	f.Add(unhex(f, "0002 0008"+hexLTP+"00b8"+hexFull[:20]), true)
	f.Add(unhex(f, hexFull), false)
	f.Add([]byte{0}, true)
	f.Add([]byte(`{"type":"order","data":{"order_id":1}}`), true)
	f.Fuzz(func(t *testing.T, input []byte, frame bool) {
		kind := kindPacket
		if frame {
			kind = kindFrame
		}
		o := invocation{args: []string{"decode", "-kind", kind.String()}, stdin: string(input)}.run(t.Context())
		if o.code != exitOK && o.code != exitFailure {
			t.Errorf("exit code %d", o.code)
		}
		if o.code == exitFailure && o.stderr == "" {
			t.Error("it fails without a reason")
		}
		for line := range strings.Lines(o.stdout) {
			var tick struct {
				Token uint32 `json:"instrument_token"`
				Mode  string
			}
			if err := json.Unmarshal([]byte(line), &tick); err != nil || tick.Mode == "" {
				t.Errorf("%v in line %q", err, line)
			}
		}
	})
}

// What the standard library writes is read as it was, and anything else is
// read or refused.
func FuzzEncodings(f *testing.F) {
	f.Add([]byte("00 01 aF"))
	f.Add([]byte("AAE="))
	f.Add([]byte{0xfb, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range []encoding{encodingRaw, encodingHex, encodingBase64} {
			if out, err := e.decode(b); err != nil && out != nil {
				t.Errorf("%s: both bytes and an error: %v", e, err)
			}
		}
		for _, tc := range []struct {
			e    encoding
			text string
		}{
			{encodingHex, hex.EncodeToString(b)},
			{encodingHex, strings.ToUpper(hex.EncodeToString(b))},
			{encodingBase64, base64.StdEncoding.EncodeToString(b)},
			{encodingBase64, base64.RawURLEncoding.EncodeToString(b)},
		} {
			if out, err := tc.e.decode([]byte(tc.text)); err != nil || !bytes.Equal(out, b) {
				t.Errorf("%s %q reads as %x, %v; want %x", tc.e, tc.text, out, err, b)
			}
		}
	})
}
