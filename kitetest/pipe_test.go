package kitetest_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
)

// The in-memory connection, seen from its two ends: a net.Conn and a Conn.

func TestMemoryReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, kitetest.NewServer(t, kitetest.Config{Heartbeat: -1}))
		buf := make([]byte, 1)
		read := func(want time.Duration) {
			t.Helper()
			start := time.Now()
			_, err := c.nc.Read(buf)
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("read: %v, want a timeout", err)
			}
			if d := time.Since(start); d != want {
				t.Errorf("read waited %v, want %v", d, want)
			}
		}
		for range 2 { // the timer is used again
			c.nc.SetReadDeadline(time.Now().Add(30 * time.Second))
			read(30 * time.Second)
			read(0)
		}

		// A deadline reaches a read that waits already, to shorten and to extend it.
		c.nc.SetReadDeadline(time.Now().Add(time.Hour))
		time.AfterFunc(time.Second, func() { c.nc.SetReadDeadline(time.Now().Add(time.Second)) })
		read(2 * time.Second)
		c.nc.SetReadDeadline(time.Now().Add(time.Second))
		time.AfterFunc(500*time.Millisecond, func() { c.nc.SetDeadline(time.Now().Add(time.Hour)) })
		read(time.Hour + 500*time.Millisecond)
		time.AfterFunc(time.Second, func() { c.nc.SetReadDeadline(time.Unix(1, 0)) })
		c.nc.SetReadDeadline(time.Time{})
		read(time.Second)
	})
}

func TestMemoryReadsAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		s.Conns()[0].SendRaw([]byte("last words"))
		s.Close()
		if got, err := io.ReadAll(c.nc); string(got) != "last words" || err != nil {
			t.Errorf("read %q, %v, want what was written before the close", got, err)
		}
		if _, err := c.nc.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write to a closed peer: %v, want EPIPE", err)
		}
		c.nc.Close()
		if _, err := c.nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after Close: %v, want net.ErrClosed", err)
		}
		if _, err := c.nc.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after Close: %v, want net.ErrClosed", err)
		}
		if _, err := s.Dial(t.Context(), "tcp", ""); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial of a closed server: %v, want ECONNREFUSED", err)
		}
	})
}

func TestMemoryCloseWakesReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, kitetest.NewServer(t, kitetest.Config{Heartbeat: -1}))
		time.AfterFunc(time.Second, func() { c.nc.Close() })
		if _, err := c.nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v, want net.ErrClosed", err)
		}
	})
}

// A client that does not read holds up the server's write, up to the timeout.
func TestMemoryBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{WriteTimeout: 3 * time.Second})
		c := dial(t, s)
		conn := s.Conns()[0]
		big := make([]byte, 6<<20)

		start := time.Now()
		time.AfterFunc(time.Second, func() { io.CopyN(io.Discard, c.nc, int64(len(big))) })
		if err := conn.SendRaw(big); err != nil {
			t.Errorf("send to a slow reader: %v", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("send took %v, want 1s", d)
		}

		start = time.Now()
		if err := conn.SendRaw(big); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("send without a reader: %v, want a timeout", err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("send took %v, want 3s", d)
		}
		<-conn.Done()
	})
}

// Reads and writes of any size, with the reader behind by any amount, keep the
// stream as it is.
func TestMemoryKeepsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Heartbeat: -1})
		c := dial(t, s)
		conn := s.Conns()[0]
		rng := rand.New(rand.NewPCG(1, 2))
		written, read := 0, 0
		buf := make([]byte, 3000)
		for range 3000 {
			chunk := make([]byte, rng.IntN(3000))
			for i := range chunk {
				chunk[i] = streamByte(written + i)
			}
			conn.SendRaw(chunk)
			written += len(chunk)
			n, err := c.nc.Read(buf[:rng.IntN(min(len(buf), written-read)+1)])
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range buf[:n] {
				if b != streamByte(read+i) {
					t.Fatalf("byte %d is %d, want %d", read+i, b, streamByte(read+i))
				}
			}
			read += n
		}
		if read == written {
			t.Error("the reader was never behind")
		}
	})
}

// streamByte is byte i of a stream whose period is no power of two.
func streamByte(i int) byte { return byte(i % 251) }

func TestMemoryAddrs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, kitetest.NewServer(t, kitetest.Config{}))
		if c.nc.LocalAddr().String() == "" || c.nc.RemoteAddr().Network() != "kitetest" {
			t.Errorf("addresses %v, %v", c.nc.LocalAddr(), c.nc.RemoteAddr())
		}
	})
}
