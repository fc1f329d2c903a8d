package conn_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// polling is a Conn with BusyPoll on loopback TCP, which only its test polls.
type polling struct {
	*conn.Conn
	ring   *ring.BytesConsumer
	cancel context.CancelFunc
	result chan error
}

// startPolled dials a listener where peer plays the server, and waits until the
// socket is there. serve is nil for plain TCP.
func startPolled(t *testing.T, cfg conn.Config, serve *tls.Config, peer func(net.Conn)) *polling {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("sockets cannot be polled on " + runtime.GOOS)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				if serve != nil {
					nc = tls.Server(nc, serve)
				}
				peer(nc)
			}()
		}
	}()
	cfg.URL = "ws://" + l.Addr().String()
	if serve != nil {
		cfg.URL = "wss://" + l.Addr().String()
	}
	p := &polling{result: make(chan error, 1)}
	if cfg.Sink == nil {
		cfg.Sink, p.ring = ring.NewBytes(1 << 20)
	}
	cfg.BusyPoll = true
	cfg.Credentials = func() (string, string) { return "key", "token" }
	cfg.Commands = func(bool) []shard.Command { return nil }
	live := make(chan struct{})
	var once sync.Once
	cfg.Pollable = func() { once.Do(func() { close(live) }) }
	cfg.Notify = func(tr conn.Transition) { // which may use the sink
		if got := p.Poll(); tr.From == conn.StateDialing && got != conn.NoSocket {
			t.Errorf("Poll while Notify is told of %v: %v, want no socket", tr.To, got)
		}
	}
	if p.Conn, err = conn.New(cfg); err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	t.Cleanup(p.cancel)
	go func() { p.result <- p.Run(ctx) }()
	select {
	case <-live:
	case err := <-p.result:
		t.Fatalf("Run returned %v", err)
	}
	return p
}

// drain polls until n messages have come.
func (p *polling) drain(t *testing.T, n int) (got []string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(got) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages of %d after 30 s", len(got), n)
		}
		p.Poll()
		for rec, ok := p.ring.Peek(); ok; rec, ok = p.ring.Peek() {
			got = append(got, string(rec.Data))
			p.ring.Advance()
			p.ring.Release()
		}
		runtime.Gosched()
	}
	return got
}

// A frame that comes byte by byte may run dry anywhere: in its header, in its
// payload, in a control frame, in a fragment. Nothing is lost or doubled.
func TestPollTorn(t *testing.T) {
	long := strings.Repeat("x", 300)
	wire := slices.Concat(
		frame(true, ws.OpBinary, "one"), frame(true, ws.OpPing, "ping"), frame(true, ws.OpText, "{}"),
		frame(true, ws.OpBinary, ""), frame(true, ws.OpBinary, long),
		frame(false, ws.OpBinary, "frag"), frame(true, ws.OpPong, "p"), frame(true, ws.OpContinuation, "ment"),
		frame(true, ws.OpBinary, "last"))
	want := []string{"one", "{}", "", long, "fragment", "last"}
	server, client, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	for name, serve := range map[string]*tls.Config{"plain": nil, "tls": server} {
		t.Run(name, func(t *testing.T) {
			pong := make(chan string, 1)
			p := startPolled(t, conn.Config{TLS: client}, serve, func(nc net.Conn) {
				accept(nc)
				for i := range wire {
					if _, err := nc.Write(wire[i : i+1]); err != nil {
						return
					}
					runtime.Gosched()
				}
				_, payload, _ := nextFrame(t, nc)
				pong <- payload
				idle(nc)
			})
			if got := p.drain(t, len(want)); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if got := <-pong; got != "ping" {
				t.Errorf("the answer to a ping is %q", got)
			}
			if n := p.Counters().Polls.Load(); n == 0 {
				t.Error("no turn was counted")
			}
		})
	}
}

