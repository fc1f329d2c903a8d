package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
)

// file returns one of the messages in testdata/text.
func file(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "text", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(raw)
}

func TestTextFiles(t *testing.T) {
	limit := file(t, "error_limit")
	message := file(t, "message")
	meta := file(t, "instruments_meta")
	code := file(t, "app_code")
	tests := []struct {
		raw  []byte
		want decode.Text
	}{
		{limit, &decode.ServerError{Raw: limit, Data: json.RawMessage(`"Can't subscribe to more than 3000 instruments."`),
			Message: "Can't subscribe to more than 3000 instruments.", Kind: decode.ErrorInstrumentLimit, Limit: 3000}},
		{message, &decode.Notice{Raw: message, Data: json.RawMessage(`"Markets close at 15:30 today. 100%s of orders are safe: \u20b9 & <b>"`),
			Message: "Markets close at 15:30 today. 100%s of orders are safe: \u20b9 & <b>"}},
		{meta, &decode.InstrumentsMeta{Raw: meta, Count: 86481, ETag: `W/"68907d60-55bf"`}},
		{code, &decode.AppCode{Raw: code, Timestamp: time.Date(2025, time.August, 4, 8, 20, 28, 0, time.UTC)}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, decode.ParseText(tt.raw)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.raw, diff)
		}
	}
}

var ignoreRaw = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Raw" }, cmp.Ignore())

