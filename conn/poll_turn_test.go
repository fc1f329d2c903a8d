package conn_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// countingSink has always room and keeps nothing. It is the reader's, as any
// sink: Poll by one goroutine makes it that one's.
type countingSink struct {
	buf             []byte
	messages, bytes int
	woke            bool // what Publish reports
}

func (s *countingSink) Claim(n int) ([]byte, error) { return s.buf[:n], nil }
func (s *countingSink) Commit(n int, _ ring.Kind, _ int64) {
	s.messages++
	s.bytes += n
}
func (s *countingSink) Abort()                         {}
func (s *countingSink) Publish() bool                  { return s.woke }
func (s *countingSink) Wait(<-chan struct{}, int) bool { return true }
func (s *countingSink) MaxRecord() int                 { return len(s.buf) }

// A server that floods one socket does not keep whoever polls from others; and
// what a call left, in the socket or in TLS, the next one takes, also when
// nothing comes any more.
func TestPollIsBounded(t *testing.T) {
	const most = 64 << 10
	server, client, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1000, 100_000} { // none ends where a buffer does
		for name, serve := range map[string]*tls.Config{"plain": nil, "tls": server} {
			t.Run(name, func(t *testing.T) {
				messages := 8 << 20 / size
				sink := &countingSink{buf: make([]byte, size)}
				p := startPolled(t, conn.Config{TLS: client, Sink: sink, Liveness: time.Hour}, serve, func(nc net.Conn) {
					accept(nc)
					nc.Write(bytes.Repeat(frame(true, ws.OpBinary, string(make([]byte, size))), messages))
					idle(nc)
				})
				deadline := time.Now().Add(30 * time.Second)
				for sink.messages < messages {
					if time.Now().After(deadline) {
						t.Fatalf("%d messages of %d after 30 s", sink.messages, messages)
					}
					read, had, kept := p.Counters().Bytes.Load(), sink.messages, sink.bytes
					found := p.Poll()
					if n := p.Counters().Bytes.Load() - read; n > most {
						t.Fatalf("a call took %d bytes from the socket, want at most %d", n, most)
					}
					if n := sink.bytes - kept; n > most+size {
						t.Fatalf("a call put %d bytes into the sink, want at most %d and a message", n, most)
					}
					want := conn.Empty
					if sink.messages > had {
						want = conn.Found
					}
					if found != want {
						t.Fatalf("%v after %d messages, want %v", found, sink.messages-had, want)
					}
					runtime.Gosched()
				}
			})
		}
	}
}

// A call returns with what it found before it lets anybody run: the goroutine
// may be a user's, who has a message to see to, and has the turn meanwhile.
func TestPollDoesNotYield(t *testing.T) {
	const rounds = 100
	next, written := make(chan struct{}), make(chan struct{})
	defer close(next)
	sink := &countingSink{buf: make([]byte, 16), woke: true}
	p := startPolled(t, conn.Config{Sink: sink, Liveness: time.Hour}, nil, func(nc net.Conn) {
		accept(nc)
		for range next {
			nc.Write(frame(true, ws.OpBinary, "tick"))
			written <- struct{}{}
		}
	})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	yielded := 0
	for range rounds {
		next <- struct{}{}
		<-written
		var ran atomic.Bool
		ended := make(chan struct{})
		go func() { ran.Store(true); close(ended) }()
		found := p.Poll()
		if ran.Load() {
			yielded++
		}
		<-ended
		for found != conn.Found {
			found = p.Poll()
		}
	}
	// Not every time: the runtime may preempt, and a yield need not run that one.
	if yielded > rounds/2 {
		t.Errorf("%d calls of %d let another goroutine run", yielded, rounds)
	}
}

// heldSink keeps its reader inside Commit until it is released.
type heldSink struct {
	countingSink
	entered, release chan struct{}
}

func (s *heldSink) Commit(int, ring.Kind, int64) {
	close(s.entered)
	<-s.release
}

// Nobody waits for a turn: who comes while another reads may poll the next
// connection.
func TestPollBusy(t *testing.T) {
	sink := &heldSink{countingSink{buf: make([]byte, 16)}, make(chan struct{}), make(chan struct{})}
	p := startPolled(t, conn.Config{Sink: sink, Liveness: time.Hour}, nil, func(nc net.Conn) {
		accept(nc)
		nc.Write(frame(true, ws.OpBinary, "tick"))
		idle(nc)
	})
	first, second := make(chan struct{}), make(chan conn.Polled, 1)
	go func() {
		defer close(first)
		for p.Poll() != conn.Found {
			runtime.Gosched()
		}
	}()
	<-sink.entered
	go func() { second <- p.Poll() }()
	select {
	case got := <-second:
		if got != conn.Busy {
			t.Errorf("Poll while another reads: %v, want busy", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("Poll waits while another reads")
	}
	close(sink.release)
	<-first
}
