package kiteticker

import (
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	native "github.com/kiteticker/kiteticker"
	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
)

// Mode is how much of an instrument's data is wanted.
type Mode string

// The modes.
const (
	ModeLTP   Mode = "ltp"   // the last price
	ModeQuote Mode = "quote" // all but depth and times; what a bare Subscribe gets
	ModeFull  Mode = "full"  // everything
)

// Segments: the low byte of an instrument token.
const (
	NseCM = 1 + iota
	NseFO
	NseCD
	BseCM
	BseFO
	BseCD
	McxFO
	McxSX
	Indices
)

// Types of messages. OnMessage gets the first two.
const (
	TextMessage   = 1
	BinaryMessage = 2
	CloseMessage  = 8
	PingMessage   = 9
	PongMessage   = 10
)

// What a Ticker does unless told otherwise, and what it can be told at least:
// the values of gokiteconnect.
const (
	defaultMaxRetries     = 300
	defaultMaxDelay       = time.Minute
	leastMaxDelay         = 5 * time.Second
	defaultConnectTimeout = 7 * time.Second
)

// Ticker receives market data and order updates and calls back. All its methods
// may be called from any goroutine, in callbacks too.
type Ticker struct {
	callbacks atomic.Pointer[callbacks] // replaced whole, never changed

	mu            sync.Mutex // guards what follows; never held in a callback
	cfg           native.Config
	tokenSet      chan struct{} // closed and replaced by SetAccessToken
	autoReconnect bool
	maxRetries    int
	desired       map[uint32]native.Mode
	client        *native.Client // of the Serve that is running, nil if none is
	serving       *run           // the latest Serve, nil once it has returned
}

// callbacks are those of the program; nil means that it does not want to know.
type callbacks struct {
	onTick        func(models.Tick)
	onMessage     func(int, []byte)
	onNoReconnect func(int)
	onReconnect   func(int, time.Duration)
	onConnect     func()
	onClose       func(int, string)
	onError       func(error)
	onOrderUpdate func(kiteconnect.Order)
}

// New returns a Ticker, not yet connected. What is wrong with the arguments,
// Serve tells through OnError.
func New(apiKey string, accessToken string) *Ticker {
	t := &Ticker{
		cfg: native.Config{
			APIKey:      apiKey,
			AccessToken: accessToken,
			Conns:       1,
			DialTimeout: defaultConnectTimeout,
			MaxBackoff:  defaultMaxDelay,
		},
		tokenSet:      make(chan struct{}),
		autoReconnect: true,
		maxRetries:    defaultMaxRetries,
		desired:       map[uint32]native.Mode{},
	}
	t.callbacks.Store(&callbacks{})
	return t
}

// Format prints nothing of the Ticker, whatever the verb: it holds credentials.
func (t *Ticker) Format(f fmt.State, _ rune) { fmt.Fprint(f, "kiteticker.Ticker") }

// set changes a setting.
func (t *Ticker) set(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

// SetRootURL sets the server to connect to, from the next Serve on. Parameters
// in its query are kept: the sandbox needs user_id. A ws URL to another machine
// is refused, since it would send the access token in the clear: see Configure.
func (t *Ticker) SetRootURL(u url.URL) {
	query := u.Query()
	query.Del("api_key") // the Ticker's own take their place
	query.Del("access_token")
	u.RawQuery = ""
	t.set(func() { t.cfg.URL, t.cfg.Query = u.String(), query })
}

// SetAccessToken sets the access token. A Serve that is running uses it as soon
// as the server has refused the one before.
func (t *Ticker) SetAccessToken(accessToken string) {
	t.set(func() {
		t.cfg.AccessToken = accessToken
		close(t.tokenSet)
		t.tokenSet = make(chan struct{})
	})
}

// SetConnectTimeout bounds the time to open a connection, from the next Serve
// on. The default is 7 s, also for a timeout that is not positive.
func (t *Ticker) SetConnectTimeout(val time.Duration) {
	if val <= 0 {
		val = defaultConnectTimeout
	}
	t.set(func() { t.cfg.DialTimeout = val })
}

// SetAutoReconnect says whether a connection that ends is opened again, from
// the next Serve on. The default is true. If not, Serve returns when the
// connection ends or cannot be opened, after OnClose and OnError.
func (t *Ticker) SetAutoReconnect(val bool) { t.set(func() { t.autoReconnect = val }) }

// SetReconnectMaxDelay bounds the wait before a reconnect, from the next Serve
// on. The default is 60 s. Less than 5 s is refused with a *[DelayError] and
// changes nothing.
func (t *Ticker) SetReconnectMaxDelay(val time.Duration) error {
	if val < leastMaxDelay {
		return &DelayError{Delay: val, Least: leastMaxDelay}
	}
	t.set(func() { t.cfg.MaxBackoff = val })
	return nil
}

// SetReconnectMaxRetries sets how many times in a row reconnecting may fail
// before Serve gives up, from the next Serve on. The default is 300; negative
// is 0.
func (t *Ticker) SetReconnectMaxRetries(val int) { t.set(func() { t.maxRetries = max(val, 0) }) }

// Configure changes the configuration of the client beneath, from the next
// Serve on: what gokiteconnect has no setter for, such as Logger, TLS, Dial or
// Conns. f must not call the Ticker. With more than one connection, OnConnect,
// OnClose and OnReconnect are called for each.
func (t *Ticker) Configure(f func(cfg *native.Config)) { t.set(func() { f(&t.cfg) }) }

// on replaces callbacks.
func (t *Ticker) on(change func(c *callbacks)) {
	t.set(func() {
		c := *t.callbacks.Load()
		change(&c)
		t.callbacks.Store(&c) // pairs with the Load before each call
	})
}

// OnConnect registers what is called each time a connection is open. No tick
// and no message comes before the first OnConnect has returned.
func (t *Ticker) OnConnect(f func()) { t.on(func(c *callbacks) { c.onConnect = f }) }

// OnError registers what is called with everything that goes wrong: see the
// package's documentation.
func (t *Ticker) OnError(f func(err error)) { t.on(func(c *callbacks) { c.onError = f }) }

// OnClose registers what is called when an open connection has ended, except
// through Stop. The code is the server's, or 1006 if it did not say goodbye.
func (t *Ticker) OnClose(f func(code int, reason string)) {
	t.on(func(c *callbacks) { c.onClose = f })
}

// OnMessage registers what is called with each message as it came, heartbeats
// included. It must be registered before Serve. The message is the callback's
// own.
func (t *Ticker) OnMessage(f func(messageType int, message []byte)) {
	t.on(func(c *callbacks) { c.onMessage = f })
}

// OnReconnect registers what is called before the wait that precedes a
// reconnect.
func (t *Ticker) OnReconnect(f func(attempt int, delay time.Duration)) {
	t.on(func(c *callbacks) { c.onReconnect = f })
}

// OnNoReconnect registers what Serve calls last when it has given up after so
// many attempts. Serve may be called again from there.
func (t *Ticker) OnNoReconnect(f func(attempt int)) {
	t.on(func(c *callbacks) { c.onNoReconnect = f })
}

// OnTick registers what is called with each tick.
func (t *Ticker) OnTick(f func(tick models.Tick)) { t.on(func(c *callbacks) { c.onTick = f }) }

// OnOrderUpdate registers what is called with each order update.
func (t *Ticker) OnOrderUpdate(f func(order kiteconnect.Order)) {
	t.on(func(c *callbacks) { c.onOrderUpdate = f })
}
