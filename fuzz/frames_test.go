package fuzz

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Law: whatever bytes a server sends after the upgrade, in whatever pieces, the
// connection delivers exactly the messages that a slow reader of RFC 6455
// finds, answers with the Close code that the fault calls for, and never
// panics.
func FuzzFrames(f *testing.F) {
	frame := func(fin bool, op ws.OpCode, payload string) string {
		return string(ws.MustCompileFrame(ws.NewFrame(op, fin, []byte(payload))))
	}
	for _, seed := range []string{
		"",
		frame(true, ws.OpBinary, "\x00"),
		frame(true, ws.OpBinary, "\x00\x01\x00\x08\x00\x06\x3a\x01\x00\x00\x27\x10") + frame(true, ws.OpText, `{"type":"order"}`),
		frame(false, ws.OpBinary, "a") + frame(true, ws.OpPing, "p") + frame(false, ws.OpContinuation, "b") + frame(true, ws.OpContinuation, "c"),
		frame(true, ws.OpContinuation, "x"),
		frame(false, ws.OpText, "x") + frame(true, ws.OpBinary, "y"),
		frame(true, ws.OpText, "\xff"),
		frame(true, ws.OpClose, "\x03\xe8bye"),
		frame(true, ws.OpClose, "\x03"),
		frame(true, ws.OpClose, "\x03\xed"),
		frame(true, ws.OpClose, ""),
		frame(true, ws.OpBinary, string(make([]byte, 200))),
		frame(true, ws.OpBinary, string(make([]byte, maxMessage+1))),
		"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
		"\xc2\x00", "\x83\x00", "\x82\x81\x01\x02\x03\x04\x05", "\x09\x00", "\x82\x7e\x00",
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, sent []byte, piece uint8) {
		want, wantCode := readReference(sent)
		got, gotCode := readWithConn(t, sent, int(piece))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages (-reference +conn):\n%s", diff)
		}
		if gotCode != wantCode {
			t.Errorf("close code %d, want %d", gotCode, wantCode)
		}
	})
}

const maxMessage = 4096

// noClose stands for a session that ended without a Close frame of ours.
const noClose = ws.StatusCode(0)

// readReference is RFC 6455 sections 5 and 7 as a client has to apply them.
func readReference(b []byte) (messages []string, code ws.StatusCode) {
	var partial []byte
	var partialText, inMessage bool
	for {
		if len(b) < 2 {
			return messages, noClose
		}
		fin, rsv, op := b[0]&0x80 != 0, b[0]&0x70, b[0]&0x0f
		masked, n := b[1]&0x80 != 0, uint64(b[1]&0x7f)
		head := 2
		switch n {
		case 126:
			if len(b) < 4 {
				return messages, noClose
			}
			n, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
		case 127:
			if len(b) < 10 {
				return messages, noClose
			}
			n, head = binary.BigEndian.Uint64(b[2:]), 10
		}
		if masked {
			if head+4 > len(b) {
				return messages, noClose
			}
			return messages, ws.StatusProtocolError
		}
		control := op >= 8
		switch {
		case rsv != 0, n>>63 != 0,
			control && (!fin || n > 125 || op > 10),
			!control && op > 2,
			op == 0 && !inMessage,
			(op == 1 || op == 2) && inMessage:
			return messages, ws.StatusProtocolError
		case !control && n > uint64(maxMessage-len(partial)):
			return messages, ws.StatusMessageTooBig
		}
		if uint64(len(b)-head) < n {
			return messages, noClose
		}
		payload := b[head : head+int(n)]
		b = b[head+int(n):]
		switch op {
		case 8:
			return messages, closeAnswer(payload)
		case 9, 10:
			continue
		case 1, 2:
			partialText, inMessage = op == 1, true
		}
		partial = append(partial, payload...)
		if !fin {
			continue
		}
		kind := "binary "
		if partialText {
			kind = "text "
		}
		messages = append(messages, kind+string(partial))
		if partialText && !utf8.Valid(partial) {
			return messages, ws.StatusInvalidFramePayloadData
		}
		partial, inMessage = nil, false
	}
}

