package harness

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// pollConn is a TCP connection whose Read, once started, never blocks: where
// there is nothing to read it returns errNothing. To crypto/tls that is a
// timeout, after which it may be asked again.
type pollConn struct {
	net.Conn
	raw     syscall.RawConn
	try     func(fd uintptr) bool // made once: a new closure for each read would be garbage
	into    []byte
	n       int
	err     error
	polling bool
	ahead   []byte // read by ready
	space   []byte
}

// errNothing is os.ErrDeadlineExceeded, which is Temporary, as crypto/tls wants
// it.
var errNothing = os.ErrDeadlineExceeded

func newPollConn(nc net.Conn) (*pollConn, error) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil, errors.New("not a TCP connection")
	}
	raw, err := tcp.SyscallConn()
	c := &pollConn{Conn: nc, raw: raw, space: make([]byte, 64<<10)}
	c.try = func(fd uintptr) bool {
		c.n, c.err = readFD(syscall.Read, fd, c.into)
		return true // never wait for the socket
	}
	return c, err
}

// readFD calls syscall.Read, whose descriptors are integers here and handles
// there.
func readFD[FD ~int | ~uintptr](read func(FD, []byte) (int, error), fd uintptr, b []byte) (int, error) {
	return read(FD(fd), b)
}

// start ends the time of blocking, for the handshake.
func (c *pollConn) start() { c.polling = true }

// ready reports whether Read has something. It asks the socket before
// crypto/tls is asked, which would make garbage each time that it finds nothing.
func (c *pollConn) ready() bool {
	if len(c.ahead) == 0 {
		n, err := c.poll(c.space)
		c.ahead = c.space[:n]
		return n > 0 || err != errNothing
	}
	return true
}

func (c *pollConn) Read(b []byte) (int, error) {
	if !c.polling {
		return c.Conn.Read(b)
	}
	if len(c.ahead) > 0 {
		n := copy(b, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.poll(b)
}

func (c *pollConn) poll(b []byte) (int, error) {
	c.into = b
	if err := c.raw.Read(c.try); err != nil {
		return 0, err
	}
	switch {
	case c.err == syscall.EAGAIN || c.err == syscall.EINTR:
		return 0, errNothing
	case c.err != nil:
		return 0, c.err
	case c.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return c.n, nil
}
