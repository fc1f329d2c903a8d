package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// wire is a way of its own from the client to the exchange over loopback TCP,
// with a toxiproxy in the middle.
type wire struct {
	proxy *toxiproxy.Proxy
	addr  string // where it is dialled
	open  int    // connections that run over it; guarded by wires.mu
}

// wires are the ways that a client's connections take, one each.
type wires struct {
	mu   sync.Mutex
	list []*wire
}

// newWires lays n wires to the exchange at addr. With abrupt, every end of a
// connection on them is a TCP reset.
func newWires(n int, addr string, abrupt bool) (*wires, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics log to the global logger
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	ws := &wires{}
	for i := range n {
		w := &wire{proxy: toxiproxy.NewProxy(api, fmt.Sprint("wire", i), "127.0.0.1:0", addr)}
		if err := w.proxy.Start(); err != nil {
			ws.close()
			return nil, fmt.Errorf("wire %d: %w", i, err)
		}
		w.addr = w.proxy.Listen
		ws.list = append(ws.list, w)
		if abrupt {
			// A reset_peer that is there when a connection opens makes its
			// sockets send RST when they close; at toxicity 0 it does no more.
			if _, err := w.add(toxic{Type: "reset_peer", Name: "abrupt", Toxicity: 0}); err != nil {
				ws.close()
				return nil, err
			}
		}
	}
	return ws, nil
}

// dial connects over the wire that carries the fewest connections. It is the
// client's Config.Dial. So a connection that redials finds its own wire again:
// the others are taken.
func (ws *wires) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	ws.mu.Lock()
	w := ws.list[0]
	for _, other := range ws.list[1:] {
		if other.open < w.open {
			w = other
		}
	}
	w.open++
	ws.mu.Unlock()

	release := sync.OnceFunc(func() {
		ws.mu.Lock()
		w.open--
		ws.mu.Unlock()
	})
	c, err := new(net.Dialer).DialContext(ctx, network, w.addr)
	if err != nil {
		release()
		return nil, err
	}
	return &wireConn{TCPConn: c.(*net.TCPConn), release: release}, nil
}

// wireConn is a connection that gives its wire free when it is closed.
type wireConn struct {
	*net.TCPConn
	release func()
}

func (c *wireConn) Close() error {
	defer c.release()
	return c.TCPConn.Close()
}

func (ws *wires) close() {
	for _, w := range ws.list {
		w.proxy.Stop()
	}
}

// toxic is one of toxiproxy's faults, as its API has them.
type toxic struct {
	Type       string         `json:"type"`
	Name       string         `json:"name"`
	Stream     string         `json:"stream,omitempty"` // downstream, to the client, if empty
	Toxicity   float32        `json:"toxicity"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

const upstream = "upstream" // to the exchange

// add puts t on the wire and returns what takes it off again.
func (w *wire) add(t toxic) (remove func() error, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		return nil, fmt.Errorf("toxic %s: %w", t.Type, err)
	}
	return func() error { return w.proxy.Toxics.RemoveToxic(context.Background(), t.Name) }, nil
}

// cut takes the wire out: connections on it end, new ones are refused.
func (w *wire) cut() { w.proxy.Stop() }

// mend puts it back, at the same address.
func (w *wire) mend() error { return w.proxy.Start() }
