package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/kitetest"
)

// feed is the exchange's end of one connection, in memory: it answers the
// handshake, takes the subscriptions, and then hands frames to whoever reads, as
// many as it is granted. Without a socket there is nothing but the library to be
// measured, and a copy of the bytes.
type feed struct {
	net.Conn // nil: what a client calls is below

	packets int          // of a frame
	granted atomic.Int64 // frames that may be read
	gate    chan struct{}
	waiting atomic.Bool // the reader waits at the gate
	ready   chan []uint32
	closed  chan struct{}

	// The reader's own.
	out  []byte // what the next Read gives
	sent int64  // frames

	// consumed counts ticks that each stream has taken. Those of the slowest
	// must be followed closely: a ring that is full loses ticks.
	consumed []consumedTicks

	// The writer's own.
	request  []byte // as far as it has come
	upgraded bool

	answer chan []byte              // the handshake's
	frames atomic.Pointer[[][]byte] // sent in turn
}

type consumedTicks struct {
	_ cpu.Pad
	n atomic.Int64
	_ cpu.Pad
}

// feedWindow is how many ticks may be on their way: half of a tick ring.
const feedWindow = 4096

func newFeed(packets, streams int) *feed {
	return &feed{
		packets: packets, consumed: make([]consumedTicks, streams),
		answer: make(chan []byte, 1), gate: make(chan struct{}, 1), ready: make(chan []uint32, 1), closed: make(chan struct{}),
	}
}

// grant lets n more frames in.
func (f *feed) grant(n int) {
	f.granted.Add(int64(n))
	f.poke()
}

// took counts ticks that a stream has taken.
func (f *feed) took(stream, n int) {
	f.consumed[stream].n.Add(int64(n))
	f.poke()
}

// poke lets a waiting reader look again. It loads waiting after what the caller
// has stored, and Read stores waiting before it looks.
func (f *feed) poke() {
	if f.waiting.Load() {
		select {
		case f.gate <- struct{}{}:
		default:
		}
	}
}

// open reports whether the next frame may be read.
func (f *feed) open() bool {
	if f.sent >= f.granted.Load() {
		return false
	}
	for i := range f.consumed {
		if f.sent*int64(f.packets)-f.consumed[i].n.Load() > feedWindow {
			return false
		}
	}
	return true
}

func (f *feed) Read(b []byte) (int, error) {
	for len(f.out) == 0 {
		f.waiting.Store(true)
		if f.open() {
			f.waiting.Store(false)
			frames := *f.frames.Load()
			f.out = frames[f.sent%int64(len(frames))]
			f.sent++
			break
		}
		select {
		case f.out = <-f.answer:
		case <-f.gate:
		case <-f.closed:
			return 0, net.ErrClosed
		}
	}
	n := copy(b, f.out)
	f.out = f.out[n:]
	return n, nil
}

// Write takes the handshake, then frames, each whole.
func (f *feed) Write(b []byte) (int, error) {
	if !f.upgraded {
		if f.request = append(f.request, b...); !bytes.HasSuffix(f.request, []byte("\r\n\r\n")) {
			return len(b), nil
		}
		var response bytes.Buffer
		if _, err := ws.Upgrade(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(f.request), &response}); err != nil {
			return 0, err
		}
		f.upgraded = true
		f.answer <- response.Bytes()
		return len(b), nil
	}
	r := bytes.NewReader(b)
	h, err := ws.ReadHeader(r)
	if err != nil {
		return 0, err
	}
	payload := bytes.Clone(b[len(b)-r.Len():])
	ws.Cipher(payload, h.Mask, 0)
	var command struct {
		A string
		V []uint32
	}
	if json.Unmarshal(payload, &command) == nil && command.A == "subscribe" {
		frames := feedFrames(command.V, f.packets)
		f.frames.Store(&frames)
		f.ready <- command.V
	}
	return len(b), nil
}

func (f *feed) Close() error {
	select {
	case <-f.closed:
	default:
		close(f.closed)
	}
	return nil
}

func (f *feed) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (f *feed) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (f *feed) SetDeadline(time.Time) error      { return nil }
func (f *feed) SetReadDeadline(time.Time) error  { return nil }
func (f *feed) SetWriteDeadline(time.Time) error { return nil }

// feedFrames returns frames of full packets that go through tokens again and
// again, until a frame begins with the first.
func feedFrames(tokens []uint32, packets int) (frames [][]byte) {
	for i := 0; i == 0 || i%len(tokens) != 0; i += packets {
		parts := make([][]byte, packets)
		for k := range parts {
			t := decode.Tick{Token: tokens[(i+k)%len(tokens)], Mode: decode.ModeFull, LastPrice: 1650_00}
			parts[k] = kitetest.AppendPacket(nil, &t)
		}
		frames = append(frames, ws.MustCompileFrame(ws.NewBinaryFrame(kitetest.AppendFrame(nil, parts...))))
	}
	return frames
}
