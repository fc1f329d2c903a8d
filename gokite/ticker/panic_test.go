package kiteticker_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kiteconnect "github.com/kiteticker/kiteticker/gokite"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

var errBoom = errors.New("boom")

func boom() { panic(errBoom) }

// A panic in a callback comes out of Serve, with the connection closed.
func TestPanicComesOutOfServe(t *testing.T) {
	for name, register := range map[string]func(ticker *kiteticker.Ticker){
		"OnConnect":     func(ticker *kiteticker.Ticker) { ticker.OnConnect(boom) },
		"OnTick":        func(ticker *kiteticker.Ticker) { ticker.OnTick(func(models.Tick) { boom() }) },
		"OnMessage":     func(ticker *kiteticker.Ticker) { ticker.OnMessage(func(int, []byte) { boom() }) },
		"OnOrderUpdate": func(ticker *kiteticker.Ticker) { ticker.OnOrderUpdate(func(kiteconnect.Order) { boom() }) },
		"OnClose":       func(ticker *kiteticker.Ticker) { ticker.OnClose(func(int, string) { boom() }) },
		"OnError":       func(ticker *kiteticker.Ticker) { ticker.OnError(func(error) { boom() }) },
		"OnReconnect":   func(ticker *kiteticker.Ticker) { ticker.OnReconnect(func(int, time.Duration) { boom() }) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
				register(ticker)
				no(t, ticker.Subscribe([]uint32{infy}))
				out := make(chan any, 1)
				go func() {
					defer func() { out <- recover() }()
					ticker.Serve()
				}()
				synctest.Wait()
				if conns := srv.Conns(); len(conns) > 0 {
					srv.SendOrder(map[string]any{"order_id": "1"})
					conns[0].Hangup()
				}
				select {
				case v := <-out:
					pe, ok := v.(*kiteticker.PanicError)
					if !ok || pe.Callback != name || !errors.Is(pe, errBoom) || !strings.Contains(pe.Error(), "panic_test.go") {
						t.Errorf("Serve panicked with %v", v)
					}
				case <-time.After(time.Second): // it waits for no other callback
					t.Fatal("Serve goes on after a panic in a callback")
				}
				synctest.Wait()
				if n := len(srv.Conns()); n != 0 {
					t.Errorf("%d sockets are left", n)
				}
				ticker.OnTick(nil) // and it may serve again
				ticker.OnConnect(nil)
				ticker.OnMessage(nil)
				done := serve(t, ticker)
				synctest.Wait()
				if len(srv.Conns()) != 1 {
					t.Error("no connection after a recovered panic")
				}
				ticker.Stop()
				within(t, most, done)
			})
		})
	}
}

// It does not wait for callbacks that it has kept from their turn.
func TestPanicWaitsForNobody(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		held := make(chan struct{})
		ticker.OnTick(func(models.Tick) {
			<-held
			boom()
		})
		ticker.OnOrderUpdate(func(kiteconnect.Order) { t.Error("an order after a panic") })
		no(t, ticker.Subscribe([]uint32{infy}))
		out := make(chan any, 1)
		go func() {
			defer func() { out <- recover() }()
			ticker.Serve()
		}()
		synctest.Wait()
		no(t, srv.SendOrder(map[string]any{"order_id": "1"}))
		synctest.Wait()
		start := time.Now()
		close(held)
		if v := <-out; v == nil || time.Since(start) > time.Second {
			t.Errorf("Serve panicked with %v after %v", v, time.Since(start))
		}
	})
}

// One in OnNoReconnect, which is Serve's own, comes out as it is.
func TestPanicInOnNoReconnect(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		srv.Reject(503, nil, "", 1)
		ticker.SetReconnectMaxRetries(0)
		ticker.OnNoReconnect(func(int) { boom() })
		defer func() {
			if v := recover(); v != errBoom {
				t.Errorf("Serve panicked with %v", v)
			}
		}()
		ticker.Serve()
	})
}

// A callback that ends its goroutine, as t.FailNow does, ends Serve.
func TestGoexitEndsServe(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.OnTick(func(models.Tick) { runtime.Goexit() })
		no(t, ticker.Subscribe([]uint32{infy}))
		within(t, most, serve(t, ticker))
	})
}

// A callback that Serve did not wait for, and that panics later, has nobody to
// panic in: the process ends.
func TestLatePanicEndsTheProcess(t *testing.T) {
	const child = "GOKITE_TEST_LATE_PANIC"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLatePanicEndsTheProcess$")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "kiteticker: OnTick panicked: boom") {
			t.Errorf("a late panic: %v, want the end of the process\n%s", err, out)
		}
		return
	}
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		returned := make(chan struct{})
		ticker.OnTick(func(models.Tick) {
			<-returned
			boom()
		})
		no(t, ticker.Subscribe([]uint32{infy}))
		done := serve(t, ticker)
		synctest.Wait()
		ticker.Stop()
		within(t, most, done)
		close(returned)
		synctest.Wait()
	})
}
