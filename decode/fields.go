package decode

import (
	"encoding/json"
	"math"
	"time"
)

// maxExact is the largest n for which all integers up to n are float64s.
const maxExact = 1 << 53

// fields reads a JSON object key by key, so that one odd value costs only
// itself: it reads as zero and its key is put on record. An absent or null
// value is zero, too, and in order.
type fields struct {
	values   map[string]json.RawMessage // nil if there is no object
	unparsed []string                   // keys whose value did not fit
}

// newFields returns the fields of object, and with an error none of them.
func newFields(object []byte) (fields, error) {
	var f fields
	err := json.Unmarshal(object, &f.values)
	return f, err
}

// misfit puts key on record.
func (f *fields) misfit(key string) { f.unparsed = append(f.unparsed, key) }

// value unmarshals the value of key into v and reports whether there is one
// that fits. If not, v is not to be used.
func (f *fields) value(key string, v any) bool {
	raw := f.values[key]
	if raw == nil || string(raw) == "null" {
		return false
	}
	if json.Unmarshal(raw, v) != nil {
		f.misfit(key)
		return false
	}
	return true
}

// text returns a string, or a number or boolean as it is written.
func (f *fields) text(key string) string {
	s, ok := scalar(f.values[key])
	if !ok {
		f.misfit(key)
	}
	return s
}

// texts returns an array of what text takes.
func (f *fields) texts(key string) []string {
	var raws []json.RawMessage
	if !f.value(key, &raws) {
		return nil
	}
	texts := make([]string, len(raws))
	for i, raw := range raws {
		var ok bool
		if texts[i], ok = scalar(raw); !ok {
			f.misfit(key)
			return nil
		}
	}
	return texts
}

// scalar returns raw as text, and false if it is an object or an array.
func scalar(raw json.RawMessage) (string, bool) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", true
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	case raw[0] == '{' || raw[0] == '[':
		return "", false
	}
	return string(raw), true
}

// flag returns a boolean.
func (f *fields) flag(key string) bool {
	var b bool
	return f.value(key, &b) && b
}

// number returns a number, or a string that is one.
func (f *fields) number(key string) float64 {
	var n json.Number
	if !f.value(key, &n) {
		return 0
	}
	x, err := n.Float64()
	if err != nil { // too large for a float64
		f.misfit(key)
		return 0
	}
	return x
}

// integer returns a number without a fraction, least to most, both of which
// are exact in a float64.
func (f *fields) integer(key string, least, most float64) int64 {
	x := f.number(key)
	if x != math.Trunc(x) || x < least || x > most {
		f.misfit(key)
		return 0
	}
	return int64(x)
}

// time returns a time in IST: one written without a zone, as orders have it,
// or by RFC 3339. An empty one is zero and in order.
func (f *fields) time(key string) time.Time {
	s := f.text(key)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.ParseInLocation(time.DateTime, s, IST); err == nil {
		return t
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		f.misfit(key)
		return time.Time{}
	}
	return t.In(IST)
}
