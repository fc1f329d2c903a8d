package kiteticker_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	native "github.com/kiteticker/kiteticker"
	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

const infy = 408065

// The methods of gokiteconnect's Ticker, as programs put them into interfaces
// of their own.
var _ interface {
	SetRootURL(url.URL)
	SetAccessToken(string)
	SetConnectTimeout(time.Duration)
	SetAutoReconnect(bool)
	SetReconnectMaxDelay(time.Duration) error
	SetReconnectMaxRetries(int)
	OnConnect(func())
	OnError(func(error))
	OnClose(func(int, string))
	OnMessage(func(int, []byte))
	OnReconnect(func(int, time.Duration))
	OnNoReconnect(func(int))
	OnTick(func(models.Tick))
	OnOrderUpdate(func(kiteconnect.Order))
	Serve()
	ServeWithContext(context.Context)
	Close() error
	Stop()
	Subscribe([]uint32) error
	Unsubscribe([]uint32) error
	SetMode(kiteticker.Mode, []uint32) error
	Resubscribe() error
} = kiteticker.New("key", "token")

// newTicker returns a ticker of srv, which is in memory.
func newTicker(tb testing.TB, srv *kitetest.Server) *kiteticker.Ticker {
	tb.Helper()
	u, err := url.Parse(srv.URL())
	if err != nil {
		tb.Fatal(err)
	}
	ticker := kiteticker.New("key", "token")
	ticker.SetRootURL(*u)
	ticker.Configure(func(cfg *native.Config) { cfg.Dial = srv.Dial })
	return ticker
}

// diary has a line for each callback but OnTick and OnMessage. It has no lock:
// the race detector sees it if two callbacks run at once.
type diary struct {
	lines  []string
	errs   []error
	delays []time.Duration
}

func (d *diary) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// take returns the lines since the last take.
func (d *diary) take() (lines []string) {
	lines, d.lines = d.lines, nil
	return lines
}

func keepDiary(ticker *kiteticker.Ticker) *diary {
	d := &diary{}
	ticker.OnConnect(func() { d.add("connect") })
	ticker.OnClose(func(code int, _ string) { d.add("close %d", code) })
	ticker.OnError(func(err error) {
		d.errs = append(d.errs, err)
		d.add("error %s", kind(err))
	})
	ticker.OnReconnect(func(attempt int, delay time.Duration) {
		d.delays = append(d.delays, delay)
		d.add("reconnect %d", attempt)
	})
	ticker.OnNoReconnect(func(attempt int) { d.add("no reconnect %d", attempt) })
	ticker.OnOrderUpdate(func(o kiteconnect.Order) { d.add("order %s %s", o.OrderID, o.Status) })
	return d
}

// kind names an error by its type, as a program would tell it.
func kind(err error) string {
	if ae, ok := errors.AsType[*native.AttemptsError](err); ok {
		return fmt.Sprintf("gave up after %d", ae.Attempts)
	}
	if he, ok := errors.AsType[*native.HandshakeError](err); ok {
		return fmt.Sprintf("handshake %d", he.StatusCode)
	}
	if ce, ok := errors.AsType[*native.CloseError](err); ok {
		return fmt.Sprintf("closed %d", ce.Code)
	}
	if se, ok := errors.AsType[*native.ServerError](err); ok {
		return se.Message
	}
	if errors.Is(err, native.ErrSilent) {
		return "silent"
	}
	return err.Error()
}

// serve starts ticker. It returns a channel that is closed when Serve has
// returned. The test's end stops it.
func serve(tb testing.TB, ticker *kiteticker.Ticker) (done chan struct{}) {
	done = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		ticker.ServeWithContext(ctx)
	}()
	tb.Cleanup(func() { cancel(); ticker.Stop(); <-done })
	return done
}

// within fails the test if done is not closed within d of the bubble's clock.
func within(tb testing.TB, d time.Duration, done <-chan struct{}) {
	tb.Helper()
	select {
	case <-done:
	case <-time.After(d):
		tb.Fatalf("Serve has not returned within %v", d)
	}
}

// bubble runs a test against a server in memory on a clock of its own.
func bubble(t *testing.T, cfg kitetest.Config, test func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, cfg)
		test(t, srv, newTicker(t, srv))
	})
}

func no(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Errorf("error: %v", err)
	}
}
