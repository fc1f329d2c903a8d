package fuzz

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Law: every text message becomes exactly one Text that holds all its bytes,
// and a BadText exactly if it is not JSON.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		``, `{`, `null`, `[]`, `"order"`, `{}`, `{"type":7}`, `{"type":"greeks","data":[1]}`,
		`{"type":"order"}`, `{"type":"order","data":"COMPLETE"}`, `{"type":"order","data":{}}`,
		`{"type":"order","data":{"order_id":"7","status":"TRIGGER PENDING","price":1.5,"tag":null,"tags":["a"],"meta":""}}`,
		`{"type":"order","data":{"order_id":7,"price":"1.5","instrument_token":-1,"tags":[{}],"modified":"yes","meta":{"a":[]}}}`,
		`{"type":"order","data":{"order_timestamp":"2026-01-05 09:15:01","exchange_timestamp":"","exchange_update_timestamp":"soon"}}`,
		`{"type":"order","data":{"price":1e999,"app_id":1e300,"price":NaN}}`,
		`{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`,
		`{"type":"error","data":"100%d of %!s(MISSING)"}`, `{"type":"error","data":{}}`,
		`{"type":"message","data":"\u20b9\ud800"}`, "{\"type\":\"message\",\"data\":\"\xff\"}",
		`{"type":"instruments_meta","data":{"count":86481,"etag":"W/\"68907d60-55bf\""}}`,
		`{"type":"app_code","timestamp":"2025-08-04T13:50:28+05:30"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		msg = msg[:min(len(msg), 16<<10)]
		sent := bytes.Clone(msg)
		text := decode.ParseText(msg)
		if !bytes.Equal(msg, sent) {
			t.Fatal("the input was written to")
		}
		for i := range msg { // the lease ends
			msg[i] ^= 0xff
		}
		var raw []byte
		bad := false
		switch text := text.(type) {
		case *decode.Order:
			raw = text.Raw
			checkOrder(t, text)
		case *decode.ServerError:
			raw = text.Raw
			if (text.Kind == decode.ErrorOther && text.Limit != 0) || text.Data == nil && text.Message != "" {
				t.Errorf("%q reads as %+v", raw, text)
			}
		case *decode.Notice:
			raw = text.Raw
		case *decode.InstrumentsMeta:
			raw = text.Raw
			if text.Count < 0 {
				t.Errorf("count is %d", text.Count)
			}
		case *decode.AppCode:
			raw = text.Raw
			checkTime(t, text.Timestamp)
		case *decode.UnknownText:
			raw = text.Raw
		case *decode.BadText:
			raw = text.Raw
			bad = true
			if text.Err == nil {
				t.Error("no error")
			}
		default:
			t.Fatalf("%q is a %T", sent, text)
		}
		if !bytes.Equal(raw, sent) {
			t.Errorf("Raw is %q, sent was %q", raw, sent)
		}
		if bad == json.Valid(sent) {
			t.Errorf("%q: bad is %v", sent, bad)
		}
	})
}

// checkOrder asserts that a field an order could not read is one that was
// sent, and is named once.
func checkOrder(t *testing.T, o *decode.Order) {
	var sent map[string]json.RawMessage
	if json.Unmarshal(o.Data, &sent) != nil || sent == nil {
		if !slices.Equal(o.Unparsed, []string{"data"}) {
			t.Errorf("data is %s, Unparsed %q", o.Data, o.Unparsed)
		}
		return
	}
	for i, key := range o.Unparsed {
		if value := string(sent[key]); value == "" || value == "null" || slices.Contains(o.Unparsed[:i], key) {
			t.Errorf("%s: Unparsed %q", o.Data, o.Unparsed)
		}
	}
	checkTime(t, o.OrderTime)
	checkTime(t, o.ExchangeTime)
	checkTime(t, o.ExchangeUpdateTime)
}

func checkTime(t *testing.T, at time.Time) {
	if !at.IsZero() && at.Location() != decode.IST {
		t.Errorf("%v is not in IST", at)
	}
}
