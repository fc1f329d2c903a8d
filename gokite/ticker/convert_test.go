package kiteticker_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

const noDepth = "000000000000000000000000" // an empty level

// Each field of each kind of packet, in floats written by hand. Packets follow
// the Kite documentation, big-endian; the comments beside them are theirs.
var conversions = map[string]struct {
	packet string
	want   models.Tick
}{
	"ltp": {
		"00063a01" + "00025503", // token, 152835 paise
		models.Tick{Mode: "ltp", InstrumentToken: 408065, IsTradable: true, LastPrice: 1528.35},
	},
	"ltp of an index": {
		"0003e909" + "00182f3b",
		models.Tick{Mode: "ltp", InstrumentToken: 256265, IsIndex: true, LastPrice: 15849.55},
	},
	"ltpc": {
		"000b4501" + "000347e2" + "000347d8",
		models.Tick{
			Mode: "ltpc", InstrumentToken: 738561, IsTradable: true, LastPrice: 2150.1,
			NetChange: 0.09999999999990905, OHLC: models.OHLC{Close: 2150},
		},
	},
	"quote of an index": { // high, low, open, close; then a change of unknown unit
		"0003e909" + "000ded2d" + "000dfd18" + "000de90e" + "000dfcd7" + "000de000" + "ffffffdc",
		models.Tick{
			Mode: "quote", InstrumentToken: 256265, IsIndex: true, LastPrice: 9126.85,
			NetChange: 33.72999999999956, OHLC: models.OHLC{Open: 9166.95, High: 9167.6, Low: 9116.3, Close: 9093.12},
		},
	},
	"full of an index": {
		"0003f809" + "0035bab0" + "0035d928" + "0035682b" + "00356dd5" + "003519c0" + "0000a0f0" + "60e2947f",
		models.Tick{
			Mode: "full", InstrumentToken: 260105, IsIndex: true, LastPrice: 35212,
			NetChange: 412, OHLC: models.OHLC{Open: 35015.25, High: 35290, Low: 35000.75, Close: 34800},
			Timestamp: models.Time{Time: time.Unix(1625461887, 0)},
		},
	},
	"quote": { // quantities beyond an int32
		"004f9601" + "0001afa9" + "0000004b" + "0001ade7" + "ee6b2800" + "80000000" + "b2d05e01" +
			"0001adb0" + "0001b38c" + "0001a9e1" + "0001b580",
		models.Tick{
			Mode: "quote", InstrumentToken: 5215745, IsTradable: true, LastPrice: 1105.05,
			LastTradedQuantity: 75, AverageTradePrice: 1100.55, VolumeTraded: 4000000000,
			TotalBuyQuantity: 2147483648, TotalSellQuantity: 3000000001,
			NetChange: -14.950000000000045, OHLC: models.OHLC{Open: 1100, High: 1115, Low: 1090.25, Close: 1120},
		},
	},
	"quote without a close": {
		"00063a01" + "00025503" + strings.Repeat("00000000", 9),
		models.Tick{Mode: "quote", InstrumentToken: 408065, IsTradable: true, LastPrice: 1528.35},
	},
	"quote of BCD": { // four decimals
		"00042b06" + "000b41d6" + "0000000c" + "000b40f5" + "0000d431" + "000003e9" + "000007d2" +
			"000b3ee8" + "000b42d0" + "000b3b00" + "000b3dee",
		models.Tick{
			Mode: "quote", InstrumentToken: 273158, IsTradable: true, LastPrice: 73.775,
			LastTradedQuantity: 12, AverageTradePrice: 73.7525, VolumeTraded: 54321,
			TotalBuyQuantity: 1001, TotalSellQuantity: 2002,
			NetChange: 0.10000000000000853, OHLC: models.OHLC{Open: 73.7, High: 73.8, Low: 73.6, Close: 73.675},
		},
	},
	"full": {
		"00cbfe02" + "00226f96" + "00000096" + "00225943" + "ba2c2b15" + "000f1206" + "000d5fff" +
			"00222e00" + "0022ca40" + "00220722" + "00224ed0" +
			"60e2947e" + "00ab4130" + "00acf337" + "00a98f29" + "60e2947f" +
			"00000019" + "00226f3c" + "0001ffff" + "00000032" + "00226f37" + "0002ffff" +
			"0000004b" + "00226f32" + "012cffff" + "00000064" + "00226ed8" + "9c40ffff" +
			"ffffffff" + "00226e74" + "ffffffff" +
			"0000007d" + "00226fa0" + "0006ffff" + "00000096" + "00226fa5" + "0007ffff" +
			"000000af" + "00226faa" + "0008ffff" + "000000c8" + "00227004" + "0009ffff" +
			"000000e1" + "00227068" + "000affff",
		models.Tick{
			Mode: "full", InstrumentToken: 13368834, IsTradable: true, LastPrice: 22567.9,
			LastTradedQuantity: 150, AverageTradePrice: 22510.75, VolumeTraded: 3123456789,
			TotalBuyQuantity: 987654, TotalSellQuantity: 876543,
			NetChange: 83.90000000000146, OHLC: models.OHLC{Open: 22400, High: 22800, Low: 22300.5, Close: 22484},
			LastTradeTime: models.Time{Time: time.Unix(1625461886, 0)}, Timestamp: models.Time{Time: time.Unix(1625461887, 0)},
			OI: 11223344, OIDayHigh: 11334455, OIDayLow: 11112233,
			Depth: models.Depth{
				Buy: [5]models.DepthItem{
					{Price: 22567, Quantity: 25, Orders: 1}, {Price: 22566.95, Quantity: 50, Orders: 2},
					{Price: 22566.9, Quantity: 75, Orders: 300}, {Price: 22566, Quantity: 100, Orders: 40000},
					{Price: 22565, Quantity: 4294967295, Orders: 65535},
				},
				Sell: [5]models.DepthItem{
					{Price: 22568, Quantity: 125, Orders: 6}, {Price: 22568.05, Quantity: 150, Orders: 7},
					{Price: 22568.1, Quantity: 175, Orders: 8}, {Price: 22569, Quantity: 200, Orders: 9},
					{Price: 22570, Quantity: 225, Orders: 10},
				},
			},
		},
	},
	"full of CDS, not traded yet": { // seven decimals; times are absent
		"00058403" + "2bf92bf0" + "00000005" + "2bf712d4" + "0012d687" + "0000006f" + "000000de" +
			"2bedba40" + "2bfd5e28" + "2becf6f0" + "2bf55b60" + strings.Repeat("00000000", 5) + strings.Repeat(noDepth, 10),
		models.Tick{
			Mode: "full", InstrumentToken: 361475, IsTradable: true, LastPrice: 73.775,
			LastTradedQuantity: 5, AverageTradePrice: 73.76125, VolumeTraded: 1234567,
			TotalBuyQuantity: 111, TotalSellQuantity: 222,
			NetChange: 0.025000000000005684, OHLC: models.OHLC{Open: 73.7, High: 73.8025, Low: 73.695, Close: 73.75},
			LastTradeTime: models.Time{Time: time.Unix(0, 0)}, Timestamp: models.Time{Time: time.Unix(0, 0)},
		},
	},
	"full of NCO": { // four decimals
		"01db0b0c" + "0039b570" + "00000001" + "0039abac" + "0000004d" + "0000000a" + "00000014" +
			"00398690" + "0039d4b0" + "00397308" + "00399a18" +
			"6aa1f940" + "000001f4" + "00000258" + "00000190" + "6aa1f941" +
			"00000003" + "0039b37c" + "00010000" + strings.Repeat(noDepth, 4) +
			"00000004" + "0039b764" + "00020000" + strings.Repeat(noDepth, 4),
		models.Tick{
			Mode: "full", InstrumentToken: 31132428, IsTradable: true, LastPrice: 378.2,
			LastTradedQuantity: 1, AverageTradePrice: 377.95, VolumeTraded: 77, TotalBuyQuantity: 10, TotalSellQuantity: 20,
			NetChange: 0.6999999999999886, OHLC: models.OHLC{Open: 377, High: 379, Low: 376.5, Close: 377.5},
			LastTradeTime: models.Time{Time: time.Unix(1789000000, 0)}, Timestamp: models.Time{Time: time.Unix(1789000001, 0)},
			OI: 500, OIDayHigh: 600, OIDayLow: 400,
			Depth: models.Depth{
				Buy:  [5]models.DepthItem{{Price: 378.15, Quantity: 3, Orders: 1}},
				Sell: [5]models.DepthItem{{Price: 378.25, Quantity: 4, Orders: 2}},
			},
		},
	},
	"negative prices": { // MCX crude oil, April 2020
		"03567e07" + "fffff18c" + "00000064" + "fffff248" + "00002328" + "0000012c" + "00000190" +
			"00000078" + "000000fa" + "fffff040" + "fffff63c" +
			"5e9de320" + "0000000a" + "00000014" + "00000005" + "ffffffff" +
			"00000001" + "fffff187" + "00010000" + strings.Repeat(noDepth, 9),
		models.Tick{
			Mode: "full", InstrumentToken: 56000007, IsTradable: true, LastPrice: -37,
			LastTradedQuantity: 100, AverageTradePrice: -35.12, VolumeTraded: 9000, TotalBuyQuantity: 300, TotalSellQuantity: 400,
			NetChange: -12, OHLC: models.OHLC{Open: 1.2, High: 2.5, Low: -40.32, Close: -25},
			LastTradeTime: models.Time{Time: time.Unix(1587405600, 0)}, Timestamp: models.Time{Time: time.Unix(4294967295, 0)},
			OI: 10, OIDayHigh: 20, OIDayLow: 5,
			Depth: models.Depth{Buy: [5]models.DepthItem{{Price: -37.05, Quantity: 1, Orders: 1}}},
		},
	},
}

