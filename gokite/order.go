package kiteconnect

import (
	"encoding/json"

	"github.com/kiteticker/kiteticker/gokite/models"
)

// Order is an order update, field by field the Order of gokiteconnect. Prices
// are rupees, times are Indian Standard Time.
//
// Raw has the update as it came, with everything that has no field here. A
// program that works with gokiteconnect's own Order turns this one into it
// with json.Unmarshal(order.Raw, &theirs).
type Order struct {
	Raw json.RawMessage `json:"-"`

	AccountID string `json:"account_id"`
	PlacedBy  string `json:"placed_by"`

	OrderID                 string         `json:"order_id"`
	ExchangeOrderID         string         `json:"exchange_order_id"`
	ParentOrderID           string         `json:"parent_order_id"`
	Status                  string         `json:"status"` // open: expect others than the constants
	StatusMessage           string         `json:"status_message"`
	StatusMessageRaw        string         `json:"status_message_raw"`
	OrderTimestamp          models.Time    `json:"order_timestamp"`
	ExchangeUpdateTimestamp models.Time    `json:"exchange_update_timestamp"`
	ExchangeTimestamp       models.Time    `json:"exchange_timestamp"`
	Variety                 string         `json:"variety"`
	Meta                    map[string]any `json:"meta"` // nil if it is no object; Raw has it then

	Exchange        string `json:"exchange"`
	TradingSymbol   string `json:"tradingsymbol"`
	InstrumentToken uint32 `json:"instrument_token"`

	OrderType         string  `json:"order_type"`
	TransactionType   string  `json:"transaction_type"`
	Validity          string  `json:"validity"`
	ValidityTTL       int     `json:"validity_ttl"` // minutes
	Product           string  `json:"product"`
	Quantity          float64 `json:"quantity"`
	DisclosedQuantity float64 `json:"disclosed_quantity"`
	Price             float64 `json:"price"`
	TriggerPrice      float64 `json:"trigger_price"`

	AveragePrice      float64 `json:"average_price"`
	FilledQuantity    float64 `json:"filled_quantity"`
	PendingQuantity   float64 `json:"pending_quantity"`
	CancelledQuantity float64 `json:"cancelled_quantity"`

	Tag  string   `json:"tag"`
	Tags []string `json:"tags"`
}

// What the fields of an Order are compared with.
const (
	OrderStatusComplete  = "COMPLETE"
	OrderStatusRejected  = "REJECTED"
	OrderStatusCancelled = "CANCELLED"

	VarietyRegular = "regular"
	VarietyAMO     = "amo"
	VarietyBO      = "bo"
	VarietyCO      = "co"
	VarietyIceberg = "iceberg"
	VarietyAuction = "auction"

	ProductBO   = "BO"
	ProductCO   = "CO"
	ProductMIS  = "MIS"
	ProductCNC  = "CNC"
	ProductNRML = "NRML"

	OrderTypeMarket = "MARKET"
	OrderTypeLimit  = "LIMIT"
	OrderTypeSL     = "SL"
	OrderTypeSLM    = "SL-M"

	ValidityDay = "DAY"
	ValidityIOC = "IOC"
	ValidityTTL = "TTL"

	TransactionTypeBuy  = "BUY"
	TransactionTypeSell = "SELL"

	ExchangeNSE = "NSE"
	ExchangeBSE = "BSE"
	ExchangeMCX = "MCX"
	ExchangeNFO = "NFO"
	ExchangeBFO = "BFO"
	ExchangeCDS = "CDS"
)
