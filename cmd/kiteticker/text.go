package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// describe returns a text message in one line. What the server wrote is quoted
// wherever it could upset a terminal.
func describe(text decode.Text) string {
	switch m := text.(type) {
	case *decode.Order:
		return fmt.Sprintf("order %s is %s: %s %s %s:%s, %s filled at %s%s", plain(m.OrderID), plain(string(m.Status)),
			plain(m.TransactionType), number(m.Quantity), plain(m.Exchange), plain(m.TradingSymbol),
			number(m.FilledQuantity), number(m.AveragePrice), because(m.StatusMessage))
	case *decode.ServerError:
		return fmt.Sprintf("the server reports an error: %q", m.Message)
	case *decode.Notice:
		return fmt.Sprintf("the broker says %q", m.Message)
	case *decode.InstrumentsMeta:
		return "the server lists " + count(uint64(m.Count), "instrument")
	case *decode.AppCode:
		if m.Timestamp.IsZero() {
			return "an app code"
		}
		return "an app code of " + m.Timestamp.Format(time.RFC3339)
	case *decode.UnknownText:
		return fmt.Sprintf("of unknown type: %q", clip(m.Raw))
	case *decode.BadText:
		return fmt.Sprintf("not JSON: %q", clip(m.Raw))
	}
	return fmt.Sprintf("%T", text)
}

// plain returns s as it is if it is a word or some, else quoted.
func plain(s string) string {
	if quoted := strconv.Quote(s); s == "" || len(quoted) != len(s)+2 {
		return quoted
	}
	return s
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func because(message string) string {
	if message == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", message)
}

// clip returns the beginning of a message.
func clip(raw []byte) []byte { return raw[:min(len(raw), 200)] }
