package sock_test

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kiteticker/kiteticker/internal/sock"
)

func option(tb testing.TB, nc net.Conn, level, name int) (value int) {
	tb.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		tb.Fatal(err)
	}
	raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) })
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// The package's manual says that Go sets this one.
func TestNoDelayIsSet(t *testing.T) {
	client, _ := pair(t)
	if option(t, client, unix.IPPROTO_TCP, unix.TCP_NODELAY) == 0 {
		t.Error("TCP_NODELAY is not set")
	}
}

func TestAckAtOnce(t *testing.T) {
	client, _ := pair(t)
	for _, nc := range []net.Conn{client, tls.Client(client, nil)} {
		setQuick(t, client, 0)
		if err := sock.For(nc).AckAtOnce(); err != nil || option(t, client, unix.IPPROTO_TCP, unix.TCP_QUICKACK) == 0 {
			t.Errorf("%T: %v, or TCP_QUICKACK is not set", nc, err)
		}
	}
	client.Close()
	if err := sock.For(client).AckAtOnce(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("AckAtOnce after Close: %v, want net.ErrClosed", err)
	}
}

func setQuick(tb testing.TB, nc net.Conn, value int) {
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, value) })
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// From a server that coalesces small writes, a frame in two writes arrives
// without the 40 ms of a delayed acknowledgement, although we have written.
func TestAckAtOnceAgainstNagle(t *testing.T) {
	client, server := pair(t)
	server.(*net.TCPConn).SetNoDelay(false)
	o := sock.For(client)
	buf := make([]byte, 8)
	slow, rounds := 0, 20
	for range rounds {
		client.Write([]byte("pong"))
		if err := o.AckAtOnce(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		server.Write([]byte("head"))
		server.Write([]byte("tail"))
		for got := 0; got < len(buf); {
			n, err := client.Read(buf[got:])
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
		if time.Since(began) > 20*time.Millisecond {
			slow++
		}
	}
	if slow > rounds/2 { // a busy machine makes some slow; delayed acknowledgements make almost all
		t.Errorf("%d of %d frames took more than 20 ms", slow, rounds)
	}
}

// Whether the kernel allows it is the machine's matter; that it is set when it
// was allowed is ours.
func TestBusyPoll(t *testing.T) {
	client, _ := pair(t)
	if err := sock.For(client).BusyPoll(); err != nil {
		t.Logf("not allowed here: %v", err)
		return
	}
	if got := option(t, client, unix.SOL_SOCKET, unix.SO_BUSY_POLL); got != 50 {
		t.Errorf("SO_BUSY_POLL is %d µs, want 50", got)
	}
}