// A poll in vain allocates nothing, under TLS either: there are thousands of
// them to a message.
func TestPollInVainAllocatesNothing(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("only where peeking at a socket is known not to allocate")
	}
	server, client, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	for name, serve := range map[string]*tls.Config{"plain": nil, "tls": server} {
		t.Run(name, func(t *testing.T) {
			p := startPolled(t, conn.Config{TLS: client}, serve, func(nc net.Conn) {
				accept(nc)
				nc.Write(frame(true, ws.OpBinary, "one"))
				idle(nc)
			})
			p.drain(t, 1)
			for range 100 { // session tickets may come after it
				if got := p.Poll(); got != conn.Empty {
					t.Fatalf("a poll in vain: %v, want empty", got)
				}
			}
			if n := testing.AllocsPerRun(1000, func() { p.Poll() }); n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}

// A message above the read buffer, larger than what one read returns.
func TestPollLargeMessage(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 200<<10/16)
	p := startPolled(t, conn.Config{}, nil, func(nc net.Conn) {
		accept(nc)
		nc.Write(frame(true, ws.OpBinary, string(large)))
		idle(nc)
	})
	if got := p.drain(t, 1); got[0] != string(large) {
		t.Errorf("a message of %d bytes came as %d", len(large), len(got[0]))
	}
}

// One goroutine at a time is the reader; any may be.
func TestPollByMany(t *testing.T) {
	const messages = 2000
	p := startPolled(t, conn.Config{}, nil, func(nc net.Conn) {
		accept(nc)
		for range messages {
			if _, err := nc.Write(frame(true, ws.OpBinary, "tick")); err != nil {
				return
			}
		}
		idle(nc)
	})
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 3 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					p.Poll()
					runtime.Gosched()
				}
			}
		})
	}
	got := p.drain(t, messages)
	close(stop)
	others.Wait()
	for i, m := range got {
		if m != "tick" {
			t.Fatalf("message %d is %q", i, m)
		}
	}
}

// Run ends in time although nobody polls any more.
func TestPollAbandoned(t *testing.T) {
	p := startPolled(t, conn.Config{DrainTimeout: time.Millisecond}, nil, func(nc net.Conn) { accept(nc); idle(nc) })
	p.cancel()
	if err := <-p.result; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if got := p.Poll(); got != conn.NoSocket || got.String() != "no socket" {
		t.Errorf("Poll after the end: %v, want no socket", got)
	}
}

// A full sink makes nobody wait who polls: other sockets need him. The message
// is taken when there is room.
func TestPollFullSink(t *testing.T) {
	const messages = 100
	var sink conn.Sink
	sink, consumer := ring.NewBytes(1 << 10)
	p := startPolled(t, conn.Config{Sink: sink}, nil, func(nc net.Conn) {
		accept(nc)
		for range messages {
			nc.Write(frame(true, ws.OpBinary, strings.Repeat("x", 100)))
		}
		idle(nc)
	})
	p.ring = consumer
	for p.Counters().Waits.Load() == 0 {
		p.Poll()
		runtime.Gosched()
	}
	if got := p.drain(t, messages); len(got) != messages {
		t.Errorf("%d messages, want %d", len(got), messages)
	}
}

// Where the socket cannot be polled it is read as usual, and the log says so.
func TestPollFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := start(t, conn.Config{BusyPoll: true, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(_ int, nc net.Conn) {
			accept(nc)
			nc.Write(frame(true, ws.OpBinary, "tick"))
			quiet(nc)
		})
		after(time.Second)
		if got := h.messages(); len(got) != 1 {
			t.Errorf("%d messages, want 1", len(got))
		}
		if got := h.conn.Poll(); got != conn.NoSocket {
			t.Errorf("Poll of an ordinary socket: %v, want no socket", got)
		}
		h.stop()
		if !strings.Contains(log.String(), "socket is not polled") {
			t.Errorf("the log says nothing of it: %s", &log)
		}
	})
}

// What the server sends before it closes is delivered, and its reason is told.
func TestPollClosedByServer(t *testing.T) {
	reasons := make(chan error, 1)
	p := startPolled(t, conn.Config{MaxAttempts: 1, StableAfter: time.Hour}, nil, func(nc net.Conn) {
		accept(nc)
		nc.Write(frame(true, ws.OpBinary, "tick"))
		nc.Write(ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4000, "gone"))))
		idle(nc)
	})
	go func() { reasons <- <-p.result }()
	if got := p.drain(t, 1); got[0] != "tick" {
		t.Errorf("got %q", got)
	}
	for {
		p.Poll()
		select {
		case err := <-reasons:
			var ce *conn.CloseError
			if !errors.As(err, &ce) || ce.Code != 4000 {
				t.Errorf("Run returned %v, want the server's reason", err)
			}
			return
		default:
			runtime.Gosched()
		}
	}
}