func closeAnswer(payload []byte) ws.StatusCode {
	if len(payload) == 0 {
		return ws.StatusNoStatusRcvd
	}
	if len(payload) == 1 {
		return ws.StatusProtocolError
	}
	code := binary.BigEndian.Uint16(payload)
	switch {
	case code < 1000, code > 4999, code >= 1015 && code < 3000, code >= 1004 && code <= 1006:
		return ws.StatusProtocolError
	case !utf8.Valid(payload[2:]):
		return ws.StatusInvalidFramePayloadData
	}
	return ws.StatusCode(code)
}

// readWithConn plays sent to a connection in pieces and returns what it
// delivered and the code of the Close frame it sent.
func readWithConn(t *testing.T, sent []byte, piece int) ([]string, ws.StatusCode) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sink := &sliceSink{}
	code := make(chan ws.StatusCode, 1)
	c, err := conn.New(conn.Config{
		URL: "ws://127.0.0.1", Sink: sink, MaxMessage: maxMessage,
		Credentials: func() (string, string) { return "key", "token" },
		Commands:    func(bool) []shard.Command { return nil },
		Notify: func(tr conn.Transition) {
			if tr.From == conn.StateLive {
				cancel() // one session is enough
			}
		},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := duplex()
			go func() {
				if _, err := (ws.Upgrader{}).Upgrade(server); err != nil {
					code <- noClose
					return
				}
				go func() {
					for rest := sent; len(rest) > 0; {
						n := len(rest)
						if piece > 0 {
							n = min(n, piece)
						}
						if _, err := server.Write(rest[:n]); err != nil {
							break
						}
						rest = rest[n:]
					}
					server.CloseWrite()
				}()
				code <- closeCode(server)
			}()
			return client, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	return sink.messages, <-code
}

// closeCode reads client frames until a Close frame or the end.
func closeCode(r io.Reader) ws.StatusCode {
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return noClose
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return noClose
		}
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode != ws.OpClose {
			continue
		}
		if len(payload) == 0 {
			return ws.StatusNoStatusRcvd
		}
		return ws.StatusCode(binary.BigEndian.Uint16(payload))
	}
}

// sliceSink keeps every message.
type sliceSink struct {
	buf      []byte
	messages []string
}

func (s *sliceSink) Claim(n int) ([]byte, error) {
	if n > maxMessage {
		return nil, errors.New("claimed more than MaxMessage")
	}
	s.buf = make([]byte, n)
	return s.buf, nil
}

func (s *sliceSink) Commit(n int, kind ring.Kind, _ int64) {
	name := "binary "
	if kind == conn.KindText {
		name = "text "
	}
	s.messages = append(s.messages, name+string(s.buf[:n]))
}

func (s *sliceSink) Abort()                         { s.buf = nil }
func (s *sliceSink) Publish() bool                  { return false }
func (s *sliceSink) Wait(<-chan struct{}, int) bool { return true }
func (s *sliceSink) MaxRecord() int                 { return maxMessage }

// half is one end of a duplex: two pipes, closed one by one as TCP is.
type half struct {
	*io.PipeReader
	*io.PipeWriter
}

func duplex() (client, server half) {
	cr, sw := io.Pipe()
	sr, cw := io.Pipe()
	return half{cr, cw}, half{sr, sw}
}

func (h half) Close() error {
	h.PipeReader.Close()
	return h.PipeWriter.Close()
}

func (h half) CloseWrite() error                { return h.PipeWriter.Close() }
func (h half) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (h half) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (h half) SetDeadline(time.Time) error      { return nil }
func (h half) SetReadDeadline(time.Time) error  { return nil }
func (h half) SetWriteDeadline(time.Time) error { return nil }
