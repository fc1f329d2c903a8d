package sock

import (
	"net"
	"syscall"
	"time"
)

// busyPollTime is how long the kernel may poll the network card at a read: for
// a read that does not wait, which is the only kind it is set for, one round.
const busyPollTime = 50 * time.Microsecond

// Options sets socket options of one connection. The zero value, and one made
// for a connection without a socket, do nothing.
type Options struct{ raw syscall.RawConn }

// For finds the socket of nc: of what offers [syscall.Conn], or hides such a
// connection behind a NetConn method, as TLS does.
func For(nc net.Conn) Options {
	for nc != nil {
		if sc, ok := nc.(syscall.Conn); ok {
			raw, err := sc.SyscallConn()
			if err != nil {
				return Options{}
			}
			return Options{raw}
		}
		outer, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		nc = outer.NetConn()
	}
	return Options{}
}

// AckAtOnce makes the kernel acknowledge what it receives without delay (TCP_QUICKACK). It
// lasts until something is sent, and is to be called after each write. It
// fails with [ErrUnsupported] where there is nothing to set.
func (o Options) AckAtOnce() error { return o.control(ackAtOnce) }

// BusyPoll lets each read look into the network card's queue itself
// (SO_BUSY_POLL). Without CAP_NET_ADMIN the kernel refuses to, unless
// net.core.busy_read is as high.
func (o Options) BusyPoll() error {
	return o.control(func(fd uintptr) error { return busyPoll(fd, int(busyPollTime/time.Microsecond)) })
}

func (o Options) control(set func(fd uintptr) error) error {
	if o.raw == nil {
		return ErrUnsupported
	}
	var err error
	if closed := o.raw.Control(func(fd uintptr) { err = set(fd) }); closed != nil {
		return closed
	}
	return err
}
