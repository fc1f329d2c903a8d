package conn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/kiteticker/kiteticker/conn"
)

func TestMessagesReachTheSink(t *testing.T) {
	big := strings.Repeat("x", 16<<10) // the largest record of the harness's ring
	for name, stream := range map[string][]byte{
		"whole frames": join(
			frame(true, ws.OpBinary, "ticks"), frame(true, ws.OpText, `{"a":1}`),
			frame(true, ws.OpBinary, ""), frame(true, ws.OpBinary, big)),
		"fragments with control frames in between": join(
			frame(false, ws.OpBinary, "ti"), frame(true, ws.OpPing, "now"), frame(false, ws.OpContinuation, ""),
			frame(true, ws.OpPong, ""), frame(true, ws.OpContinuation, "cks"),
			frame(false, ws.OpText, `{"a"`), frame(true, ws.OpContinuation, ":1}"),
			frame(false, ws.OpBinary, ""), frame(true, ws.OpContinuation, ""),
			frame(false, ws.OpBinary, big[:9000]), frame(true, ws.OpContinuation, big[9000:])),
	} {
		for _, piece := range []int{1 << 20, 4096, 7, 1} {
			t.Run(fmt.Sprintf("%s/piece=%d", name, piece), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := start(t, conn.Config{}, func(_ int, nc net.Conn) {
						accept(nc)
						go idle(nc)
						for rest := stream; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
							nc.Write(rest[:min(piece, len(rest))])
						}
						time.Sleep(time.Hour)
					})
					synctest.Wait()
					at := time.Now().UnixNano()
					want := []message{
						{conn.KindBinary, at, "ticks"}, {conn.KindText, at, `{"a":1}`},
						{conn.KindBinary, at, ""}, {conn.KindBinary, at, big},
					}
					if diff := cmp.Diff(want, h.messages(), cmp.AllowUnexported(message{})); diff != "" {
						t.Errorf("messages (-want +got):\n%s", diff)
					}
					if err := h.stop(); err != nil {
						t.Errorf("Run: %v", err)
					}
				})
			})
		}
	}
}

// A server may send its first frame in the same segment as the upgrade.
func TestFirstFrameWithTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{}, func(_ int, nc net.Conn) {
			accept(&appendingConn{Conn: nc, extra: frame(true, ws.OpBinary, "first")})
			nc.Write(frame(true, ws.OpBinary, "second"))
			idle(nc)
		})
		synctest.Wait()
		var got []string
		for _, m := range h.messages() {
			got = append(got, m.data)
			if want := time.Now().UnixNano(); m.at != want {
				t.Errorf("%q is stamped %d, want %d", m.data, m.at, want)
			}
		}
		if diff := cmp.Diff([]string{"first", "second"}, got); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		h.stop()
	})
}

// appendingConn writes extra together with the first write.
type appendingConn struct {
	net.Conn
	extra []byte
}

func (c *appendingConn) Write(p []byte) (int, error) {
	_, err := c.Conn.Write(append(append([]byte(nil), p...), c.extra...))
	c.extra = nil
	return len(p), err
}

// Each fault of the server ends the session with a masked Close that carries
// the right code, and what came before the fault is delivered.
func TestServerFaults(t *testing.T) {
	raw := func(b ...byte) []byte { return b }
	closeFrame := func(payload ...byte) []byte { return frame(true, ws.OpClose, string(payload)) }
	tests := []struct {
		name string
		sent []byte
		code ws.StatusCode // of our Close; 1005: an empty one
		want error
	}{
		{"reserved bits", raw(0xc2, 0x00), 1002, conn.ErrProtocol},
		{"reserved data opcode", raw(0x83, 0x00), 1002, conn.ErrProtocol},
		{"reserved control opcode", raw(0x8b, 0x00), 1002, conn.ErrProtocol},
		{"masked frame", raw(0x82, 0x81, 1, 2, 3, 4, 5), 1002, conn.ErrProtocol},
		{"fragmented ping", raw(0x09, 0x00), 1002, conn.ErrProtocol},
		{"long ping", append(raw(0x89, 126, 0, 126), make([]byte, 126)...), 1002, conn.ErrProtocol},
		{"continuation of nothing", frame(true, ws.OpContinuation, "x"), 1002, conn.ErrProtocol},
		{"message inside a message", join(frame(false, ws.OpText, "x"), frame(true, ws.OpText, "y")), 1002, conn.ErrProtocol},
		{"negative length", raw(0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), 1002, conn.ErrProtocol},
		{"too large", raw(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0), 1009, conn.ErrMessageTooLarge},
		{"absurdly large", raw(0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 1009, conn.ErrMessageTooLarge},
		{"too large in fragments", join(frame(false, ws.OpBinary, strings.Repeat("x", 10000)),
			frame(true, ws.OpContinuation, strings.Repeat("x", 10000))), 1009, conn.ErrMessageTooLarge},
		{"text is not UTF-8", frame(true, ws.OpText, "\xff"), 1007, conn.ErrInvalidUTF8},
		{"close with half a code", closeFrame(3), 1002, conn.ErrProtocol},
		{"close with code 999", closeFrame(0x03, 0xe7), 1002, conn.ErrProtocol},
		{"close with code 1005", closeFrame(0x03, 0xed), 1002, conn.ErrProtocol},
		{"close with code 1006", closeFrame(0x03, 0xee), 1002, conn.ErrProtocol},
		{"close with code 5000", closeFrame(0x13, 0x88), 1002, conn.ErrProtocol},
		{"close reason is not UTF-8", closeFrame(0x03, 0xe8, 0xff), 1007, conn.ErrInvalidUTF8},
		{"close 1000", closeFrame(0x03, 0xe8, 'b', 'y', 'e'), 1000, nil},
		{"close 1012", closeFrame(0x03, 0xf4), 1012, nil},
		{"close 4000", closeFrame(0x0f, 0xa0), 4000, nil},
		{"empty close", closeFrame(), 1005, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var code ws.StatusCode
				h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
					accept(nc)
					if dial > 0 {
						quiet(nc)
						return
					}
					go nc.Write(join(frame(true, ws.OpBinary, "good"), tt.sent))
					for {
						op, payload, err := nextFrame(t, nc)
						if err != nil {
							t.Errorf("no Close frame: %v", err)
							return
						}
						if op != ws.OpClose {
							continue
						}
						code = ws.StatusNoStatusRcvd
						if payload != "" {
							code = ws.StatusCode(binary.BigEndian.Uint16([]byte(payload)))
						}
						return
					}
				})
				after(time.Minute)
				if code != tt.code {
					t.Errorf("our Close has code %d, want %d", code, tt.code)
				}
				err := h.history()[2].Err // dialing, live, backing off
				if tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("reason is %v, want %v", err, tt.want)
				}
				var ce *conn.CloseError
				if tt.want == nil && (!errors.As(err, &ce) || ce.Code != tt.code || ce.Err != nil) {
					t.Errorf("reason is %v, want a CloseError with code %d", err, tt.code)
				}
				if got := h.messages(); len(got) == 0 || got[0].data != "good" {
					t.Errorf("the message before the fault is missing: %v", got)
				}
				if h.conn.State() != conn.StateLive {
					t.Errorf("state is %v a minute later, want live again", h.conn.State())
				}
				h.stop()
			})
		})
	}
}

