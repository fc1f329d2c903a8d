// Package models has the types that callbacks of package gokite/ticker get,
// field by field those of gokiteconnect/v4/models, so that a program changes
// its import and nothing else. Prices are float64 rupees, quantities uint32.
//
// The values are the callback's own: nothing of them is reused.
package models

// Tick is what one packet says of one instrument. What the packet does not
// carry is zero: see Mode.
type Tick struct {
	Mode            string // of the packet, not of the subscription: "ltp", "quote" or "full"
	InstrumentToken uint32
	IsTradable      bool // not an index
	IsIndex         bool

	Timestamp          Time // of the exchange, in local time; full mode only
	LastTradeTime      Time // in local time; full mode only, and 1 January 1970 if there was no trade
	LastPrice          float64
	LastTradedQuantity uint32
	TotalBuyQuantity   uint32 // pending buy orders
	TotalSellQuantity  uint32 // pending sell orders
	VolumeTraded       uint32 // of the day
	TotalBuy           uint32 // always 0, as in gokiteconnect
	TotalSell          uint32 // always 0, as in gokiteconnect
	AverageTradePrice  float64
	OI                 uint32 // open interest
	OIDayHigh          uint32
	OIDayLow           uint32
	NetChange          float64 // LastPrice - OHLC.Close, in rupees; 0 if there is no close

	OHLC  OHLC
	Depth Depth // full mode, not of an index
}

// OHLC is the day's open, high and low, and the close of the session before.
type OHLC struct {
	InstrumentToken uint32  `json:"-"` // always 0, as in gokiteconnect
	Open            float64 `json:"open"`
	High            float64 `json:"high"`
	Low             float64 `json:"low"`
	Close           float64 `json:"close"`
}

// Depth is the top of the order book, best price first. An empty level is zero.
type Depth struct {
	Buy  [5]DepthItem `json:"buy"`
	Sell [5]DepthItem `json:"sell"`
}

// DepthItem is one level of the order book.
type DepthItem struct {
	Price    float64 `json:"price"`
	Quantity uint32  `json:"quantity"`
	Orders   uint32  `json:"orders"`
}
