package sock_test

import (
	"errors"
	"net"
	"testing"

	"github.com/kiteticker/kiteticker/internal/sock"
)

// What is not a TCP connection itself is left alone, be it in memory or one
// that has its own idea of Read.
func TestNewConnRefuses(t *testing.T) {
	inMemory, other := net.Pipe()
	defer inMemory.Close()
	defer other.Close()
	for _, nc := range []net.Conn{nil, inMemory, struct{ *net.TCPConn }{}} {
		if c, err := sock.NewConn(nc); c != nil || !errors.Is(err, sock.ErrUnsupported) {
			t.Errorf("NewConn(%T) = %v, %v, want ErrUnsupported", nc, c, err)
		}
	}
}

func TestOptionsWithoutSocket(t *testing.T) {
	inMemory, other := net.Pipe()
	defer inMemory.Close()
	defer other.Close()
	for _, o := range []sock.Options{{}, sock.For(nil), sock.For(inMemory)} {
		if err := o.AckAtOnce(); !errors.Is(err, sock.ErrUnsupported) {
			t.Errorf("AckAtOnce: %v, want ErrUnsupported", err)
		}
		if err := o.BusyPoll(); !errors.Is(err, sock.ErrUnsupported) {
			t.Errorf("BusyPoll: %v, want ErrUnsupported", err)
		}
	}
}
