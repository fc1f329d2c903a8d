package kiteticker

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Limits of Kite Connect (Kite documentation, WebSocket streaming).
const (
	MaxConns          = 3 // connections per API key
	MaxTokensPerConn  = shard.DefaultCapacity
	defaultURL        = "wss://ws.kite.trade"
	defaultUserAgent  = "kiteticker/" + Version
	defaultFrameRing  = 4 << 20
	defaultTickRing   = 8192
	minFrameRing      = 64 << 10
	maxFrameRing      = 1 << 30
	maxTickRing       = 1 << 24
	maxTotalConns     = shard.MaxConns
	defaultLiveness   = 5 * time.Second
	minLiveness       = 2 * time.Second
	defaultDial       = 10 * time.Second
	defaultDrain      = time.Second
	defaultMinBackoff = 500 * time.Millisecond
	defaultMaxBackoff = 30 * time.Second
	defaultVerify     = 30 * time.Second
	defaultFailover   = 15 * time.Second
	defaultHealth     = 5 * time.Second
)

// Config says what to connect to and how. Only credentials are required: the
// zero value of every other field is a good default.
//
// A Config never prints its access tokens, whatever the verb.
type Config struct {
	// APIKey and AccessToken are the credentials of the one account; with
	// several, set Accounts instead.
	APIKey, AccessToken string
	// Refresh is asked for a new access token after the server refused the
	// present one (HTTP 403), and at first if AccessToken is empty. Nil: a refusal
	// ends the connection, and Run when it was the last one. It is never called
	// twice at once for one account, and must return when ctx is done.
	Refresh func(ctx context.Context) (accessToken string, err error)
	// Conns is the number of connections, 1 to 3; 0 means 3.
	Conns int
	// Accounts lists several accounts. Their connections are numbered on: with
	// three each, account 1 has connections 3, 4 and 5.
	Accounts []Account

	// Profile trades latency against CPU; default Balanced.
	Profile Profile
	// Wait is how parsers wait for messages; default WaitPark. How a
	// stream's reader waits is the stream's own choice.
	Wait ring.WaitStrategy
	// BusyPoll polls the sockets, as LowLatency does, in the other profiles too:
	// Inline with it is LowLatency that polls even on one CPU.
	BusyPoll bool
	// PinCPUs binds the goroutine that decodes connection i, or with LowLatency
	// polling goroutine i, to an OS thread of its own on CPU PinCPUs[i % len];
	// empty: unpinned. Linux only, elsewhere the thread is locked but not bound.
	// Where LowLatency cannot poll it has no effect, and the log says so.
	// Bind only what spins, and streams' readers that spin, too: a goroutine bound
	// to a thread wakes others dearly.
	PinCPUs []int

	// FrameRing is the capacity in bytes of the ring of raw messages of each
	// connection, rounded up to a power of two; 0 means 4 MiB. A message may
	// have a quarter of it: longer ones are refused with close code 1009. Since
	// the server sends a snapshot of all tokens in one message, a smaller ring
	// also lowers how many instruments a connection takes: 186 bytes each.
	FrameRing int
	// TickRing is the capacity in ticks of each ring between a parser and a
	// stream, rounded up to a power of two; 0 means 8192. After subscribing,
	// a snapshot of every token arrives at once, in each mode it passes
	// through: fewer than twice the tokens of a connection risks losses there.
	TickRing int
	// HugePages asks the system for pages of 2 MiB under the rings, of which
	// large ones then are a tenth faster in bursts; Linux only, else without
	// effect. The memory of all rings is present from the start either way.
	HugePages bool

	// LastValues keeps the last tick of each instrument, for [Client.Latest],
	// [Client.Snapshot] and streams that begin with a snapshot. It costs the
	// parser a copy per tick, and 256 bytes per instrument.
	LastValues bool

	// Stages measures where time goes between socket and reader: see
	// [ConnStats.Stages] and [StreamStats.Delivery]. It costs two looks at the
	// clock per message.
	Stages bool

	// Sharding chooses the connection of a new token; default LeastLoaded.
	Sharding shard.Policy
	// PinToken gives the connection of a token when Sharding is Pinned.
	// It must not call the client.
	PinToken func(token uint32) (conn int)
	// ChunkSize is the most tokens in one control message; 0 means 3000, all at
	// once, as the official clients do.
	ChunkSize int
	// Segments adds to or overrides the table of price decimals, for a segment
	// that the exchange added after this version.
	Segments []decode.Segment

	// Liveness is the silence after which a connection is dead: any byte
	// counts, and half-way a ping asks for one. 0 means 5 s; the server sends
	// a heartbeat about every second.
	Liveness time.Duration
	// DialTimeout bounds TCP, TLS and the upgrade together; 0 means 10 s.
	DialTimeout time.Duration
	// DrainTimeout bounds the wait for the server's Close frame after Run was
	// cancelled, and then the wait for readers of streams that block; 0 means 1 s.
	DrainTimeout time.Duration
	// MinBackoff and MaxBackoff bound the random wait between dials, which
	// grows exponentially; 0 means 500 ms and 30 s.
	MinBackoff, MaxBackoff time.Duration

	// MaxAttempts is how many dials in a row may fail to make a session of 10 s
	// before a connection gives up; 0 means it never does. When the last
	// connection has given up, Run ends.
	MaxAttempts int
	// CommandGap is the least time between two control messages on a
	// connection; 0 sends them as fast as they come, as the official clients do.
	CommandGap time.Duration
	// VerifyAfter is when, after the server was told of them, instruments that
	// have not ticked are reported as an Unseen event; 0 means 30 s, negative
	// never.
	VerifyAfter time.Duration
	// FailoverAfter is how long a connection must be down before its
	// instruments move to connections that have room, and how long it must be
	// live again before they move back; 0 means 15 s, negative never.
	FailoverAfter time.Duration
	// HealthInterval is the time between two regular Health events and log
	// lines; 0 means 5 s, negative none. A change of health is always told.
	HealthInterval time.Duration

	// URL is the root of the server, without parameters; "" means
	// wss://ws.kite.trade. ws:// sends the access token in the clear and is
	// refused unless the host is loopback or AllowPlaintext is set.
	URL            string
	AllowPlaintext bool
	// Query and Header are added to each handshake: the sandbox needs user_id.
	Query  url.Values
	Header http.Header
	// UserAgent is sent with each handshake; "" means kiteticker/ and Version.
	UserAgent string
	// TLS configures wss; nil verifies against the system's roots. Versions
	// below 1.2 are never spoken.
	TLS *tls.Config
	// Dial opens TCP connections, for proxies and tests; nil means net.Dialer.
	// It must return when ctx is done.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Logger gets a line for each change of state, a regular one on health, and
	// warnings: of instruments that moved or do not tick, of damaged messages, of
	// events that nobody reads. Nil is silent. Nothing is logged per tick. Its
	// handler must not call the client.
	Logger *slog.Logger
}

