package kitetest_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestWritesAreCut(t *testing.T) {
	text := string(bytes.Repeat([]byte("0123456789"), 10)) // 102 bytes with its header
	tests := []struct {
		name   string
		faults kitetest.Faults
		want   []int
	}{
		{"none", kitetest.Faults{}, []int{102}},
		{"halves", kitetest.Faults{Split: 2}, []int{51, 51}},
		{"uneven", kitetest.Faults{Split: 4}, []int{26, 26, 26, 24}},
		{"pieces", kitetest.Faults{MaxWrite: 40}, []int{40, 40, 22}},
		{"both", kitetest.Faults{Split: 2, MaxWrite: 50}, []int{50, 50, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.faults.Gap = time.Millisecond
				s := kitetest.NewServer(t, kitetest.Config{Heartbeat: -1})
				c := dial(t, s)
				s.SetFaults(tt.faults)
				start := time.Now()
				go s.SendText(text)
				buf := make([]byte, 1000)
				for i, want := range tt.want {
					n, err := c.nc.Read(buf)
					if n != want || err != nil {
						t.Errorf("read %d: %d bytes, %v, want %d", i, n, err, want)
					}
					if d := time.Since(start); d != time.Duration(i)*time.Millisecond {
						t.Errorf("read %d: after %v", i, d)
					}
				}
			})
		})
	}
}

func TestFragments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Faults: kitetest.Faults{Fragments: 3}})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065,256265]}`) // 2 + 2*2 + 44 + 28 = 78 bytes
		var msg []byte
		for i, want := range []ws.Header{
			{OpCode: ws.OpBinary, Length: 26},
			{OpCode: ws.OpPing, Fin: true},
			{OpCode: ws.OpContinuation, Length: 26},
			{OpCode: ws.OpPing, Fin: true},
			{OpCode: ws.OpContinuation, Fin: true, Length: 26},
		} {
			h, payload, err := c.frame()
			if h != want || err != nil {
				t.Errorf("frame %d is %+v, %v, want %+v", i, h, err, want)
			}
			msg = append(msg, payload...)
		}
		if got := packets(t, msg); len(got) != 2 || len(got[0]) != 44 || len(got[1]) != 28 {
			t.Errorf("the fragments make %x", msg)
		}
	})
}

func TestTruncate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Faults: kitetest.Faults{Truncate: 1}})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065,256265]}`)
		if got := c.next(ws.OpBinary); len(got) != 77 || got[1] != 2 {
			t.Errorf("got %d bytes announcing %d packets, want 77 and 2", len(got), got[1])
		}
		if l := s.Ledger(); len(l) != 1 || l[408065].Ticks != 1 {
			t.Errorf("ledger is %v, want 408065 alone: its packet stayed whole", l)
		}
		s.SetFaults(kitetest.Faults{Truncate: 1000})
		s.Step()
		if got := c.next(ws.OpBinary); len(got) != 0 {
			t.Errorf("got %d bytes, want 0", len(got))
		}
		if n := s.Totals().Ticks; n != 1 {
			t.Errorf("%d ticks in the totals, want 1", n)
		}
	})
}

func TestDrop(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := kitetest.NewServer(t, kitetest.Config{})
			c := dial(t, s)
			testDrop(t, s, c)
		})
	})
	t.Run("tcp", func(t *testing.T) {
		s, err := kitetest.Listen(kitetest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := dial(t, s)
		c.nc.SetDeadline(time.Now().Add(10 * time.Second))
		testDrop(t, s, c)
	})
}

func testDrop(t *testing.T, s *kitetest.Server, c *client) {
	conn := s.Conns()[0]
	conn.Drop()
	conn.Drop()
	if _, _, err := c.frame(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("client reads %v, want connection reset", err)
	}
	<-conn.Done()
	if err := conn.SendText("x"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("send on a dropped connection: %v, want net.ErrClosed", err)
	}
	if n := len(s.Conns()); n != 0 {
		t.Errorf("%d connections, want 0", n)
	}
}

func TestHangupWithinFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		conn := s.Conns()[0]
		conn.SendRaw([]byte{0x82, 5, 1, 2})
		conn.Hangup()
		if _, payload, err := c.frame(); err != io.ErrUnexpectedEOF || payload[1] != 2 {
			t.Errorf("client reads %x, %v, want two bytes of five and an unexpected EOF", payload, err)
		}
	})
}

