package main

import (
	"context"
	"errors"
	"net/http"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// callbacks returns the callback design over each WebSocket library. "official"
// has the one that the official client has.
func callbacks() []harness.Subject {
	return []harness.Subject{
		{Name: "official", Floor: harness.Bare, Run: perSocket(runGorilla)},
		{Name: "coder", Floor: harness.Bare, Run: perSocket(runCoder)},
		{Name: "gws", Floor: harness.Bare, Run: perSocket(runGws)},
	}
}

// perSocket runs read for each socket of the load, on a goroutine of its own.
func perSocket(read func(s *harness.Session, c *callback) error) func(*harness.Session) error {
	return func(s *harness.Session) error {
		failed := make(chan error)
		for range s.Load.Conns {
			go func() { failed <- read(s, &callback{r: s.Recorder()}) }()
		}
		return <-failed
	}
}

func runGorilla(s *harness.Session, c *callback) error {
	d := gorilla.Dialer{TLSClientConfig: s.TLS}
	ws, _, err := d.Dial(s.URL+harness.Query, nil)
	if err != nil {
		return err
	}
	for {
		kind, msg, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind == gorilla.BinaryMessage {
			if err := c.onMessage(msg); err != nil {
				return err
			}
		}
	}
}

func runCoder(s *harness.Session, c *callback) error {
	ctx := context.Background()
	ws, _, err := coder.Dial(ctx, s.URL+harness.Query, &coder.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: s.TLS}},
	})
	if err != nil {
		return err
	}
	ws.SetReadLimit(-1)
	for {
		kind, msg, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		if kind == coder.MessageBinary {
			if err := c.onMessage(msg); err != nil {
				return err
			}
		}
	}
}

// gwsHandler is called by gws on the goroutine that reads.
type gwsHandler struct {
	gws.BuiltinEventHandler
	c   *callback
	err error
}

func (h *gwsHandler) OnMessage(socket *gws.Conn, message *gws.Message) {
	defer message.Close()
	if message.Opcode == gws.OpcodeBinary && h.err == nil {
		h.err = h.c.onMessage(message.Bytes())
	}
}

func (h *gwsHandler) OnClose(socket *gws.Conn, err error) {
	if h.err == nil {
		h.err = err
	}
}

func runGws(s *harness.Session, c *callback) error {
	h := &gwsHandler{c: c}
	ws, _, err := gws.NewClient(h, &gws.ClientOption{Addr: s.URL + "/" + harness.Query, TlsConfig: s.TLS})
	if err != nil {
		return err
	}
	ws.ReadLoop()
	if h.err == nil {
		return errors.New("gws: the loop has ended")
	}
	return h.err
}
