package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kiteticker/kiteticker"
)

// csvHeader names the columns as the JSON keys are named; level 1 of a side is
// the best.
func csvHeader() string {
	header := "instrument_token,mode,tradable,last_price,last_traded_quantity,average_traded_price,volume_traded," +
		"total_buy_quantity,total_sell_quantity,open,high,low,close,change,last_trade_time,oi,oi_day_high,oi_day_low,exchange_timestamp"
	var b strings.Builder
	b.WriteString(header)
	for _, side := range []string{"buy", "sell"} {
		for level := 1; level <= 5; level++ {
			fmt.Fprintf(&b, ",%[1]s%[2]d_quantity,%[1]s%[2]d_price,%[1]s%[2]d_orders", side, level)
		}
	}
	b.WriteString(",conn,received_at\n")
	return b.String()
}

// appendCSVRow appends a tick as one line. Columns that the packet has no
// value for are empty, and no value needs quotes.
func appendCSVRow(dst []byte, t *kiteticker.Tick) []byte {
	full := t.Mode == kiteticker.ModeFull
	prices := full || t.Mode == kiteticker.ModeQuote
	traded := prices && !t.IsIndex()
	c := csvRow{dst, t}
	c.dst = strconv.AppendUint(c.dst, uint64(t.Token), 10)
	c.dst = append(append(c.dst, ','), t.Mode.String()...)
	c.dst = strconv.AppendBool(append(c.dst, ','), t.Tradable())
	c.price(true, t.LastPrice)
	c.number(traded, t.LastQuantity)
	c.price(traded, t.AveragePrice)
	c.number(traded, t.Volume)
	c.number(traded, t.TotalBuyQuantity)
	c.number(traded, t.TotalSellQuantity)
	c.price(prices, t.Open)
	c.price(prices, t.High)
	c.price(prices, t.Low)
	c.price(t.Mode != kiteticker.ModeLTP, t.Close)
	if c.next(t.Mode != kiteticker.ModeLTP) {
		c.dst = strconv.AppendFloat(c.dst, t.ChangePercent(), 'f', -1, 64)
	}
	c.time(t.TradedAt())
	c.number(t.HasDepth(), t.OI)
	c.number(t.HasDepth(), t.OIDayHigh)
	c.number(t.HasDepth(), t.OIDayLow)
	c.time(t.ExchangeAt())
	c.side(&t.Bids)
	c.side(&t.Asks)
	c.number(true, uint32(t.Conn))
	c.time(t.ReceivedTime())
	return append(c.dst, '\n')
}

// csvRow is a line that is being written.
type csvRow struct {
	dst []byte
	t   *kiteticker.Tick
}

// next starts a column and reports whether it has a value.
func (c *csvRow) next(present bool) bool {
	c.dst = append(c.dst, ',')
	return present
}

func (c *csvRow) number(present bool, n uint32) {
	if c.next(present) {
		c.dst = strconv.AppendUint(c.dst, uint64(n), 10)
	}
}

func (c *csvRow) price(present bool, price int32) {
	if c.next(present) {
		c.dst = c.t.AppendPrice(c.dst, price)
	}
}

func (c *csvRow) time(t time.Time) {
	if c.next(!t.IsZero()) {
		c.dst = appendTime(c.dst, t)
	}
}

func (c *csvRow) side(levels *[5]kiteticker.Level) {
	for i := range levels {
		c.number(c.t.HasDepth(), levels[i].Quantity)
		c.price(c.t.HasDepth(), levels[i].Price)
		c.number(c.t.HasDepth(), levels[i].Orders)
	}
}