func TestParseText(t *testing.T) {
	tests := []struct {
		raw  string
		want decode.Text // without Raw
	}{
		{`{"type":"error","data":null}`, &decode.ServerError{Data: json.RawMessage(`null`)}},
		{`{"type":"error"}`, &decode.ServerError{}},
		{`{"type":"error","data":{"code":7}}`, &decode.ServerError{Data: json.RawMessage(`{"code":7}`), Message: `{"code":7}`}},
		{"{\"type\":\"error\",\"data\":\"a\xffb\"}", &decode.ServerError{Data: json.RawMessage("\"a\xffb\""), Message: "a\uFFFDb"}},
		{` { "data" : 5 , "type" : "message" } `, &decode.Notice{Data: json.RawMessage(`5`), Message: "5"}},
		{`{"type":"message"}`, &decode.Notice{}},
		{`{"type":"instruments_meta","data":"soon"}`, &decode.InstrumentsMeta{}},
		{`{"type":"instruments_meta"}`, &decode.InstrumentsMeta{}},
		{`{"type":"instruments_meta","data":{"count":-1,"etag":7}}`, &decode.InstrumentsMeta{ETag: "7"}},
		{`{"type":"instruments_meta","data":{"count":"86481"}}`, &decode.InstrumentsMeta{Count: 86481}},
		{`{"type":"app_code"}`, &decode.AppCode{}},
		{`{"type":"app_code","timestamp":7}`, &decode.AppCode{}},
		{`{"type":"greeks","data":[1,2]}`, &decode.UnknownText{Type: "greeks"}},
		{`{"type":"Order","data":{}}`, &decode.UnknownText{Type: "Order"}},
		{`{"type":["order"],"data":{}}`, &decode.UnknownText{}},
		{`{"Type":"order","data":{}}`, &decode.UnknownText{}},
		{`{"type":"order","type":"greeks"}`, &decode.UnknownText{Type: "greeks"}},
		{`{}`, &decode.UnknownText{}},
		{`[]`, &decode.UnknownText{}},
		{`null`, &decode.UnknownText{}},
		{`"order"`, &decode.UnknownText{}},
		{`-12.5e3`, &decode.UnknownText{}},
	}
	for _, tt := range tests {
		t.Run(tt.raw, func(t *testing.T) {
			got := decode.ParseText([]byte(tt.raw))
			if raw := rawOf(t, got); string(raw) != tt.raw {
				t.Errorf("Raw is %q", raw)
			}
			if diff := cmp.Diff(tt.want, got, ignoreRaw); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// rawOf returns the Raw of any text.
func rawOf(t *testing.T, text decode.Text) []byte {
	t.Helper()
	switch text := text.(type) {
	case *decode.Order:
		return text.Raw
	case *decode.ServerError:
		return text.Raw
	case *decode.Notice:
		return text.Raw
	case *decode.InstrumentsMeta:
		return text.Raw
	case *decode.AppCode:
		return text.Raw
	case *decode.UnknownText:
		return text.Raw
	case *decode.BadText:
		return text.Raw
	}
	t.Fatalf("%T is not documented to be a Text", text)
	return nil
}

func TestBadText(t *testing.T) {
	for _, raw := range []string{
		"", " ", "{", `{"type":"order","data":{}`, `{"type":"order","data":{}}x`, `{"type":"order",}`, `{'type':'order'}`,
		"order", "\xff", "\x00", `{"type":"order","data":{"order_id":"7","price":01}}`,
		strings.Repeat("[", 1<<20),
		`{"type":"order","data":` + strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000) + "}",
	} {
		bad, ok := decode.ParseText([]byte(raw)).(*decode.BadText)
		if !ok || string(bad.Raw) != raw {
			t.Errorf("%.40q: %T, Raw kept: %v", raw, bad, ok && string(bad.Raw) == raw)
			continue
		}
		if _, ok := errors.AsType[*json.SyntaxError](bad.Err); !ok {
			t.Errorf("%.40q: error %v wraps no SyntaxError", raw, bad.Err)
		}
	}
	if bad, ok := decode.ParseText(nil).(*decode.BadText); !ok || bad.Raw == nil {
		t.Errorf("nil: %+v", bad)
	}
}

// The input is leased: nothing of it may be seen through the result.
func TestParseTextCopies(t *testing.T) {
	for _, raw := range []string{
		string(file(t, "order_complete")), string(file(t, "order_update")), string(file(t, "error_limit")), string(file(t, "message")),
		string(file(t, "instruments_meta")), string(file(t, "app_code")), `{"type":"greeks"}`, `{`,
	} {
		buf := []byte(raw)
		got := decode.ParseText(buf)
		for i := range buf {
			buf[i] = 'x'
		}
		// Errors compare by their text: json's are not comparable otherwise.
		errs := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
		if diff := cmp.Diff(decode.ParseText([]byte(raw)), got, errs); diff != "" {
			t.Errorf("%.60s changed with the buffer (-before +after):\n%s", raw, diff)
		}
	}
}

func TestServerErrorKind(t *testing.T) {
	tests := []struct {
		message string
		kind    decode.ErrorKind
		name    string
		limit   int
	}{
		{"Can't subscribe to more than 3000 instruments.", decode.ErrorInstrumentLimit, "instrument limit", 3000},
		{"Can't subscribe to more than 500 instruments.", decode.ErrorInstrumentLimit, "instrument limit", 500},
		{"Can't subscribe to more than many instruments.", decode.ErrorInstrumentLimit, "instrument limit", 0},
		{"Can't subscribe to more than 99999999999999999999 instruments.", decode.ErrorInstrumentLimit, "instrument limit", 0},
		{"Error parsing instrument tokens.", decode.ErrorTokens, "tokens", 0},
		{"Lost ticker connection.", decode.ErrorConnection, "connection", 0},
		{"100%d of %s failed: %!v(MISSING)", decode.ErrorOther, "other", 0},
		{"", decode.ErrorOther, "other", 0},
	}
	for _, tt := range tests {
		data, err := json.Marshal(tt.message)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := decode.ParseText([]byte(`{"type":"error","data":` + string(data) + `}`)).(*decode.ServerError)
		if !ok || got.Message != tt.message || got.Kind != tt.kind || got.Limit != tt.limit {
			t.Errorf("%q reads as %+v", tt.message, got)
			continue
		}
		if got.Kind.String() != tt.name {
			t.Errorf("%q is of kind %q, want %q", tt.message, got.Kind, tt.name)
		}
		if want := "decode: server error: " + tt.message; got.Error() != want {
			t.Errorf("Error is %q, want %q", got.Error(), want)
		}
	}
	if got := decode.ErrorKind(200).String(); got != "ErrorKind(200)" {
		t.Errorf("unknown kind is %q", got)
	}
}

func ExampleParseText() {
	for _, msg := range []string{
		`{"type":"order","data":{"order_id":"7","status":"UPDATE","quantity":50,"filled_quantity":"20","price":{"rupees":5}}}`,
		`{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`,
		`{"type":`,
	} {
		switch text := decode.ParseText([]byte(msg)).(type) {
		case *decode.Order:
			fmt.Println(text.OrderID, text.Status, text.FilledQuantity, "of", text.Quantity, "unparsed:", text.Unparsed)
		case *decode.ServerError:
			fmt.Println(text.Kind, text.Limit)
		case *decode.BadText:
			fmt.Println(text.Err)
		}
	}
	// Output:
	// 7 UPDATE 20 of 50 unparsed: [price]
	// instrument limit 3000
	// decode: text message: unexpected end of JSON input
}