func TestServerCloses(t *testing.T) {
	tests := []struct {
		code   int
		reason string
		want   string
	}{
		{1000, "", "\x03\xe8"},
		{1001, "maintenance", "\x03\xe9maintenance"},
		{1006, "forbidden on the wire", "\x03\xeeforbidden on the wire"},
		{0, "ignored", ""},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := kitetest.NewServer(t, kitetest.Config{Rate: 100})
			c := dial(t, s)
			c.text(`{"a":"subscribe","v":[408065]}`)
			c.next(ws.OpBinary)
			conn := s.Conns()[0]
			if err := conn.CloseWith(tt.code, tt.reason); err != nil {
				t.Errorf("CloseWith: %v", err)
			}
			if err := conn.SendText("too late"); !errors.Is(err, net.ErrClosed) {
				t.Errorf("send after CloseWith: %v, want net.ErrClosed", err)
			}
			if got := c.next(ws.OpClose); string(got) != tt.want {
				t.Errorf("close frame has %q, want %q", got, tt.want)
			}
			c.wantSilence(time.Second)
			c.send(ws.OpClose, nil)
			if _, _, err := c.frame(); err != io.EOF {
				t.Errorf("after the closing handshake: %v, want EOF", err)
			}
			<-conn.Done()
		})
	}
}

func TestServerClosesOnSilentClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{WriteTimeout: 2 * time.Second})
		c := dial(t, s)
		start := time.Now()
		conn := s.Conns()[0]
		conn.CloseWith(1001, "")
		c.next(ws.OpClose)
		<-conn.Done()
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("connection ended after %v, want 2s", d)
		}
	})
}

func TestClientCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		c.send(ws.OpClose, ws.NewCloseFrameBody(1001, "bye"))
		if got := c.next(ws.OpClose); string(got) != "\x03\xe9" {
			t.Errorf("answered with %q, want the code alone", got)
		}
		if _, _, err := c.frame(); err != io.EOF {
			t.Errorf("then: %v, want EOF", err)
		}
	})
}

func TestClientBreaksProtocol(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
		code  string
	}{
		{"unmasked", []byte{0x81, 0x01, 'x'}, "\x03\xea"},
		{"reserved", []byte{0x83, 0x80, 0, 0, 0, 0}, "\x03\xea"},
		{"huge", []byte{0x81, 0xFF, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0}, "\x03\xf1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, kitetest.NewServer(t, kitetest.Config{}))
				c.nc.Write(tt.bytes)
				if got := c.next(ws.OpClose); len(got) < 2 || string(got[:2]) != tt.code {
					t.Errorf("closed with %q, want code %q", got, tt.code)
				}
				if _, _, err := c.frame(); err != io.EOF {
					t.Errorf("then: %v, want EOF", err)
				}
			})
		})
	}
}

func TestSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Hello: true})
		c := dial(t, s)
		meta, code := c.next(ws.OpText), c.next(ws.OpText)
		if want := `{"type":"instruments_meta","data":{"count":86481,"etag":"W/\"68907d60-55bf\""}}`; string(meta) != want {
			t.Errorf("first hello %s, want %s", meta, want)
		}
		if want := `{"type":"app_code","timestamp":"2000-01-01T05:30:00+05:30"}`; string(code) != want {
			t.Errorf("second hello %s, want %s", code, want)
		}

		conn := s.Conns()[0]
		conn.Send([]byte{0, 0})
		if got := c.next(ws.OpBinary); string(got) != "\x00\x00" {
			t.Errorf("Send sent %x", got)
		}
		conn.SendPing([]byte("p"))
		if got := c.next(ws.OpPing); string(got) != "p" {
			t.Errorf("SendPing sent %q", got)
		}
		if err := s.SendOrder(map[string]any{"order_id": "1", "status": "COMPLETE"}); err != nil {
			t.Error(err)
		}
		if got, want := string(c.next(ws.OpText)), `{"type":"order","data":{"order_id":"1","status":"COMPLETE"}}`; got != want {
			t.Errorf("SendOrder sent %s, want %s", got, want)
		}
		if err := s.SendOrder(func() {}); err == nil {
			t.Error("SendOrder of a function: no error")
		}
		conn.SendRaw([]byte("\xff\xffgarbage"))
		buf := make([]byte, 9)
		if _, err := io.ReadFull(c.r, buf); err != nil || string(buf) != "\xff\xffgarbage" {
			t.Errorf("SendRaw sent %q, %v", buf, err)
		}

		// Headers of all three lengths.
		for _, n := range []int{125, 126, 65535, 65536, 1 << 20} {
			conn.Send(make([]byte, n))
			if got := len(c.next(ws.OpBinary)); got != n {
				t.Errorf("got %d bytes, want %d", got, n)
			}
		}
	})
}
