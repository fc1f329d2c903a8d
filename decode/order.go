package decode

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Status is the state of an order. It is open: the server may send more than
// there are constants, so switch with a default.
type Status string

// Order updates have the first four (Kite documentation of postbacks); the
// order book has the others, too.
const (
	StatusComplete          Status = "COMPLETE"
	StatusRejected          Status = "REJECTED"
	StatusCancelled         Status = "CANCELLED"
	StatusUpdate            Status = "UPDATE" // a partial fill or another step on the way
	StatusOpen              Status = "OPEN"
	StatusOpenPending       Status = "OPEN PENDING"
	StatusValidationPending Status = "VALIDATION PENDING"
	StatusPutReceived       Status = "PUT ORDER REQ RECEIVED"
	StatusTriggerPending    Status = "TRIGGER PENDING"
	StatusModified          Status = "MODIFIED"
	StatusModifyPending     Status = "MODIFY PENDING"
)

// Final reports whether the order is known to be over: complete, rejected or
// cancelled.
func (s Status) Final() bool {
	return s == StatusComplete || s == StatusRejected || s == StatusCancelled
}

// Order is a message of type order: the state of one order of the user after a
// change. The fields are those of Kite's documentation of postbacks and of the
// order book, and of a public log of the WebSocket.
//
// A field that is absent or null is zero; Data tells which. Text is accepted
// for a number and the reverse, if it reads as one; a value that does not fit
// its field leaves it zero, and Unparsed has its key. If data is no object,
// Unparsed is "data".
//
// The server sends updates on every connection of the user, also without a
// subscription, and so possibly once per connection. It does not send them
// for a mere placement, and it repeats none after a reconnect: ask the order
// book then.
//
// Prices and quantities are float64, because Kite sends both as JSON numbers
// with or without a fraction. That is exact where it matters: up to 15 digits
// survive, whole quantities compare with ==, and [strconv.FormatFloat] with
// precision -1 gives back the digits of a price.
type Order struct {
	Raw      []byte          // the whole message
	Data     json.RawMessage // the value of "data", with the keys that have no field here; nil if there is none
	Unparsed []string        // keys whose value did not fit its field; nil if all did

	OrderID         string // order_id
	ExchangeOrderID string // exchange_order_id; empty until the exchange has the order
	ParentOrderID   string // parent_order_id
	AccountID       string // account_id
	UserID          string // user_id
	PlacedBy        string // placed_by
	AppID           int64  // app_id: the API app that placed it
	GUID            string // guid
	Checksum        string // checksum: empty here, only HTTP postbacks have it

	Status           Status // status
	StatusMessage    string // status_message
	StatusMessageRaw string // status_message_raw: of the order management system

	Exchange        string // exchange
	TradingSymbol   string // tradingsymbol
	InstrumentToken uint32 // instrument_token, the Token of a [Tick]

	Variety         string // variety: regular, amo, co, iceberg, auction, ...
	OrderType       string // order_type: MARKET, LIMIT, SL, SL-M
	TransactionType string // transaction_type: BUY, SELL
	Product         string // product: CNC, NRML, MIS, ...
	Validity        string // validity: DAY, IOC, TTL
	ValidityTTL     int64  // validity_ttl, minutes
	AuctionNumber   string // auction_number

	Price            float64 // price, rupees; 0 for a market order
	TriggerPrice     float64 // trigger_price, rupees
	AveragePrice     float64 // average_price, rupees, of what was filled
	MarketProtection float64 // market_protection, percent

	Quantity          float64 // quantity
	DisclosedQuantity float64 // disclosed_quantity
	FilledQuantity    float64 // filled_quantity
	PendingQuantity   float64 // pending_quantity
	CancelledQuantity float64 // cancelled_quantity
	UnfilledQuantity  float64 // unfilled_quantity

	// Times are sent without a zone and are in [IST].
	OrderTime          time.Time // order_timestamp
	ExchangeTime       time.Time // exchange_timestamp
	ExchangeUpdateTime time.Time // exchange_update_timestamp

	Tag      string          // tag
	Tags     []string        // tags
	Modified bool            // modified
	Meta     json.RawMessage // meta: an object as a rule, once a string
	MetaRaw  json.RawMessage // meta_raw
}

