package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// The exchange and its client talk in lines of JSON on the exchange's standard
// input and output, in this order.
type (
	opened struct { // the exchange listens
		URL         string `json:"url"`
		Certificate []byte `json:"certificate,omitempty"` // to trust, in DER
	}
	subscribed struct{} // the exchange has all sockets and subscriptions
	begin      struct { // the client is ready, too
		Start int64 `json:"start"` // when the first frame is due, or later
	}
	finished struct { // the exchange has sent everything
		Frames uint64 `json:"frames"`
		Late   uint64 `json:"late"` // frames that had to wait for the one before
		Err    string `json:"err,omitempty"`
	}
)

// patience is how long one end waits for the other.
const patience = 10 * time.Second

// serve is the process of the exchange: it accepts the client's sockets, sends
// the load of spec, and ends when its standard input does.
func serve(spec *spec, in io.Reader, out io.Writer) error {
	say := json.NewEncoder(out)
	cfg := kitetest.Config{
		Instruments: kitetest.Universe(spec.Load.Instruments),
		Heartbeat:   -1,
		Stamp:       true, // a snapshot's stamps lie before the start, so that nobody takes them for the load's
	}
	var hello opened
	if spec.TLS {
		server, _, err := kitetest.LoopbackTLS()
		if err != nil {
			return err
		}
		cfg.TLS, hello.Certificate = server, server.Certificates[0].Certificate[0]
	}
	server, err := kitetest.Listen(cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	hello.URL = server.URL()
	if err := say.Encode(hello); err != nil {
		return err
	}
	words := json.NewDecoder(in)
	starts, gone := make(chan int64, 1), make(chan struct{})
	go func() {
		defer close(gone) // the client's end closes with its process
		var b begin
		for words.Decode(&b) == nil {
			starts <- b.Start
		}
	}()
	p := &pacer{load: spec.Load, subscribes: spec.Subscribes, total: spec.Warm + spec.Duration}
	if err := p.connect(server, gone); err != nil {
		return err
	}
	if err := say.Encode(subscribed{}); err != nil {
		return err
	}
	select {
	case start := <-starts:
		p.start = max(start, int64(hrtime.Now())) // never in the past, or the first frames would be late for nobody's fault
	case <-gone:
		return errGone
	}
	fin := p.send()
	if err := say.Encode(fin); err != nil {
		return err
	}
	<-gone
	return nil
}

// pacer sends frames when they are due.
type pacer struct {
	load       Load
	subscribes bool
	total      time.Duration
	conns      []*kitetest.Conn
	frames     [][]stampedFrame // by socket, sent in turn
	start      int64
}

var errGone = errors.New("the client has gone")

// connect waits for all sockets, and for their subscriptions if the client makes
// any. A socket is sent what it has subscribed to, or else its share.
func (p *pacer) connect(server *kitetest.Server, gone <-chan struct{}) error {
	want := 0
	if p.subscribes {
		want = p.load.Instruments
	}
	for deadline := time.Now().Add(patience); ; {
		p.conns = server.Conns()
		n := 0
		for _, c := range p.conns {
			for _, mode := range c.Tokens() {
				if mode == decode.ModeFull {
					n++
				}
			}
		}
		if len(p.conns) == p.load.Conns && n == want {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d sockets and %d of %d subscriptions after %v", len(p.conns), p.load.Conns, n, want, patience)
		}
		select {
		case <-gone:
			return errGone
		case <-time.After(time.Millisecond):
		}
	}
	universe := kitetest.Universe(p.load.Instruments)
	for i, c := range p.conns {
		subscribed := c.Tokens()
		var tokens []uint32
		for k, token := range universe {
			if _, ok := subscribed[token]; ok || want == 0 && k%len(p.conns) == i {
				tokens = append(tokens, token)
			}
		}
		p.frames = append(p.frames, framesFor(server, tokens, p.load.Packets))
	}
	return nil
}
