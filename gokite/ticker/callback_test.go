package kiteticker_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	native "github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/gokite/models"
	kiteticker "github.com/kiteticker/kiteticker/gokite/ticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A day in the life of a connection, and what each step of it calls.
func TestCallbacks(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		ticker.OnClose(func(code int, reason string) {
			d.add("close %d", code)
			if bye := code == 1001; bye != (reason == "maintenance") || reason == "" {
				t.Errorf("closed with code %d for the reason %q", code, reason)
			}
		})
		done := serve(t, ticker)
		for _, step := range []struct {
			name string
			do   func()
			want []string
		}{
			{"open", func() {}, []string{"connect"}},
			{"an order", func() {
				no(t, srv.SendOrder(map[string]any{"order_id": "17", "status": "COMPLETE"}))
			}, []string{"order 17 COMPLETE"}},
			{"a complaint", func() {
				srv.SendText(`{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`)
			}, []string{"error Can't subscribe to more than 3000 instruments."}},
			{"a complaint that is no text", func() { srv.SendText(`{"type":"error","data":{"code":"100%d"}}`) },
				[]string{`error {"code":"100%d"}`}},
			{"a goodbye", func() { no(t, srv.Conns()[0].CloseWith(1001, "maintenance")); time.Sleep(time.Second) },
				[]string{"close 1001", "error closed 1001", "reconnect 1", "connect"}},
			{"a cut", func() { srv.Conns()[0].Drop(); time.Sleep(time.Second) },
				[]string{"close 1006", "error closed 1006", "reconnect 2", "connect"}},
			{"silence", func() { srv.Conns()[0].Freeze(true); time.Sleep(20 * time.Second) },
				[]string{"close 1006", "error silent", "reconnect 3", "connect"}},
			{"no service", func() {
				srv.Reject(503, nil, "", 2)
				time.Sleep(time.Minute) // the connection is stable again: attempts start over
				conns := srv.Conns()
				conns[len(conns)-1].Drop() // the frozen one does not know yet that it is dead
				time.Sleep(10 * time.Second)
			}, []string{
				"close 1006", "error closed 1006", "reconnect 1",
				"error handshake 503", "reconnect 2", "error handshake 503", "reconnect 3", "connect",
			}},
			{"the end", func() { ticker.Stop(); within(t, 3*time.Second, done) }, nil},
		} {
			step.do()
			synctest.Wait()
			if diff := cmp.Diff(step.want, d.take()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

// OnMessage gets everything as it came, and may keep it.
func TestOnMessage(t *testing.T) {
	bubble(t, kitetest.Config{Heartbeat: -1}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		type message struct {
			Type int
			Data []byte
		}
		var got []message
		ticker.Configure(func(cfg *native.Config) { cfg.FrameRing = 64 << 10 })
		ticker.OnMessage(func(kind int, data []byte) { got = append(got, message{kind, data}) })
		serve(t, ticker)
		synctest.Wait()
		conn := srv.Conns()[0]
		no(t, conn.Send([]byte{0}))
		no(t, conn.SendText(`{"type":"message","data":"good morning"}`))
		no(t, conn.Send([]byte{0, 1, 0, 3, 7, 7, 7}))
		for range 100 { // more than the ring holds, so that its memory is used again
			synctest.Wait()
			no(t, conn.Send(bytes.Repeat([]byte{9}, 2000)))
		}
		synctest.Wait()
		if len(got) != 103 {
			t.Fatalf("%d messages, want 103", len(got))
		}
		got = got[:3]
		want := []message{
			{kiteticker.BinaryMessage, []byte{0}},
			{kiteticker.TextMessage, []byte(`{"type":"message","data":"good morning"}`)},
			{kiteticker.BinaryMessage, []byte{0, 1, 0, 3, 7, 7, 7}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// A callback that stalls costs the newest ticks, exactly counted, and neither
// the connection nor an order.
func TestSlowOnTick(t *testing.T) {
	bubble(t, kitetest.Config{}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.Configure(func(cfg *native.Config) { cfg.TickRing = 64 })
		d := keepDiary(ticker)
		got, stall, stalled := uint64(0), make(chan struct{}), false
		ticker.OnTick(func(tick models.Tick) {
			if got++; got == 1 {
				stalled = true
				<-stall
				stalled = false
			}
		})
		no(t, ticker.Subscribe([]uint32{infy}))
		serve(t, ticker)
		synctest.Wait()
		for range 500 {
			srv.Step()
		}
		time.Sleep(time.Minute)
		no(t, srv.SendOrder(map[string]any{"order_id": "17", "status": "UPDATE"}))
		synctest.Wait()
		if !stalled || len(srv.Conns()) != 1 || srv.Dials() != 1 {
			t.Fatalf("after a minute of stalling (%v) the server has seen %d dials", stalled, srv.Dials())
		}
		close(stall)
		synctest.Wait()
		srv.Step()
		synctest.Wait()

		var lost uint64
		for _, err := range d.errs {
			slow, ok := errors.AsType[*kiteticker.SlowCallbackError](err)
			if !ok || slow.Callback != "OnTick" {
				t.Errorf("error %v, want a slow OnTick", err)
				continue
			}
			lost += slow.Lost
		}
		if sent := srv.Totals().Ticks; got+lost != sent || lost < 400 {
			t.Errorf("%d ticks and %d told lost, want the %d sent", got, lost, sent)
		}
		if all := strings.Join(d.take(), ","); strings.Count(all, "order 17 UPDATE") != 1 || strings.Contains(all, "close") {
			t.Errorf("diary: %s", all)
		}
	})
}

// The same for OnMessage.
func TestSlowOnMessage(t *testing.T) {
	bubble(t, kitetest.Config{Heartbeat: -1}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		ticker.Configure(func(cfg *native.Config) { cfg.FrameRing = 64 << 10 })
		d := keepDiary(ticker)
		got, stall := uint64(0), make(chan struct{})
		ticker.OnMessage(func(int, []byte) {
			if got++; got == 1 {
				<-stall
			}
		})
		serve(t, ticker)
		synctest.Wait()
		conn, big := srv.Conns()[0], bytes.Repeat([]byte{0}, 10_000)
		for range 20 {
			no(t, conn.Send(big))
		}
		synctest.Wait()
		close(stall)
		synctest.Wait()
		no(t, conn.Send([]byte{0}))
		synctest.Wait()
		var lost uint64
		for _, err := range d.errs {
			if slow, ok := errors.AsType[*kiteticker.SlowCallbackError](err); ok && slow.Callback == "OnMessage" {
				lost += slow.Lost
			}
		}
		if got+lost != 21 || lost == 0 {
			t.Errorf("%d messages and %d told lost, want 21", got, lost)
		}
	})
}

// No packet panics, whatever its length; its neighbours arrive, and OnError is
// told.
func TestShortPackets(t *testing.T) {
	bubble(t, kitetest.Config{Heartbeat: -1}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		d := keepDiary(ticker)
		got := 0
		ticker.OnTick(func(tick models.Tick) {
			if tick.InstrumentToken == 0x00063a01 && tick.LastPrice == 1528.35 {
				got++
			}
		})
		serve(t, ticker)
		synctest.Wait()
		conn := srv.Conns()[0]
		ltp := []byte{0x00, 0x06, 0x3a, 0x01, 0x00, 0x02, 0x55, 0x03}
		sent := 0
		for n := range 300 {
			switch n {
			case 8, 12, 28, 32, 44, 184:
				continue
			}
			odd := make([]byte, n)
			no(t, conn.Send(kitetest.AppendFrame(nil, ltp, odd, ltp)))
			sent += 2
		}
		for _, damaged := range [][]byte{{0, 1}, {0, 9, 0}, {0, 1, 0, 184, 1}, {0xff, 0xff, 0xff, 0xff}} {
			no(t, conn.Send(damaged))
		}
		synctest.Wait()
		if got != sent {
			t.Errorf("%d ticks arrived, want %d", got, sent)
		}
		time.Sleep(2 * time.Second)
		no(t, conn.Send([]byte{0, 1}))
		synctest.Wait()
		damaged := 0
		for _, err := range d.errs {
			if de, ok := errors.AsType[*kiteticker.DamagedMessageError](err); ok {
				if !errors.Is(err, native.ErrTruncated) && !errors.Is(err, native.ErrPacketLength) {
					t.Errorf("reason %v", de.Err)
				}
				damaged += de.Count
			}
		}
		if want := sent/2 + 4 + 1; damaged != want {
			t.Errorf("%d damaged messages were told, want %d", damaged, want)
		}
		no(t, conn.SendText(`{"type":`))
		synctest.Wait()
		if err := d.errs[len(d.errs)-1]; !strings.Contains(err.Error(), "JSON") {
			t.Errorf("the last error is %v, want bad JSON", err)
		}
	})
}

// What comes as soon as the connection is open still comes after OnConnect.
func TestConnectBeforeTicks(t *testing.T) {
	bubble(t, kitetest.Config{Hello: true}, func(t *testing.T, srv *kitetest.Server, ticker *kiteticker.Ticker) {
		no(t, ticker.SetMode(kiteticker.ModeLTP, []uint32{infy}))
		for range 50 {
			var order []string
			ticker.OnConnect(func() {
				time.Sleep(time.Second)
				order = append(order, "connect")
			})
			ticker.OnTick(func(models.Tick) { order = append(order, "tick") })
			ticker.OnMessage(func(int, []byte) { order = append(order, "message") })
			done := serve(t, ticker)
			time.Sleep(2 * time.Second)
			ticker.Stop()
			within(t, most, done)
			if len(order) < 7 || order[0] != "connect" { // two texts, a quote and an ltp message with a tick each
				t.Fatalf("order of callbacks: %v", order)
			}
		}
	})
}
