package conn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// Sentinels for the ways a session ends. They reach the owner inside
// [Transition.Err] and are told apart with errors.Is.
var (
	// ErrSilent: no byte came from the server for the liveness interval,
	// although a ping asked for one.
	ErrSilent = errors.New("conn: server went silent")
	// ErrMessageTooLarge: the server announced a message above the limit. We
	// answered with close code 1009.
	ErrMessageTooLarge = errors.New("conn: message exceeds the size limit")
	// ErrInvalidUTF8: a text message or a close reason was not UTF-8. We
	// answered with close code 1007.
	ErrInvalidUTF8 = errors.New("conn: text is not valid UTF-8")
	// ErrProtocol: the server broke RFC 6455. We answered with close code 1002.
	ErrProtocol = errors.New("conn: WebSocket protocol violation")

	errEnded = errors.New("conn: session ended") // internal: the reader was told to stop
)

// HandshakeError reports a connection that could not be opened. StatusCode is
// the HTTP status when the server answered, 0 when it could not be reached.
// Credentials never appear in it.
type HandshakeError struct {
	Conn       int
	StatusCode int
	Body       string        // first bytes of the answer's body, credentials removed
	RetryAfter time.Duration // from the Retry-After header, 0 if absent
	Err        error         // cause when StatusCode is 0
}

func (e *HandshakeError) Error() string {
	if e.StatusCode == 0 {
		return fmt.Sprintf("conn %d: dial: %v", e.Conn, e.Err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "conn %d: server refused the connection with HTTP %d", e.Conn, e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		fmt.Fprintf(&b, " %s", text)
	}
	if hint := statusHint(e.StatusCode); hint != "" {
		fmt.Fprintf(&b, " (%s)", hint)
	}
	if e.Body != "" {
		fmt.Fprintf(&b, ": %q", e.Body)
	}
	return b.String()
}

// statusHint gives the likely cause, from what users of the API reported.
func statusHint(status int) string {
	switch status {
	case http.StatusForbidden:
		return "the access token is expired or wrong, a newer login ended it, or the app has no streaming permission"
	case http.StatusBadRequest:
		return "a query parameter is missing or malformed"
	case http.StatusTooManyRequests:
		return "too many connections for this API key"
	}
	return ""
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// Permanent reports whether dialling again with the same credentials cannot
// help: the server answered 400 or 403.
func (e *HandshakeError) Permanent() bool {
	return e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusBadRequest
}

// CloseError reports a Close frame from the server, or the end of the stream
// without one (Code 1006).
type CloseError struct {
	Code   ws.StatusCode
	Reason string
	Err    error // read error behind code 1006, nil otherwise
}

func (e *CloseError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("conn: connection lost without a Close frame: %v", e.Err)
	case e.Reason != "":
		return fmt.Sprintf("conn: server closed the connection with code %d: %q", e.Code, e.Reason)
	}
	return fmt.Sprintf("conn: server closed the connection with code %d", e.Code)
}

func (e *CloseError) Unwrap() error { return e.Err }

// AttemptsError reports that a connection gave up: so many dials in a row made
// no session that lasted.
type AttemptsError struct {
	Conn     int
	Attempts int
	Err      error // of the last one
}

func (e *AttemptsError) Error() string {
	return fmt.Sprintf("conn %d: gave up after %d attempts: %v", e.Conn, e.Attempts, e.Err)
}

func (e *AttemptsError) Unwrap() error { return e.Err }

// PanicError reports a panic in one of the connection's own goroutines. The
// socket was closed and a new one dialled.
type PanicError struct {
	Where string // which goroutine
	Value string // what it panicked with, credentials removed
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("conn: panic in the %s: %s", e.Where, e.Value)
}

// NewPanicError describes a recovered value. It is called in the deferred
// function that recovered it.
func NewPanicError(where string, value any, secrets ...string) *PanicError {
	return &PanicError{
		Where: where,
		Value: redactText(fmt.Sprint(value), secrets...),
		Stack: []byte(redactText(string(debug.Stack()), secrets...)),
	}
}

// protocolError says which rule was broken; it is an ErrProtocol.
type protocolError string

func (e protocolError) Error() string        { return "conn: WebSocket protocol violation: " + string(e) }
func (e protocolError) Is(target error) bool { return target == ErrProtocol }

// Redact returns err with every secret cut from its text. An error that holds
// none passes unchanged; one that does keeps answering errors.Is but is no
// longer unwrapped, since its inner texts hold the secret too.
func Redact(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := redactText(text, secrets...)
	if clean == text {
		return err
	}
	return &redactedError{text: clean, err: err}
}

// redactText leaves secrets of a few characters alone: they are placeholders of
// tests, and would be found inside ordinary words. Others are cut out as they
// are and as a query has them.
func redactText(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= 6 {
			text = strings.ReplaceAll(text, s, "[redacted]")
			text = strings.ReplaceAll(text, url.QueryEscape(s), "[redacted]")
		}
	}
	return text
}

type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// Format keeps %+v and %#v from printing the hidden cause.
func (e *redactedError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.text) }
