package models

import (
	"fmt"
	"strings"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Time is a [time.Time] that reads every form in which Kite writes times.
type Time struct {
	time.Time
}

// layouts are the forms of Kite's times, in the order in which they are tried.
// Those without a zone are Indian Standard Time.
var layouts = []string{
	time.DateOnly,
	time.DateTime,
	"2006-01-02T15:04:05-0700",
	time.RFC3339,
}

// UnmarshalJSON sets t from a JSON string. Null and an empty string are the
// zero time.
func (t *Time) UnmarshalJSON(b []byte) error { return t.UnmarshalCSV(strings.Trim(string(b), `"`)) }

// UnmarshalCSV sets t from a column of a CSV file. It needs no database of time
// zones.
func (t *Time) UnmarshalCSV(s string) error {
	s = strings.TrimSpace(s)
	if s == "" || s == "null" {
		t.Time = time.Time{}
		return nil
	}
	for _, layout := range layouts {
		if tm, err := time.ParseInLocation(layout, s, decode.IST); err == nil {
			t.Time = tm
			return nil
		}
	}
	return fmt.Errorf("models: %q is in none of the forms of Kite's times", s)
}
