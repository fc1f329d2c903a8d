package decode_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/decode"
)

// order wraps data into a message and parses it.
func order(t *testing.T, data string) *decode.Order {
	t.Helper()
	o, ok := decode.ParseText([]byte(`{"type":"order","data":` + data + `}`)).(*decode.Order)
	if !ok {
		t.Fatalf("%s is no order", data)
	}
	return o
}

// ist returns a time of 5 January 2026 in India.
func ist(hour, minute, second int) time.Time {
	return time.Date(2026, time.January, 5, hour, minute, second, 0, time.FixedZone("", 19800))
}

func TestOrderFiles(t *testing.T) {
	tests := map[string]decode.Order{
		"order_complete": {
			OrderID: "260105000123456", ExchangeOrderID: "1300000009876543",
			AccountID: "ZX0042", UserID: "ZX0042", PlacedBy: "ZX0042", AppID: 1729, GUID: "1729XaBcDeFgHiJkLm",
			Status:   decode.StatusComplete,
			Exchange: "NSE", TradingSymbol: "INFY", InstrumentToken: 408065,
			Variety: "regular", OrderType: "LIMIT", TransactionType: "BUY", Product: "CNC", Validity: "DAY",
			Price: 1612.35, AveragePrice: 1612.3,
			Quantity: 10, DisclosedQuantity: 2, FilledQuantity: 10,
			OrderTime: ist(9, 15, 1), ExchangeTime: ist(9, 15, 0), ExchangeUpdateTime: ist(9, 15, 2),
			Meta: json.RawMessage(`{}`),
		},
		"order_rejected": {
			OrderID: "260105000123457", ParentOrderID: "260105000123400",
			AccountID: "ZX0042", PlacedBy: "KITEID", GUID: "1729XnOpQrStUvWxYz",
			Status:        decode.StatusRejected,
			StatusMessage: "BO: auto square off executed, 100%d", StatusMessageRaw: "RMS:Margin Exceeds,Required:95417.84",
			Exchange: "NSE", TradingSymbol: "TATAMOTORS", InstrumentToken: 884737,
			Variety: "bo", OrderType: "LIMIT", TransactionType: "SELL", Product: "BO", Validity: "DAY",
			Price: 160.65, Quantity: 1,
			OrderTime: ist(15, 29, 59),
			Tag:       "bs", Tags: []string{"bs", "two"},
			Meta: json.RawMessage(`{}`),
		},
		"order_update": {
			OrderID: "260105000123458", Status: decode.StatusUpdate, InstrumentToken: math.MaxUint32,
			Variety: "iceberg", Validity: "TTL", ValidityTTL: 2, AuctionNumber: "22",
			Price: 0.1, TriggerPrice: 83.4525, AveragePrice: 9007199254740992, MarketProtection: 1.5,
			Quantity: 2.5, FilledQuantity: 0.5, PendingQuantity: 1.25, CancelledQuantity: 0.25, UnfilledQuantity: 0.5,
			Modified: true,
			Meta:     json.RawMessage(`{"iceberg":{"leg":1,"legs":5,"leg_quantity":200,"total_quantity":1000,"remaining_quantity":800}}`),
			MetaRaw:  json.RawMessage(`"{}"`),
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			raw := file(t, name)
			got, ok := decode.ParseText(raw).(*decode.Order)
			if !ok {
				t.Fatal("no order")
			}
			var msg struct{ Data json.RawMessage }
			if err := json.Unmarshal(raw, &msg); err != nil {
				t.Fatal(err)
			}
			want.Raw, want.Data = raw, msg.Data
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever one field holds, the others are read, and the odd one is named.
func TestOrderFieldOfWrongType(t *testing.T) {
	const rest = `"order_id":"7","quantity":3`
	tests := []struct {
		name     string
		field    string
		unparsed []string
		check    func(o *decode.Order) bool
	}{
		{"text is a number", `"exchange_order_id":1300000009876543`, nil,
			func(o *decode.Order) bool { return o.ExchangeOrderID == "1300000009876543" }},
		{"text is a boolean", `"tag":true`, nil, func(o *decode.Order) bool { return o.Tag == "true" }},
		{"text is an object", `"status_message":{"en":"no"}`, []string{"status_message"},
			func(o *decode.Order) bool { return o.StatusMessage == "" }},
		{"status is an array", `"status":["OPEN"]`, []string{"status"}, func(o *decode.Order) bool { return o.Status == "" }},
		{"number is text", `"price":"1612.35"`, nil, func(o *decode.Order) bool { return o.Price == 1612.35 }},
		{"number is other text", `"price":"market"`, []string{"price"}, func(o *decode.Order) bool { return o.Price == 0 }},
		{"number is empty text", `"price":""`, []string{"price"}, func(o *decode.Order) bool { return o.Price == 0 }},
		{"number is no JSON number", `"price":"NaN"`, []string{"price"}, func(o *decode.Order) bool { return o.Price == 0 }},
		{"number is too large", `"price":1e999`, []string{"price"}, func(o *decode.Order) bool { return o.Price == 0 }},
		{"number is a boolean", `"price":true`, []string{"price"}, func(o *decode.Order) bool { return o.Price == 0 }},
		{"token is text", `"instrument_token":"408065"`, nil, func(o *decode.Order) bool { return o.InstrumentToken == 408065 }},
		{"token is a float", `"instrument_token":408065.0`, nil, func(o *decode.Order) bool { return o.InstrumentToken == 408065 }},
		{"token has a fraction", `"instrument_token":1.5`, []string{"instrument_token"},
			func(o *decode.Order) bool { return o.InstrumentToken == 0 }},
		{"token is negative", `"instrument_token":-1`, []string{"instrument_token"},
			func(o *decode.Order) bool { return o.InstrumentToken == 0 }},
		{"token is too large", `"instrument_token":4294967296`, []string{"instrument_token"},
			func(o *decode.Order) bool { return o.InstrumentToken == 0 }},
		{"app id is too large", `"app_id":1e300`, []string{"app_id"}, func(o *decode.Order) bool { return o.AppID == 0 }},
		{"boolean is a number", `"modified":1`, []string{"modified"}, func(o *decode.Order) bool { return !o.Modified }},
		{"tags are text", `"tags":"a"`, []string{"tags"}, func(o *decode.Order) bool { return o.Tags == nil }},
		{"a tag is an object", `"tags":["a",{}]`, []string{"tags"}, func(o *decode.Order) bool { return o.Tags == nil }},
		{"a tag is a number", `"tags":["a",5]`, nil, func(o *decode.Order) bool { return cmp.Equal(o.Tags, []string{"a", "5"}) }},
		{"tags are null", `"tags":null`, nil, func(o *decode.Order) bool { return o.Tags == nil }},
		{"meta is text", `"meta":""`, nil, func(o *decode.Order) bool { return string(o.Meta) == `""` }},
		{"meta is null", `"meta":null`, nil, func(o *decode.Order) bool { return o.Meta == nil }},
		{"time is a number", `"order_timestamp":1767584701`, []string{"order_timestamp"},
			func(o *decode.Order) bool { return o.OrderTime.IsZero() }},
		{"two are odd", `"price":[],"order_timestamp":{}`, []string{"price", "order_timestamp"},
			func(o *decode.Order) bool { return o.Price == 0 && o.OrderTime.IsZero() }},
		{"key twice", `"price":1,"price":2`, nil, func(o *decode.Order) bool { return o.Price == 2 }},
		{"key in capitals is another key", `"PRICE":1`, nil, func(o *decode.Order) bool { return o.Price == 0 }},
		{"invalid UTF-8", "\"tag\":\"a\xffb\"", nil, func(o *decode.Order) bool { return o.Tag == "a\uFFFDb" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, data := range []string{`{` + tt.field + `,` + rest + `}`, `{` + rest + `,` + tt.field + `}`} {
				o := order(t, data)
				if o.OrderID != "7" || o.Quantity != 3 {
					t.Errorf("%s: other fields were lost: %q, %v", data, o.OrderID, o.Quantity)
				}
				if !tt.check(o) {
					t.Errorf("%s: read as %+v", data, o)
				}
				if diff := cmp.Diff(tt.unparsed, o.Unparsed); diff != "" {
					t.Errorf("%s: Unparsed (-want +got):\n%s", data, diff)
				}
				if string(o.Data) != data {
					t.Errorf("Data is %s, want %s", o.Data, data)
				}
			}
		})
	}
}

// An order update whose data is no object is still an order update.
func TestOrderWithoutObject(t *testing.T) {
	for _, data := range []string{`null`, `"COMPLETE"`, `17`, `[{"order_id":"7"}]`} {
		o := order(t, data)
		if diff := cmp.Diff([]string{"data"}, o.Unparsed); diff != "" || string(o.Data) != data {
			t.Errorf("%s: Data %s, Unparsed (-want +got):\n%s", data, o.Data, diff)
		}
	}
	o, ok := decode.ParseText([]byte(`{"type":"order"}`)).(*decode.Order)
	if !ok || o.Data != nil || !cmp.Equal(o.Unparsed, []string{"data"}) {
		t.Errorf("without data: %+v", o)
	}
	if o := order(t, `{}`); o.Unparsed != nil {
		t.Errorf("an empty object: %+v", o)
	}
}

func TestOrderTimes(t *testing.T) {
	tests := []struct {
		json   string
		want   time.Time
		parsed bool
	}{
		{`"2026-01-05 09:15:01"`, ist(9, 15, 1), true},
		{`"2026-01-05 09:15:01.25"`, ist(9, 15, 1).Add(250 * time.Millisecond), true},
		{`"2026-01-05T09:15:01+05:30"`, ist(9, 15, 1), true},
		{`"2026-01-05T03:45:01Z"`, ist(9, 15, 1), true},
		{`""`, time.Time{}, true},
		{`null`, time.Time{}, true},
		{`"0000-00-00 00:00:00"`, time.Time{}, false},
		{`"09:15:01"`, time.Time{}, false},
		{`"2026-02-30 09:15:01"`, time.Time{}, false},
	}
	for _, key := range []string{"order_timestamp", "exchange_timestamp", "exchange_update_timestamp"} {
		for _, tt := range tests {
			o := order(t, fmt.Sprintf(`{%q:%s}`, key, tt.json))
			got := map[string]time.Time{
				"order_timestamp":           o.OrderTime,
				"exchange_timestamp":        o.ExchangeTime,
				"exchange_update_timestamp": o.ExchangeUpdateTime,
			}[key]
			if !got.Equal(tt.want) || (o.Unparsed == nil) != tt.parsed {
				t.Errorf("%s %s: %v, Unparsed %v; want %v", key, tt.json, got, o.Unparsed, tt.want)
			}
			if _, offset := got.Zone(); !got.IsZero() && offset != 19800 {
				t.Errorf("%s %s: %v is not in IST", key, tt.json, got)
			}
		}
	}
}

func TestOrderStatusIsOpen(t *testing.T) {
	final := map[decode.Status]bool{decode.StatusComplete: true, decode.StatusRejected: true, decode.StatusCancelled: true}
	for _, status := range []decode.Status{
		"COMPLETE", "REJECTED", "CANCELLED", "UPDATE", "OPEN", "OPEN PENDING", "VALIDATION PENDING",
		"PUT ORDER REQ RECEIVED", "TRIGGER PENDING", "MODIFIED", "MODIFY PENDING", "NOT YET INVENTED", "",
	} {
		o := order(t, fmt.Sprintf(`{"status":%q}`, status))
		if o.Status != status || o.Unparsed != nil || o.Status.Final() != final[status] {
			t.Errorf("%q reads as %q, Final %v, Unparsed %v", status, o.Status, o.Status.Final(), o.Unparsed)
		}
	}
}

// The reason why float64 will do: every price the exchanges can quote comes
// back digit for digit.
func TestOrderPricesKeepTheirDigits(t *testing.T) {
	for _, price := range []string{"0.05", "0.1", "72.0025", "83.4525", "1612.35", "99999999.9995", "123456789012.345"} {
		o := order(t, `{"price":`+price+`}`)
		if got := strconv.FormatFloat(o.Price, 'f', -1, 64); got != price {
			t.Errorf("%s comes back as %s", price, got)
		}
	}
}

func TestOrderKeepsUnknownFields(t *testing.T) {
	o, ok := decode.ParseText(file(t, "order_update")).(*decode.Order)
	if !ok {
		t.Fatal("no order")
	}
	var mine struct {
		Settlement struct{ Cycle string }
	}
	if err := json.Unmarshal(o.Data, &mine); err != nil || mine.Settlement.Cycle != "T+0" {
		t.Errorf("settlement is %+v, %v", mine, err)
	}
	if o.Unparsed != nil {
		t.Errorf("unknown keys were reported: %v", o.Unparsed)
	}
}

func TestOrderWithHugeMeta(t *testing.T) {
	meta := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	o := order(t, `{"order_id":"7","meta":`+meta+`}`)
	if o.OrderID != "7" || string(o.Meta) != meta || o.Unparsed != nil {
		t.Errorf("order %q with %d bytes of meta, Unparsed %v", o.OrderID, len(o.Meta), o.Unparsed)
	}
}
