package sock_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kiteticker/kiteticker/internal/sock"
)

// pair returns the two ends of a TCP connection over loopback.
func pair(tb testing.TB) (client, server net.Conn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		nc, _ := l.Accept()
		accepted <- nc
	}()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	server = <-accepted
	tb.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func polled(tb testing.TB, nc net.Conn) *sock.Conn {
	tb.Helper()
	c, err := sock.NewConn(nc)
	if err != nil {
		tb.Fatal(err)
	}
	c.Poll()
	return c
}

// spin reads until something other than ErrWouldBlock comes.
func spin(r io.Reader, p []byte) (int, error) {
	for {
		n, err := r.Read(p)
		if !errors.Is(err, sock.ErrWouldBlock) {
			return n, err
		}
		runtime.Gosched()
	}
}

// spinReader is a polled connection for those who want to wait.
type spinReader struct{ r io.Reader }

func (s spinReader) Read(p []byte) (int, error) { return spin(s.r, p) }

func TestReadDoesNotWait(t *testing.T) {
	client, server := pair(t)
	c := polled(t, client)
	buf := make([]byte, 16)
	if n, err := c.Read(buf); n != 0 || err != sock.ErrWouldBlock {
		t.Fatalf("Read of a silent connection: %d, %v", n, err)
	}
	var ne net.Error
	if !errors.As(sock.ErrWouldBlock, &ne) || !ne.Timeout() {
		t.Error("ErrWouldBlock is no timeout")
	}
	server.Write([]byte("tick"))
	if n, err := spin(c, buf); err != nil || string(buf[:n]) != "tick" {
		t.Errorf("Read: %q, %v", buf[:n], err)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing: %d, %v", n, err)
	}
	server.(*net.TCPConn).CloseWrite()
	if n, err := spin(c, buf); n != 0 || err != io.EOF {
		t.Errorf("Read at the end: %d, %v, want EOF", n, err)
	}
}

func TestReadWaitsUntilPolled(t *testing.T) {
	client, server := pair(t)
	c, err := sock.NewConn(client)
	if err != nil {
		t.Fatal(err)
	}
	server.Write([]byte("hello"))
	buf := make([]byte, 5)
	if n, err := io.ReadFull(c, buf); n != 5 || err != nil {
		t.Errorf("an ordinary Read: %d, %v", n, err)
	}
}

// Nobody is woken for a polled socket; after Wait it is an ordinary one again,
// also for what came before.
func TestWaitAfterPoll(t *testing.T) {
	client, server := pair(t)
	c := polled(t, client)
	if got := option(t, client, unix.SOL_SOCKET, unix.SO_RCVLOWAT); got <= 558_002 {
		t.Errorf("SO_RCVLOWAT is %d, want more than the largest message", got)
	}
	if got := option(t, client, unix.SOL_SOCKET, unix.SO_RCVBUF); got < 1<<20 {
		t.Errorf("SO_RCVBUF is %d, want room for what the kernel keeps to itself", got)
	}
	server.Write([]byte("before"))
	c.Wait()
	if got := option(t, client, unix.SOL_SOCKET, unix.SO_RCVLOWAT); got != 1 {
		t.Errorf("SO_RCVLOWAT is %d after Wait, want 1", got)
	}
	go server.Write([]byte("after"))
	buf := make([]byte, len("beforeafter"))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "beforeafter" {
		t.Errorf("read %q, %v", buf, err)
	}
}

func TestReadAfterReset(t *testing.T) {
	client, server := pair(t)
	c := polled(t, client)
	server.(*net.TCPConn).SetLinger(0)
	server.Close()
	_, err := spin(c, make([]byte, 1))
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || op.Addr.String() != client.RemoteAddr().String() {
		t.Errorf("Read of a reset connection: %v", err)
	}
}

// A Close by another goroutine ends a spin, also when it closes what Dial
// returned and knows nothing of the polling.
func TestCloseEndsSpin(t *testing.T) {
	client, _ := pair(t)
	c := polled(t, client)
	ended := make(chan error)
	go func() {
		_, err := spin(c, make([]byte, 1))
		ended <- err
	}()
	runtime.Gosched()
	client.Close() // waits for the attempt under way
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("spin ended with %v, want net.ErrClosed", err)
	}
}

// A descriptor's number is given away again at once; a polled connection must
// never read from the next owner of its number.
func TestCloseAndReuse(t *testing.T) {
	secret, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	secret.WriteString("other")
	for range 50 {
		client, _ := pair(t)
		c := polled(t, client)
		got := make(chan int)
		go func() {
			n, _ := spin(c, make([]byte, 5))
			got <- n
		}()
		client.Close()
		var others []*os.File
		for range 4 { // one of them has the number now
			f, err := os.Open(secret.Name())
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, f)
		}
		if n := <-got; n != 0 {
			t.Fatalf("read %d bytes of another file", n)
		}
		for _, f := range others {
			f.Close()
		}
	}
}

func TestReadDeadline(t *testing.T) {
	client, _ := pair(t)
	c := polled(t, client)
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read after the deadline: %v", err)
	}
	c.SetReadDeadline(time.Time{})
	if _, err := c.Read(make([]byte, 1)); err != sock.ErrWouldBlock {
		t.Errorf("Read without a deadline: %v", err)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	client, server := pair(t)
	c := polled(t, client)
	buf, one := make([]byte, 16), []byte{1}
	if n := testing.AllocsPerRun(100, func() {
		c.Read(buf)
		server.Write(one)
		spin(c, buf)
	}); n != 0 {
		t.Errorf("%v allocations per attempt, want 0", n)
	}
}

// Idle tells what a Read would find, and takes nothing away.
func TestIdle(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("only where peeking at a socket is known not to allocate")
	}
	client, server := pair(t)
	c, err := sock.NewConn(client)
	if err != nil {
		t.Fatal(err)
	}
	if c.Idle() {
		t.Error("a connection that waits is idle")
	}
	c.Poll()
	if !c.Idle() {
		t.Error("a silent connection is not idle")
	}
	if n := testing.AllocsPerRun(100, func() { c.Idle() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	server.Write([]byte("x"))
	for c.Idle() {
		runtime.Gosched()
	}
	if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("Read: %d, %v", n, err)
	}
	server.Close()
	for c.Idle() {
		runtime.Gosched()
	}
	if _, err := c.Read(make([]byte, 8)); err != io.EOF {
		t.Errorf("Read at the end: %v", err)
	}
	c.Close()
	if c.Idle() {
		t.Error("a closed connection is idle")
	}
}

// TLS goes on after an attempt that found nothing, wherever in a record the
// bytes ran out.
func TestTLS(t *testing.T) {
	client, server := pair(t)
	sent := make([]byte, 100_000)
	rand.Read(sent)
	srv := tls.Server(&trickle{Conn: server}, serverTLS(t))
	go func() {
		srv.Write(sent)
		srv.Close()
	}()
	c, err := sock.NewConn(client)
	if err != nil {
		t.Fatal(err)
	}
	cl := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	if err := cl.Handshake(); err != nil { // waits, as on any connection
		t.Fatal(err)
	}
	c.Poll()
	got, err := io.ReadAll(spinReader{cl})
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d, equal %v, %v", len(got), len(sent), bytes.Equal(got, sent), err)
	}
}

// trickle writes in pieces of a prime length, so that records are torn at every
// place.
type trickle struct{ net.Conn }

func (c *trickle) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = c.Conn.Write(p[n:min(n+257, len(p))])
		n += m
		runtime.Gosched()
	}
	return n, err
}

func serverTLS(tb testing.TB) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
