package kitetest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/kiteticker/kiteticker/decode"
)

// Config says what a [Server] simulates. The zero value is a server that
// accepts any credentials, lists 9,000 instruments, and sends their data only
// when asked: at a subscription and at each [Server.Step].
type Config struct {
	Addr string      // Listen's TCP address; "" is 127.0.0.1 and a free port
	TLS  *tls.Config // nil: no TLS

	APIKey      string // the only accepted api_key; "" accepts any
	AccessToken string // the only accepted access_token; "" accepts any

	// Instruments lists the tokens of the exchange, each once; nil is
	// Universe(9000). List those that the tested program uses: a token that is
	// not listed can be subscribed, as at the real exchange, and never has
	// data. Logger is warned then.
	Instruments []uint32

	Rate float64 // updates per second and instrument; 0 none, +Inf as fast as the sockets take them
	Seed uint64  // of all prices and quantities

	Heartbeat time.Duration // heartbeat after so long without data; 0 is 1 s, negative is never
	Ping      time.Duration // interval of WebSocket pings to the client; 0 is never
	Hello     bool          // send the texts instruments_meta and app_code right after connecting

	MaxConns  int // sockets at a time per api_key; 0 is 3
	MaxTokens int // subscriptions per socket, duplicates counted; 0 is 3000

	// Stamp makes every quote and full packet of a tradable instrument carry
	// the time its message was sent, in place of TotalBuyQuantity and
	// TotalSellQuantity: see [SentAt].
	Stamp bool

	// WriteTimeout is how long one write may wait for a slow client. The market
	// waits with it, so no tick is ever skipped; then the socket is dropped.
	// 0 is 5 s.
	WriteTimeout time.Duration

	Faults Faults // of every new connection

	// OnTick, if set, is called for every packet of the market after it was
	// handed to socket conn ([Conn.ID]), in order. The tick holds exactly what
	// the packet carried, is valid until OnTick returns, and must not be
	// changed. OnTick holds up the market: it must not call the server.
	OnTick func(conn int, t *decode.Tick)

	// Logger is told of connections that come and go, and warned of mistakes
	// that a real exchange would not mention; nil is silent.
	Logger *slog.Logger
}

// withDefaults returns a copy of c that has no zero value with a meaning.
func (c Config) withDefaults() Config {
	def(&c.Addr, "127.0.0.1:0")
	def(&c.Heartbeat, time.Second)
	def(&c.MaxConns, 3)
	def(&c.MaxTokens, 3000)
	def(&c.WriteTimeout, 5*time.Second)
	if c.Instruments == nil {
		c.Instruments = universe()
	} else {
		c.Instruments = slices.Clone(c.Instruments)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate joins all that is wrong with c, defaults applied.
func (c *Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("kitetest: "+format, args...)) }
	if c.Rate < 0 || math.IsNaN(c.Rate) {
		bad("Rate is %v, want 0 or more", c.Rate)
	}
	if c.Ping < 0 {
		bad("Ping is %v, want 0 or more", c.Ping)
	}
	if c.MaxConns < 1 {
		bad("MaxConns is %d, want 1 or more", c.MaxConns)
	}
	if c.MaxTokens < 1 || c.MaxTokens > math.MaxUint16 {
		bad("MaxTokens is %d, want 1 to %d (a message counts its packets in 16 bits)", c.MaxTokens, math.MaxUint16)
	}
	if c.WriteTimeout < 0 {
		bad("WriteTimeout is %v, want 0 or more", c.WriteTimeout)
	}
	if len(c.Instruments) == 0 {
		bad("Instruments is empty, want nil or at least one token")
	}
	return errors.Join(errs...)
}

// Faults change how a connection behaves. The zero value is a good server.
type Faults struct {
	// HandshakeDelay is how long the server thinks about a handshake.
	HandshakeDelay time.Duration

	// MaxWrite cuts everything that is written into pieces of so many bytes,
	// and Split into so many pieces of equal size; 0 cuts nothing. Each piece
	// is a Write of its own, Gap after the one before, so that the client
	// reads headers and packets in parts. The market waits for the gaps, and
	// catches up.
	MaxWrite int
	Split    int
	Gap      time.Duration

	// Fragments sends each data message as so many WebSocket frames, with a
	// ping between each two of them; 0 and 1 do not.
	Fragments int

	// Truncate cuts so many bytes off the end of every message of the market.
	// The ledger accounts for the packets that stayed whole.
	Truncate int
}