// Account is one API key's credentials and connections.
type Account struct {
	APIKey, AccessToken string
	Refresh             func(ctx context.Context) (accessToken string, err error)
	Conns               int // 1 to 3; 0 means 3
}

// withDefaults returns a copy with every zero field filled in and the one
// account, if that is the form used, moved to Accounts.
func (c Config) withDefaults() Config {
	if len(c.Accounts) == 0 {
		c.Accounts = []Account{{APIKey: c.APIKey, AccessToken: c.AccessToken, Refresh: c.Refresh, Conns: c.Conns}}
	} else {
		c.Accounts = append([]Account(nil), c.Accounts...)
	}
	for i := range c.Accounts {
		orDefault(&c.Accounts[i].Conns, MaxConns)
	}
	c.PinCPUs = slices.Clone(c.PinCPUs)
	c.Segments = slices.Clone(c.Segments)
	c.Header = c.Header.Clone()
	query := url.Values{}
	for key, values := range c.Query {
		query[key] = slices.Clone(values)
	}
	c.Query = query
	orDefault(&c.FrameRing, defaultFrameRing)
	orDefault(&c.TickRing, defaultTickRing)
	orDefault(&c.ChunkSize, MaxTokensPerConn)
	orDefault(&c.Liveness, defaultLiveness)
	orDefault(&c.DialTimeout, defaultDial)
	orDefault(&c.DrainTimeout, defaultDrain)
	orDefault(&c.MinBackoff, defaultMinBackoff)
	orDefault(&c.MaxBackoff, max(defaultMaxBackoff, c.MinBackoff))
	orDefault(&c.VerifyAfter, defaultVerify)
	orDefault(&c.FailoverAfter, defaultFailover)
	orDefault(&c.HealthInterval, defaultHealth)
	orDefault(&c.URL, defaultURL)
	orDefault(&c.UserAgent, defaultUserAgent)
	return c
}

func (c Config) pages() ring.Pages {
	if c.HugePages {
		return ring.HugePages
	}
	return ring.NormalPages
}

func orDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}
