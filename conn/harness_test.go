package conn_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// message is what a test's sink got.
type message struct {
	kind ring.Kind
	at   int64
	data string
}

// harness runs a Conn against peer, a function that plays the server on each
// socket in turn. It lives in a synctest bubble.
type harness struct {
	tb     testing.TB
	conn   *conn.Conn
	cfg    conn.Config
	cancel context.CancelFunc
	result chan error // Run's

	mu          sync.Mutex
	got         []message
	transitions []conn.Transition
	dials       int
}

// start dials in memory; peer gets the server's end of each socket before the
// handshake.
func start(tb testing.TB, cfg conn.Config, peer func(dial int, nc net.Conn)) *harness {
	h := &harness{tb: tb, result: make(chan error, 1)}
	if cfg.URL == "" {
		cfg.URL = "ws://127.0.0.1:7000"
	}
	if cfg.Credentials == nil {
		cfg.Credentials = func() (string, string) { return "key", "token" }
	}
	if cfg.Commands == nil {
		cfg.Commands = func(bool) []shard.Command { return nil }
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			client, server := net.Pipe()
			h.mu.Lock()
			n := h.dials
			h.dials++
			h.mu.Unlock()
			go func() {
				defer server.Close()
				peer(n, server)
			}()
			return client, nil
		}
	}
	cfg.Notify = func(t conn.Transition) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.transitions = append(h.transitions, t)
	}
	var consume *ring.BytesConsumer
	if cfg.Sink == nil {
		cfg.Sink, consume = ring.NewBytes(1 << 16)
	}
	h.cfg = cfg
	c, err := conn.New(cfg)
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	h.conn = c
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	ended := make(chan struct{})
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for consume != nil && consume.Wait(ended) {
			for rec, ok := consume.Peek(); ok; rec, ok = consume.Peek() {
				h.mu.Lock()
				h.got = append(h.got, message{rec.Kind, rec.At, string(rec.Data)})
				h.mu.Unlock()
				consume.Advance()
				consume.Release()
			}
		}
	}()
	tb.Cleanup(func() {
		cancel()
		time.Sleep(25 * time.Hour) // of the bubble: the longest sleep of a peer
	})
	go func() {
		err := c.Run(ctx)
		close(ended)
		<-drained
		h.result <- err
	}()
	return h
}

// stop cancels Run and returns what it returned.
func (h *harness) stop() error {
	h.cancel()
	return h.wait()
}

func (h *harness) wait() error {
	h.tb.Helper()
	select {
	case err := <-h.result:
		h.result <- err
		return err
	case <-time.After(time.Hour):
		h.tb.Fatal("Run did not return within an hour")
		return nil
	}
}

// after lets d pass and everything settle.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// messages returns the messages that the sink got, heartbeats left out.
func (h *harness) messages() []message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.got), func(m message) bool { return m.data == "\x00" })
}

func (h *harness) history() []conn.Transition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]conn.Transition(nil), h.transitions...)
}

// lastError is the reason of the latest transition that had one.
func (h *harness) lastError() error {
	for list := h.history(); len(list) > 0; list = list[:len(list)-1] {
		if err := list[len(list)-1].Err; err != nil {
			return err
		}
	}
	return nil
}

// heartbeats keeps a socket alive as the exchange does.
func heartbeats(nc net.Conn) {
	for {
		if _, err := nc.Write(frame(true, ws.OpBinary, "\x00")); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// idle keeps a socket open, answering nothing, until the client closes it.
func idle(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }

// quiet is a healthy socket without data.
func quiet(nc net.Conn) {
	go heartbeats(nc)
	idle(nc)
}

// request is what the handshake asked.
type request struct {
	uri    string
	header http.Header
}

// accept plays the server's side of the handshake.
func accept(nc net.Conn) (request, error) {
	req := request{header: http.Header{}}
	u := ws.Upgrader{
		OnRequest: func(uri []byte) error { req.uri = string(uri); return nil },
		OnHeader: func(k, v []byte) error {
			req.header.Add(string(k), string(v))
			return nil
		},
	}
	_, err := u.Upgrade(nc)
	return req, err
}

// frame is one unmasked server frame.
func frame(fin bool, op ws.OpCode, payload string) []byte {
	f := ws.NewFrame(op, fin, []byte(payload))
	return ws.MustCompileFrame(f)
}

// nextFrame reads one client frame, which must be masked, and unmasks it.
func nextFrame(tb testing.TB, nc net.Conn) (ws.OpCode, string, error) {
	h, err := ws.ReadHeader(nc)
	if err != nil {
		return 0, "", err
	}
	if !h.Masked {
		tb.Errorf("client frame with opcode %d is not masked", h.OpCode)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(nc, payload); err != nil {
		return 0, "", err
	}
	ws.Cipher(payload, h.Mask, 0)
	return h.OpCode, string(payload), nil
}
