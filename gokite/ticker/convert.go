package kiteticker

import (
	"encoding/json"
	"time"

	native "github.com/kiteticker/kiteticker"
	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
)

// tickOf turns a tick of the client into one of package models, by the same
// arithmetic as gokiteconnect: a price is its integer divided, NetChange is the
// difference of two such quotients.
func tickOf(t *native.Tick) models.Tick {
	index := t.Segment() == Indices
	m := models.Tick{
		Mode:               t.Mode.String(),
		InstrumentToken:    t.Token,
		IsTradable:         !index,
		IsIndex:            index,
		LastPrice:          t.Rupees(t.LastPrice),
		LastTradedQuantity: t.LastQuantity,
		TotalBuyQuantity:   t.TotalBuyQuantity,
		TotalSellQuantity:  t.TotalSellQuantity,
		VolumeTraded:       t.Volume,
		AverageTradePrice:  t.Rupees(t.AveragePrice),
		OI:                 t.OI,
		OIDayHigh:          t.OIDayHigh,
		OIDayLow:           t.OIDayLow,
		OHLC: models.OHLC{
			Open:  t.Rupees(t.Open),
			High:  t.Rupees(t.High),
			Low:   t.Rupees(t.Low),
			Close: t.Rupees(t.Close),
		},
	}
	if t.Close != 0 {
		m.NetChange = m.LastPrice - m.OHLC.Close
	}
	if t.Mode == native.ModeFull {
		m.Timestamp = unix(t.ExchangeTime)
	}
	if t.HasDepth() {
		m.LastTradeTime = unix(t.LastTradeTime)
		for i := range t.Bids {
			m.Depth.Buy[i] = levelOf(t, &t.Bids[i])
			m.Depth.Sell[i] = levelOf(t, &t.Asks[i])
		}
	}
	return m
}

// unix keeps 0 as 1970, as gokiteconnect does: programs compare Unix() with 0.
func unix(seconds uint32) models.Time { return models.Time{Time: time.Unix(int64(seconds), 0)} }

func levelOf(t *native.Tick, l *native.Level) models.DepthItem {
	return models.DepthItem{Price: t.Rupees(l.Price), Quantity: l.Quantity, Orders: l.Orders}
}

func orderOf(o *native.Order) kiteconnect.Order {
	var meta map[string]any
	if json.Unmarshal(o.Meta, &meta) != nil {
		meta = nil // no object: Raw has it
	}
	return kiteconnect.Order{
		Raw:                     o.Data,
		AccountID:               o.AccountID,
		PlacedBy:                o.PlacedBy,
		OrderID:                 o.OrderID,
		ExchangeOrderID:         o.ExchangeOrderID,
		ParentOrderID:           o.ParentOrderID,
		Status:                  string(o.Status),
		StatusMessage:           o.StatusMessage,
		StatusMessageRaw:        o.StatusMessageRaw,
		OrderTimestamp:          models.Time{Time: o.OrderTime},
		ExchangeUpdateTimestamp: models.Time{Time: o.ExchangeUpdateTime},
		ExchangeTimestamp:       models.Time{Time: o.ExchangeTime},
		Variety:                 o.Variety,
		Meta:                    meta,
		Exchange:                o.Exchange,
		TradingSymbol:           o.TradingSymbol,
		InstrumentToken:         o.InstrumentToken,
		OrderType:               o.OrderType,
		TransactionType:         o.TransactionType,
		Validity:                o.Validity,
		ValidityTTL:             int(o.ValidityTTL),
		Product:                 o.Product,
		Quantity:                o.Quantity,
		DisclosedQuantity:       o.DisclosedQuantity,
		Price:                   o.Price,
		TriggerPrice:            o.TriggerPrice,
		AveragePrice:            o.AveragePrice,
		FilledQuantity:          o.FilledQuantity,
		PendingQuantity:         o.PendingQuantity,
		CancelledQuantity:       o.CancelledQuantity,
		Tag:                     o.Tag,
		Tags:                    o.Tags,
	}
}
