package conn

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Sink takes a connection's data messages; only the reader goroutine calls it.
// The payload is read from the socket straight into the claimed memory.
// *[ring.BytesProducer] is a Sink.
type Sink interface {
	Claim(n int) ([]byte, error) // ring.ErrFull: Wait, then claim again
	Commit(n int, kind ring.Kind, at int64)
	Abort()
	Publish() (woke bool)
	Wait(done <-chan struct{}, n int) bool
	MaxRecord() int
}

// Config says how to connect and whom to tell. Zero durations and sizes take
// the defaults given beside them.
type Config struct {
	ID        int    // names the connection in logs, errors and transitions
	URL       string // root, without credentials
	Query     url.Values
	Header    http.Header
	UserAgent string
	TLS       *tls.Config                                                       // nil: verify against the system's roots; TLS 1.2 is the least in any case
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // must return when ctx is done

	// BusyPoll leaves reading to whoever calls [Conn.Poll], on sockets that can
	// be polled: TCP on Linux. Others are read as usual, and the log says so.
	BusyPoll bool
	// Pollable is told that a socket waits to be polled.
	Pollable func()

	// Credentials gives the api_key and access_token for the next dial.
	Credentials func() (apiKey, accessToken string)
	// Refresh is called after the server refused accessToken with 403; it
	// returns nil once Credentials gives another, and must return when ctx is
	// done. It is called before the first dial if there is no accessToken yet.
	// Nil: a refusal ends Run.
	Refresh func(ctx context.Context, accessToken string) error
	// Commands returns what must be sent to make the server's state the
	// desired one, and counts it as on its way. fresh says that the socket is
	// new: nothing has been sent on it. It is called by the writer goroutine of
	// one session at a time.
	Commands func(fresh bool) []shard.Command
	// Sent is told of each command that was written; by the same goroutine.
	Sent func(shard.Command)
	// Notify is told of each transition. Those between live and stale come on
	// the watchdog's goroutine; all others on that of Run, which then may use
	// the Sink, too: no record is open.
	Notify func(Transition)

	Sink   Sink
	Logger *slog.Logger

	Liveness     time.Duration // silence after which the connection is dead; 5 s
	DialTimeout  time.Duration // TCP, TLS and upgrade together; 10 s
	WriteTimeout time.Duration // one write; 5 s
	DrainTimeout time.Duration // wait for the server's Close after ours; 1 s
	MinBackoff   time.Duration // 500 ms
	MaxBackoff   time.Duration // 30 s
	StableAfter  time.Duration // a session this long resets the backoff; 10 s
	CommandGap   time.Duration // least time between two commands; 0
	MaxMessage   int           // bytes; the sink's MaxRecord, and never above it
	MaxAttempts  int           // dials without a stable session before Run gives up; 0: never
}

var discard = slog.New(slog.DiscardHandler)

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}
