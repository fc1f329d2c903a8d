package main

import (
	"math"
	"strconv"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

// tableColumns are what a person follows, in columns that fit a terminal of
// 120 characters.
var tableColumns = [...]struct {
	title string
	width int
}{
	{"received", 13}, {"conn", 5}, {"token", 11}, {"segment", 8}, {"mode", 6}, {"last", 13}, {"change", 9},
	{"volume", 14}, {"bid", 13}, {"ask", 13}, {"oi", 14},
}

func tableHeader() string {
	var line []byte
	for _, c := range tableColumns {
		start := len(line)
		line = alignRight(append(line, c.title...), start, c.width)
	}
	return string(append(line, '\n'))
}

// appendTableRow appends a tick for people; a dash is what the packet has no
// value for.
func appendTableRow(dst []byte, t *kiteticker.Tick) []byte {
	start, column := len(dst), 0
	end := func(b []byte, present bool) {
		if !present {
			b = append(b[:start], '-')
		}
		dst = alignRight(b, start, tableColumns[column].width)
		start, column = len(dst), column+1
	}
	traded := !t.IsIndex() && (t.Mode == kiteticker.ModeQuote || t.Mode == kiteticker.ModeFull)
	end(t.ReceivedTime().In(decode.IST).AppendFormat(dst, "15:04:05.000"), t.ReceivedAt != 0)
	end(strconv.AppendUint(dst, uint64(t.Conn), 10), true)
	end(strconv.AppendUint(dst, uint64(t.Token), 10), true)
	end(append(dst, t.SegmentName()...), t.SegmentName() != "")
	end(append(dst, t.Mode.String()...), true)
	end(t.AppendPrice(dst, t.LastPrice), true)
	end(appendChange(dst, t.ChangePercent()), t.Close != 0)
	end(appendGroup(dst, uint64(t.Volume)), traded)
	end(t.AppendPrice(dst, t.Bids[0].Price), t.Bids[0].Quantity != 0)
	end(t.AppendPrice(dst, t.Asks[0].Price), t.Asks[0].Quantity != 0)
	end(appendGroup(dst, uint64(t.OI)), t.OI != 0)
	return append(dst, '\n')
}

// appendChange appends a change in percent, with its sign unless it rounds to
// nothing.
func appendChange(dst []byte, percent float64) []byte {
	percent = math.Round(percent*100) / 100
	switch {
	case percent == 0:
		percent = 0 // not -0
	case percent > 0:
		dst = append(dst, '+')
	}
	return append(strconv.AppendFloat(dst, percent, 'f', 2, 64), '%')
}