func TestConversion(t *testing.T) {
	for name, tc := range conversions {
		t.Run(name, func(t *testing.T) {
			packet, err := hex.DecodeString(tc.packet)
			if err != nil {
				t.Fatal(err)
			}
			bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
				var got []models.Tick
				ticker.OnTick(func(tick models.Tick) { got = append(got, tick) })
				serve(t, ticker)
				synctest.Wait()
				no(t, srv.Conns()[0].Send(kitetest.AppendFrame(nil, packet)))
				synctest.Wait()
				if diff := cmp.Diff([]models.Tick{tc.want}, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				for _, tick := range got {
					if !tick.Timestamp.IsZero() && tick.Timestamp.Location() != time.Local {
						t.Errorf("times are in %v, want local time", tick.Timestamp.Location())
					}
				}
			})
		})
	}
}

// Each field of an order, from a message in the form of the postback example of
// the Kite documentation.
func TestOrderConversion(t *testing.T) {
	const data = `{"account_id":"AB1234","placed_by":"XY9876","order_id":"220303000308932","exchange_order_id":"1000000001482421",` +
		`"parent_order_id":null,"status":"COMPLETE","status_message":"a","status_message_raw":"b",` +
		`"order_timestamp":"2022-03-03 09:24:25","exchange_update_timestamp":"2022-03-03 09:24:26","exchange_timestamp":"2022-03-03 09:24:27",` +
		`"variety":"regular","meta":{"iceberg":{"leg":1}},"exchange":"NSE","tradingsymbol":"SBIN","instrument_token":779521,` +
		`"order_type":"LIMIT","transaction_type":"BUY","validity":"TTL","validity_ttl":5,"product":"CNC","quantity":10,` +
		`"disclosed_quantity":2,"price":470.25,"trigger_price":469.5,"average_price":470.2,"filled_quantity":6,` +
		`"pending_quantity":3,"cancelled_quantity":1,"tag":"t1","tags":["t1","t2"],"new_field":[1,2]}`
	at := func(second int) models.Time {
		return models.Time{Time: time.Date(2022, 3, 3, 3, 54, second, 0, time.UTC)} // 09:24 in Mumbai
	}
	want := kiteconnect.Order{
		Raw:       json.RawMessage(data),
		AccountID: "AB1234", PlacedBy: "XY9876", OrderID: "220303000308932", ExchangeOrderID: "1000000001482421",
		Status: kiteconnect.OrderStatusComplete, StatusMessage: "a", StatusMessageRaw: "b",
		OrderTimestamp: at(25), ExchangeUpdateTimestamp: at(26), ExchangeTimestamp: at(27),
		Variety: kiteconnect.VarietyRegular, Meta: map[string]any{"iceberg": map[string]any{"leg": 1.0}},
		Exchange: kiteconnect.ExchangeNSE, TradingSymbol: "SBIN", InstrumentToken: 779521,
		OrderType: kiteconnect.OrderTypeLimit, TransactionType: kiteconnect.TransactionTypeBuy,
		Validity: kiteconnect.ValidityTTL, ValidityTTL: 5, Product: kiteconnect.ProductCNC,
		Quantity: 10, DisclosedQuantity: 2, Price: 470.25, TriggerPrice: 469.5,
		AveragePrice: 470.2, FilledQuantity: 6, PendingQuantity: 3, CancelledQuantity: 1,
		Tag: "t1", Tags: []string{"t1", "t2"},
	}
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		var got []kiteconnect.Order
		ticker.OnOrderUpdate(func(o kiteconnect.Order) { got = append(got, o) })
		serve(t, ticker)
		synctest.Wait()
		srv.SendText(`{"type":"order","data":` + data + `}`)
		srv.SendText(`{"type":"order","data":{"order_id":"2","meta":"text","quantity":"many"}}`) // gokiteconnect drops it
		synctest.Wait()
		second := kiteconnect.Order{OrderID: "2", Raw: json.RawMessage(`{"order_id":"2","meta":"text","quantity":"many"}`)}
		if diff := cmp.Diff([]kiteconnect.Order{want, second}, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		// What a program does that needs another type of order: its fields have
		// the same tags.
		var theirs kiteconnect.Order
		if err := json.Unmarshal(got[0].Raw, &theirs); err != nil {
			t.Fatal(err)
		}
		theirs.Raw = got[0].Raw
		if diff := cmp.Diff(want, theirs); diff != "" {
			t.Errorf("by its tags (-want +got):\n%s", diff)
		}
	})
}