func parseOrder(raw []byte, data json.RawMessage) *Order {
	o := &Order{Raw: raw, Data: data}
	f, err := newFields(data)
	if err != nil || f.values == nil {
		o.Unparsed = []string{"data"}
		return o
	}
	o.OrderID = f.text("order_id")
	o.ExchangeOrderID = f.text("exchange_order_id")
	o.ParentOrderID = f.text("parent_order_id")
	o.AccountID = f.text("account_id")
	o.UserID = f.text("user_id")
	o.PlacedBy = f.text("placed_by")
	o.AppID = f.integer("app_id", -maxExact, maxExact)
	o.GUID = f.text("guid")
	o.Checksum = f.text("checksum")

	o.Status = Status(f.text("status"))
	o.StatusMessage = f.text("status_message")
	o.StatusMessageRaw = f.text("status_message_raw")

	o.Exchange = f.text("exchange")
	o.TradingSymbol = f.text("tradingsymbol")
	o.InstrumentToken = uint32(f.integer("instrument_token", 0, math.MaxUint32))

	o.Variety = f.text("variety")
	o.OrderType = f.text("order_type")
	o.TransactionType = f.text("transaction_type")
	o.Product = f.text("product")
	o.Validity = f.text("validity")
	o.ValidityTTL = f.integer("validity_ttl", -maxExact, maxExact)
	o.AuctionNumber = f.text("auction_number")

	o.Price = f.number("price")
	o.TriggerPrice = f.number("trigger_price")
	o.AveragePrice = f.number("average_price")
	o.MarketProtection = f.number("market_protection")

	o.Quantity = f.number("quantity")
	o.DisclosedQuantity = f.number("disclosed_quantity")
	o.FilledQuantity = f.number("filled_quantity")
	o.PendingQuantity = f.number("pending_quantity")
	o.CancelledQuantity = f.number("cancelled_quantity")
	o.UnfilledQuantity = f.number("unfilled_quantity")

	o.OrderTime = f.time("order_timestamp")
	o.ExchangeTime = f.time("exchange_timestamp")
	o.ExchangeUpdateTime = f.time("exchange_update_timestamp")

	o.Tag = f.text("tag")
	o.Tags = f.texts("tags")
	o.Modified = f.flag("modified")
	f.value("meta", &o.Meta)
	f.value("meta_raw", &o.MetaRaw)
	o.Unparsed = f.unparsed
	return o
}

// String returns what happened to the order in one line. It leaves out what is
// empty, identifiers of people and accounts, and Raw; what the server wrote is
// quoted wherever it could upset a log.
func (o Order) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "order %s is %s", plain(o.OrderID), plain(string(o.Status)))
	if o.TransactionType != "" || o.TradingSymbol != "" {
		fmt.Fprintf(&b, ": %s %s %s:%s", plain(o.TransactionType), number(o.Quantity), plain(o.Exchange), plain(o.TradingSymbol))
	}
	if o.Price != 0 {
		fmt.Fprintf(&b, " at %s", number(o.Price))
	}
	if o.FilledQuantity != 0 {
		fmt.Fprintf(&b, ", %s filled at %s", number(o.FilledQuantity), number(o.AveragePrice))
	}
	if o.StatusMessage != "" {
		fmt.Fprintf(&b, " (%q)", o.StatusMessage)
	}
	if o.Unparsed != nil {
		fmt.Fprintf(&b, ", not understood: %q", o.Unparsed)
	}
	return b.String()
}

// plain returns s as it is if it is a word or some, else quoted.
func plain(s string) string {
	if quoted := strconv.Quote(s); s == "" || len(quoted) != len(s)+2 {
		return quoted
	}
	return s
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
