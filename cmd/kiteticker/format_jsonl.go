package main

import (
	"strconv"
	"time"

	"github.com/kiteticker/kiteticker"
)

// appendJSONRow appends a tick received on a connection as one line of JSON.
func appendJSONRow(dst []byte, t *kiteticker.Tick) []byte {
	dst = appendJSONFields(dst, t)
	dst = strconv.AppendUint(append(dst, `,"conn":`...), uint64(t.Conn), 10)
	dst = appendJSONTime(append(dst, `,"received_at":`...), t.ReceivedTime())
	return append(dst, "}\n"...)
}

// appendJSONFields appends an open JSON object with what a packet carries, and
// only that. Names, order and nesting are those of the official Python client;
// a time that the packet leaves empty is null.
func appendJSONFields(dst []byte, t *kiteticker.Tick) []byte {
	j := jsonRow{dst, t}
	j.text(`{"tradable":`)
	j.dst = strconv.AppendBool(j.dst, t.Tradable())
	j.text(`,"mode":"`)
	j.text(t.Mode.String())
	j.text(`"`)
	j.number("instrument_token", t.Token)
	j.price(`,"last_price":`, t.LastPrice)
	switch {
	case t.Mode == kiteticker.ModeLTP:
		return j.dst
	case t.Mode != kiteticker.ModeQuote && t.Mode != kiteticker.ModeFull: // ltpc
		j.price(`,"ohlc":{"close":`, t.Close)
		j.text(`}`)
		return j.change()
	case !t.IsIndex():
		j.number("last_traded_quantity", t.LastQuantity)
		j.price(`,"average_traded_price":`, t.AveragePrice)
		j.number("volume_traded", t.Volume)
		j.number("total_buy_quantity", t.TotalBuyQuantity)
		j.number("total_sell_quantity", t.TotalSellQuantity)
	}
	j.price(`,"ohlc":{"open":`, t.Open)
	j.price(`,"high":`, t.High)
	j.price(`,"low":`, t.Low)
	j.price(`,"close":`, t.Close)
	j.text(`}`)
	j.dst = j.change()
	if t.Mode == kiteticker.ModeFull {
		j.full()
	}
	return j.dst
}

// jsonRow is a JSON object that is being written.
type jsonRow struct {
	dst []byte
	t   *kiteticker.Tick
}

func (j *jsonRow) text(s string) { j.dst = append(j.dst, s...) }

func (j *jsonRow) number(key string, n uint32) {
	j.text(`,"`)
	j.text(key)
	j.text(`":`)
	j.dst = strconv.AppendUint(j.dst, uint64(n), 10)
}

func (j *jsonRow) price(before string, price int32) {
	j.text(before)
	j.dst = j.t.AppendPrice(j.dst, price)
}

// change appends the change in percent, as the Python client has it.
func (j *jsonRow) change() []byte {
	j.text(`,"change":`)
	return strconv.AppendFloat(j.dst, j.t.ChangePercent(), 'f', -1, 64)
}

// full appends what only full packets carry.
func (j *jsonRow) full() {
	t := j.t
	if t.HasDepth() {
		j.dst = appendJSONTime(append(j.dst, `,"last_trade_time":`...), t.TradedAt())
		j.number("oi", t.OI)
		j.number("oi_day_high", t.OIDayHigh)
		j.number("oi_day_low", t.OIDayLow)
	}
	j.dst = appendJSONTime(append(j.dst, `,"exchange_timestamp":`...), t.ExchangeAt())
	if t.HasDepth() {
		j.side(`,"depth":{"buy":[`, &t.Bids)
		j.side(`],"sell":[`, &t.Asks)
		j.text(`]}`)
	}
}

func (j *jsonRow) side(before string, levels *[5]kiteticker.Level) {
	j.text(before)
	for i := range levels {
		if i > 0 {
			j.text(`,`)
		}
		j.text(`{"quantity":`)
		j.dst = strconv.AppendUint(j.dst, uint64(levels[i].Quantity), 10)
		j.price(`,"price":`, levels[i].Price)
		j.text(`,"orders":`)
		j.dst = strconv.AppendUint(j.dst, uint64(levels[i].Orders), 10)
		j.text(`}`)
	}
}

func appendJSONTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	return append(appendTime(append(dst, '"'), t), '"')
}
