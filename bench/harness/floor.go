package harness

import (
	"context"
	"errors"
	"io"
	"math"
	"net"

	"github.com/gobwas/ws"
)

// Names of the floors.
const (
	Bare = "bare" // a goroutine for each socket, which blocks in Read
	Spin = "spin" // one goroutine, which asks all sockets in turn and never blocks
)

// Floors returns what can be done at the least: read loops that find nothing
// but the stamp. They do not mask, answer pings, watch the peer, decode, or hand
// anything to another goroutine.
func Floors() []Subject {
	return []Subject{{Name: Bare, Run: runBare}, {Name: Spin, Run: runSpin}}
}

func runBare(s *Session) error {
	failed := make(chan error)
	for range s.Load.Conns {
		nc, in, err := dialBare(s, nil)
		if err != nil {
			return err
		}
		go func() {
			r := s.Recorder()
			for {
				in.each(r.Frame)
				if err := in.fill(nc); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

func runSpin(s *Session) error {
	type socket struct {
		nc   net.Conn
		poll *pollConn
		in   *inbox
	}
	var sockets []socket
	for range s.Load.Conns {
		var poll *pollConn
		nc, in, err := dialBare(s, func(nc net.Conn) (net.Conn, error) {
			var err error
			poll, err = newPollConn(nc)
			return poll, err
		})
		if err != nil {
			return err
		}
		poll.start()
		sockets = append(sockets, socket{nc, poll, in})
	}
	r := s.Recorder()
	for {
		for i := range sockets {
			so := &sockets[i]
			so.in.each(r.Frame)
			if s.TLS != nil && !so.poll.ready() {
				continue
			}
			err := so.in.fill(so.nc)
			for s.TLS != nil && err == nil { // crypto/tls may hold more than one record
				so.in.each(r.Frame)
				err = so.in.fill(so.nc)
			}
			if err != nil && !errors.Is(err, errNothing) {
				return err
			}
		}
	}
}

// dialBare opens a WebSocket; wrap, if any, is put around its TCP connection.
func dialBare(s *Session, wrap func(net.Conn) (net.Conn, error)) (net.Conn, *inbox, error) {
	d := ws.Dialer{TLSConfig: s.TLS, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		nc, err := d.DialContext(ctx, network, addr)
		if err != nil || wrap == nil {
			return nc, err
		}
		return wrap(nc)
	}}
	nc, br, _, err := d.Dial(context.Background(), s.URL+"/"+Query)
	if err != nil {
		return nil, nil, err
	}
	in := &inbox{buf: make([]byte, 2<<20)}
	if br != nil { // what came with the handshake
		n, err := io.ReadFull(br, in.buf[:br.Buffered()])
		if err != nil {
			return nil, nil, err
		}
		in.w = n
	}
	return nc, in, nil
}

// inbox holds what was read from a socket and is not a whole frame yet.
type inbox struct {
	buf  []byte
	r, w int
}

// fill reads once.
func (in *inbox) fill(nc net.Conn) error {
	if in.r == in.w {
		in.r, in.w = 0, 0
	} else if in.w == len(in.buf) {
		in.w = copy(in.buf, in.buf[in.r:])
		in.r = 0
	}
	n, err := nc.Read(in.buf[in.w:])
	in.w += n
	return err
}

// each calls f with the stamp of each whole frame.
func (in *inbox) each(f func(due int64)) {
	for {
		n := frameLen(in.buf[in.r:in.w])
		if n > in.w-in.r {
			return
		}
		in.r += n
		f(Stamp(in.buf[in.r-n : in.r]))
	}
}

// frameLen returns the length of the unmasked frame that b begins with, or more
// than there is of b if that is not known yet.
func frameLen(b []byte) int {
	switch {
	case len(b) < 2:
	case b[1] < 126:
		return 2 + int(b[1])
	case b[1] == 126 && len(b) >= 4:
		return 4 + int(b[2])<<8 + int(b[3])
	case b[1] == 127 && len(b) >= 10:
		return 10 + int(b[6])<<24 + int(b[7])<<16 + int(b[8])<<8 + int(b[9])
	}
	return math.MaxInt
}
