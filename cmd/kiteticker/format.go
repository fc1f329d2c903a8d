package main

import (
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
)

// format is how stream writes ticks: a header line, which may be empty, and a
// line for each tick.
type format struct {
	name   string
	header string
	row    func(dst []byte, t *kiteticker.Tick) []byte
}

func (f *format) String() string { return f.name }

var formats = []*format{
	{name: "table", header: tableHeader(), row: appendTableRow},
	{name: "jsonl", row: appendJSONRow},
	{name: "csv", header: csvHeader(), row: appendCSVRow},
}

// appendTime appends t as RFC 3339 at +05:30, with as much of the second as
// there is.
func appendTime(dst []byte, t time.Time) []byte {
	return t.In(decode.IST).AppendFormat(dst, time.RFC3339Nano)
}
