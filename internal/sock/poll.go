package sock

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Supported reports whether any connection can be read without waiting on this
// operating system.
const Supported = canPoll

// ErrUnsupported is returned where a connection cannot be read without waiting.
var ErrUnsupported = errors.New("sock: the connection cannot be polled")

// ErrWouldBlock is what Read returns, once [Conn.Poll] was called, when there
// is nothing to read now. Like a passed deadline it is temporary: a [tls.Conn]
// above may be read again.
//
// [tls.Conn]: https://pkg.go.dev/crypto/tls#Conn
var ErrWouldBlock error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "sock: nothing to read now" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true } // what crypto/tls asks

// Conn is a TCP connection that can be read without waiting. Until Poll is
// called it is an ordinary connection.
type Conn struct {
	net.Conn
	raw syscall.RawConn

	// The reader's: the runtime calls try during a Read.
	polling bool
	into    []byte
	n       int
	err     error
	attempt func(fd uintptr) bool // try, bound once: no allocation per Read
	look    func(fd uintptr) bool // peek, as well
	first   byte                  // for peek, that is not looked at
}

// NewConn makes nc readable without waiting. It fails with [ErrUnsupported] if
// nc is not a *[net.TCPConn], or the operating system is not Linux. A type that
// merely has one inside may do more in its Read than read, so it is left alone.
func NewConn(nc net.Conn) (*Conn, error) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok || !canPoll {
		return nil, ErrUnsupported
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: tcp, raw: raw}
	c.attempt, c.look = c.try, c.peek
	return c, nil
}

// quietBytes is how much may arrive on a polled socket before the kernel tells
// the runtime's poller: more than any message.
const quietBytes = 1 << 20

// Poll makes every later Read one attempt, that returns [ErrWouldBlock] instead
// of waiting. Neither it nor Wait must be called while a Read is under way.
//
// The kernel is asked to keep what arrives to itself (SO_RCVLOWAT), or it would
// wake a thread of the runtime for each packet, in vain, and on a busy machine
// in place of the one that polls.
func (c *Conn) Poll() {
	c.polling = true
	_ = c.raw.Control(func(fd uintptr) { readable(fd, quietBytes) }) // what cannot be had is not missed
}

// Wait makes every later Read wait again.
func (c *Conn) Wait() {
	c.polling = false
	_ = c.raw.Control(func(fd uintptr) { readable(fd, 1) }) // fails on a closed socket, where no Read waits
}

// Idle reports whether a Read after [Conn.Poll] would find nothing now. It is
// for who would read through something that makes a vain Read dear; else just
// read.
func (c *Conn) Idle() bool {
	return c.polling && c.raw.Read(c.look) == nil && c.err == syscall.EAGAIN
}

// peek is to Idle what try is to Read.
func (c *Conn) peek(fd uintptr) bool {
	for {
		c.err = peek(fd, &c.first)
		if c.err != syscall.EINTR {
			return true
		}
	}
}

// Read reads like any connection's, or once, without waiting, after [Conn.Poll].
// One goroutine at a time may read.
//
// The descriptor is borrowed from the runtime for each attempt, never kept:
// after Close an attempt fails with [net.ErrClosed], and cannot reach another
// file that was given the same number. For the same reason a read deadline is
// seen by the next attempt.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.polling {
		return c.Conn.Read(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	c.into = p
	err := c.raw.Read(c.attempt)
	c.into = nil
	switch {
	case err != nil:
		return 0, err
	case c.err == syscall.EAGAIN:
		return 0, ErrWouldBlock
	case c.err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", c.err)}
	case c.n == 0:
		return 0, io.EOF
	}
	return c.n, nil
}

// try reads once. It always reports that it is done: to report otherwise is to
// ask the runtime to wait.
func (c *Conn) try(fd uintptr) bool {
	for {
		c.n, c.err = read(fd, c.into)
		if c.err != syscall.EINTR {
			return true
		}
	}
}
