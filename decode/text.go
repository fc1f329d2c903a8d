package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Text is one text message: exactly one of [*Order], [*ServerError],
// [*Notice], [*InstrumentsMeta], [*AppCode], [*UnknownText] and [*BadText].
// Each has the whole message in its field Raw.
type Text interface{ text() }

func (*Order) text()           {}
func (*ServerError) text()     {}
func (*Notice) text()          {}
func (*InstrumentsMeta) text() {}
func (*AppCode) text()         {}
func (*UnknownText) text()     {}
func (*BadText) text()         {}

// ParseText decodes a text message. It is total: whatever raw is, the result
// is not nil and holds every byte of it. The result keeps a copy, so raw may
// be reused at once.
//
// Keys are matched exactly. Of a key that occurs twice the last value counts,
// and invalid UTF-8 within a string reads as U+FFFD.
func ParseText(raw []byte) Text {
	raw = append([]byte{}, raw...)
	msg, err := newFields(raw)
	if err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // JSON, but no object
			return &UnknownText{Raw: raw}
		}
		return &BadText{Raw: raw, Err: fmt.Errorf("decode: text message: %w", err)}
	}
	data := msg.values["data"]
	switch typ := msg.text("type"); typ {
	case "order":
		return parseOrder(raw, data)
	case "error":
		return parseServerError(raw, data)
	case "message":
		return &Notice{Raw: raw, Data: data, Message: message(data)}
	case "instruments_meta":
		meta, _ := newFields(data) // no object: no fields
		return &InstrumentsMeta{Raw: raw, Count: meta.integer("count", 0, maxExact), ETag: meta.text("etag")}
	case "app_code":
		return &AppCode{Raw: raw, Timestamp: msg.time("timestamp")}
	default:
		return &UnknownText{Raw: raw, Type: typ}
	}
}

// message returns data as text: the string it is or, should the server send
// something else, its JSON. Null and absent data are empty.
func message(data json.RawMessage) string {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return string(data)
	}
	return s
}

// ServerError is a message of type error (Kite documentation). The connection
// stays up.
type ServerError struct {
	Raw     []byte          // the whole message
	Data    json.RawMessage // the value of "data", nil if there is none
	Message string          // Data as text
	Kind    ErrorKind       // what Message is about
	Limit   int             // ErrorInstrumentLimit: the limit Message names, 0 if it names none
}

// Error returns the server's words.
func (e *ServerError) Error() string { return "decode: server error: " + e.Message }

// ErrorKind says what a [ServerError] is about, so that nobody else has to
// match its text.
type ErrorKind uint8

const (
	// ErrorOther is an error none of the kinds below describes.
	ErrorOther ErrorKind = iota
	// ErrorInstrumentLimit is "Can't subscribe to more than N instruments.":
	// only the tokens beyond the limit failed (Zerodha staff, forum 5271).
	ErrorInstrumentLimit
	// ErrorTokens is "Error parsing instrument tokens.": a control message was
	// not understood (Zerodha staff, forum 26438).
	ErrorTokens
	// ErrorConnection is "Lost ticker connection.": seen in the forum, its
	// cause is not documented.
	ErrorConnection
)

// String returns the name of k.
func (k ErrorKind) String() string {
	switch k {
	case ErrorOther:
		return "other"
	case ErrorInstrumentLimit:
		return "instrument limit"
	case ErrorTokens:
		return "tokens"
	case ErrorConnection:
		return "connection"
	}
	return fmt.Sprintf("ErrorKind(%d)", uint8(k))
}

func parseServerError(raw []byte, data json.RawMessage) *ServerError {
	e := &ServerError{Raw: raw, Data: data, Message: message(data)}
	if n, ok := strings.CutPrefix(e.Message, "Can't subscribe to more than "); ok {
		e.Kind = ErrorInstrumentLimit
		n, _, _ = strings.Cut(n, " ")
		if limit, err := strconv.Atoi(n); err == nil {
			e.Limit = limit
		}
	} else if strings.HasPrefix(e.Message, "Error parsing instrument tokens") {
		e.Kind = ErrorTokens
	} else if strings.HasPrefix(e.Message, "Lost ticker connection") {
		e.Kind = ErrorConnection
	}
	return e
}

// Notice is a message of type message: words of the broker to its client (Kite
// documentation).
type Notice struct {
	Raw     []byte          // the whole message
	Data    json.RawMessage // the value of "data", nil if there is none
	Message string          // Data as text
}

// String returns the broker's words.
func (n Notice) String() string { return fmt.Sprintf("notice %q", n.Message) }

// InstrumentsMeta is a message of type instruments_meta, which comes right
// after connecting. It is not documented; public logs of 2025 have it.
type InstrumentsMeta struct {
	Raw   []byte // the whole message
	Count int64  // instruments in the broker's list; 0 if absent
	ETag  string // version of that list; empty if absent
}

// String returns the fields in one line.
func (m InstrumentsMeta) String() string {
	return fmt.Sprintf("instruments_meta of %d instruments, etag %q", m.Count, m.ETag)
}

// AppCode is a message of type app_code, which comes right after connecting.
// It is not documented; in public logs of 2025 it has a time and no data.
type AppCode struct {
	Raw       []byte    // the whole message
	Timestamp time.Time // in IST; zero if absent or unreadable
}

// String returns the time in one line.
func (a AppCode) String() string {
	if a.Timestamp.IsZero() {
		return "app_code"
	}
	return "app_code of " + a.Timestamp.Format(time.RFC3339)
}

// UnknownText is JSON, but no message of a known type.
type UnknownText struct {
	Raw  []byte // the whole message
	Type string // empty if the message has none
}

// String returns the type and the beginning of the message, quoted.
func (u UnknownText) String() string {
	return fmt.Sprintf("text of unknown type %q: %q", u.Type, opening(u.Raw))
}

// BadText is not JSON.
type BadText struct {
	Raw []byte // the whole message, possibly empty
	Err error  // what is wrong with it, wraps the error of encoding/json
}

// String returns what is wrong, and the beginning of the message, quoted.
func (b BadText) String() string { return fmt.Sprintf("%v: %q", b.Err, opening(b.Raw)) }

// opening returns what String shows of a message.
func opening(raw []byte) []byte { return raw[:min(len(raw), 200)] }
