package decode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
)

// A text message prints as words, not as the bytes of Raw; what the server
// wrote cannot break the line.
func TestTextPrints(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, tc := range []struct{ raw, want string }{
		{`{"type":"order","data":{"order_id":"2203","status":"COMPLETE","transaction_type":"BUY","quantity":10,"exchange":"NSE",` +
			`"tradingsymbol":"INFY","price":1500.5,"filled_quantity":10,"average_price":1499.95,"user_id":"AB1234","account_id":"AB1234"}}`,
			`order 2203 is COMPLETE: BUY 10 NSE:INFY at 1500.5, 10 filled at 1499.95`},
		{`{"type":"order","data":{"order_id":"2203","status":"REJECTED","transaction_type":"SELL","quantity":1,"exchange":"NSE",` +
			`"tradingsymbol":"M\n&M","status_message":"no\nfunds"}}`,
			`order 2203 is REJECTED: SELL 1 NSE:"M\n&M" ("no\nfunds")`},
		{`{"type":"order","data":{"order_id":"1","quantity":"many"}}`, `order 1 is "", not understood: ["quantity"]`},
		{`{"type":"order"}`, `order "" is "", not understood: ["data"]`},
		{`{"type":"message","data":"Markets are closed\n"}`, `notice "Markets are closed\n"`},
		{`{"type":"instruments_meta","data":{"count":86481,"etag":"W/\"68907d60-55bf\""}}`,
			`instruments_meta of 86481 instruments, etag "W/\"68907d60-55bf\""`},
		{`{"type":"app_code","timestamp":"2025-08-05T10:00:00+05:30"}`, `app_code of 2025-08-05T10:00:00+05:30`},
		{`{"type":"app_code"}`, `app_code`},
		{`{"type":"error","data":"Lost"}`, `decode: server error: Lost`},
		{`{"type":"novelty","data":[1]}`, `text of unknown type "novelty": "{\"type\":\"novelty\",\"data\":[1]}"`},
		{`"` + long + `"`, `text of unknown type "": "\"` + long[:199] + `"`},
		{"\x00\x01", `decode: text message: invalid character '\x00' looking for beginning of value: "\x00\x01"`},
	} {
		text := decode.ParseText([]byte(tc.raw))
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, text); got != tc.want {
				t.Errorf("%s of a %T:\n%s\nwant\n%s", verb, text, got, tc.want)
			}
		}
	}
	order := *decode.ParseText([]byte(`{"type":"order","data":{"order_id":"1","status":"OPEN"}}`)).(*decode.Order)
	if got := fmt.Sprintf("%+v", map[string]decode.Order{"mine": order}); got != "map[mine:order 1 is OPEN]" {
		t.Errorf("by value: %s", got)
	}
}