// A text that is not UTF-8 ends the session but is not lost: it may be an order.
func TestInvalidTextIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
			accept(nc)
			if dial == 0 {
				go nc.Write(frame(true, ws.OpText, "{\xff}"))
				idle(nc)
				return
			}
			quiet(nc)
		})
		after(time.Minute)
		if got := h.messages(); len(got) != 1 || got[0].data != "{\xff}" || got[0].kind != conn.KindText {
			t.Errorf("got %v, want the text", got)
		}
		h.stop()
	})
}

func TestPingsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pong := make(chan string, 1)
		h := start(t, conn.Config{}, func(_ int, nc net.Conn) {
			accept(nc)
			go nc.Write(frame(true, ws.OpPing, "are you there"))
			for {
				op, payload, err := nextFrame(t, nc)
				if err != nil {
					return
				}
				if op == ws.OpPong {
					pong <- payload
				}
			}
		})
		if got := <-pong; got != "are you there" {
			t.Errorf("pong carries %q", got)
		}
		h.stop()
	})
}

// A peer that pings without reading gets no pongs, but its ticks are read.
func TestPeerThatDoesNotReadStallsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		h := start(t, conn.Config{WriteTimeout: time.Hour}, func(_ int, nc net.Conn) {
			accept(nc)
			for range n {
				nc.Write(frame(true, ws.OpPing, "x"))
				nc.Write(frame(true, ws.OpBinary, "tick"))
			}
			time.Sleep(24 * time.Hour)
		})
		synctest.Wait()
		if got := len(h.messages()); got != n {
			t.Errorf("got %d messages, want %d", got, n)
		}
		h.stop()
	})
}

func TestConnectionCut(t *testing.T) {
	for name, sent := range map[string][]byte{
		"between frames":           frame(true, ws.OpBinary, "good"),
		"inside a header":          append(frame(true, ws.OpBinary, "good"), 0x82),
		"inside a payload":         append(frame(true, ws.OpBinary, "good"), 0x82, 10, 'h', 'a', 'l', 'f'),
		"inside a fragmented text": join(frame(true, ws.OpBinary, "good"), frame(false, ws.OpText, "ha")),
		"inside a control frame":   append(frame(true, ws.OpBinary, "good"), 0x89, 5, 'p'),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, conn.Config{}, func(dial int, nc net.Conn) {
					accept(nc)
					if dial == 0 {
						nc.Write(sent)
						return
					}
					nc.Write(frame(true, ws.OpBinary, "again"))
					quiet(nc)
				})
				after(time.Minute)
				var got []string
				for _, m := range h.messages() {
					got = append(got, m.data)
				}
				if diff := cmp.Diff([]string{"good", "again"}, got); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				var ce *conn.CloseError
				if err := h.history()[2].Err; !errors.As(err, &ce) || ce.Code != 1006 || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("reason is %v, want a CloseError 1006 for an unexpected EOF", err)
				}
				h.stop()
			})
		})
	}
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// A server that hangs up leaves behind what it sent: a write that fails first
// must not cost the orders that are still to be read.
func TestFailedWriteLosesNothingReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		h := start(t, conn.Config{Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				accept(server)
				server.Write(frame(true, ws.OpPing, "answer this"))
				time.Sleep(500 * time.Millisecond) // the answer fails
				for range n {
					server.Write(frame(true, ws.OpText, "{}"))
				}
				server.Write(frame(true, ws.OpClose, "\x03\xe9"))
				idle(server)
			}()
			return &failingWrites{Conn: client}, nil
		}}, nil)
		after(1500 * time.Millisecond)
		if got := len(h.messages()); got != n {
			t.Errorf("%d of %d messages arrived", got, n)
		}
		var ce *conn.CloseError
		if err := h.lastError(); !errors.As(err, &ce) || ce.Code != 1001 {
			t.Errorf("reason is %v, want the server's own, 1001", err)
		}
		h.stop()
	})
}

// failingWrites fails every write after the handshake.
type failingWrites struct {
	net.Conn
	writes int
}

func (c *failingWrites) Write(p []byte) (int, error) {
	if c.writes++; c.writes > 1 {
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(p)
}
