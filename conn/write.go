package conn

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/valyala/bytebufferpool"

	"github.com/kiteticker/kiteticker/shard"
)

// outbox is what the reader and the watchdog ask the writer to send. Putting
// something in never waits for the socket. The writer takes it in the order
// pong, ping, close: nothing follows a Close frame.
type outbox struct {
	wake chan struct{} // capacity 1

	mu        sync.Mutex
	pongData  [ws.MaxControlFramePayloadSize]byte
	pongLen   int
	wantPong  bool
	wantPing  bool
	wantClose bool
	closed    bool // a Close was asked for once; later ones are ignored
	code      ws.StatusCode
	reason    string
}

// pong asks for the answer to a ping. Only the latest ping needs one (RFC 6455
// section 5.5.3), so a flood of pings costs one slot.
func (o *outbox) pong(payload []byte) {
	o.mu.Lock()
	o.pongLen, o.wantPong = copy(o.pongData[:], payload), true
	o.mu.Unlock()
	o.kick()
}

func (o *outbox) ping() {
	o.mu.Lock()
	o.wantPing = true
	o.mu.Unlock()
	o.kick()
}

// close asks for a Close frame; the first caller's code wins.
func (o *outbox) close(code ws.StatusCode, reason string) {
	o.mu.Lock()
	if !o.closed {
		o.closed, o.wantClose, o.code, o.reason = true, true, code, reason
	}
	o.mu.Unlock()
	o.kick()
}

// closing reports whether a Close was asked for.
func (o *outbox) closing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

func (o *outbox) kick() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// errClosing ends the writer after its Close frame.
var errClosing = errors.New("conn: Close frame sent")

// write sends everything that leaves on this socket: it is its only writer, so
// frames never mix, and a peer that does not read blocks nobody else. It
// returns once a Close frame is out, a write failed or the session ended.
func (s *session) write(ctx context.Context) {
	c := s.c
	commands := c.cfg.Commands(true)
	gap := time.NewTimer(0) // fires when the next command may go
	defer gap.Stop()
	for {
		if err := s.flush(); err != nil { // before each command: a pong must not wait for a list of them
			if err != errClosing {
				s.hangUp(err)
			}
			return
		}
		// Nil channels never fire. Without a command there is nothing to send;
		// with one, further changes wait, and fold into one difference.
		var turn <-chan time.Time
		changed := c.changed
		if len(commands) > 0 {
			turn, changed = gap.C, nil
		}
		select {
		case <-turn:
			if err := s.writeCommand(commands[0]); err != nil {
				s.hangUp(err)
				return
			}
			c.cfg.Sent(commands[0])
			commands = commands[1:]
			gap.Reset(c.cfg.CommandGap)
		case <-s.out.wake:
		case <-changed:
			commands = c.cfg.Commands(false)
		case <-ctx.Done():
			s.out.close(ws.StatusNormalClosure, "")
		case <-s.done:
			return
		}
	}
}

// flush writes what is in the outbox.
func (s *session) flush() error {
	o := &s.out
	o.mu.Lock()
	var pong [ws.MaxControlFramePayloadSize]byte
	pongLen := copy(pong[:], o.pongData[:o.pongLen])
	wantPong, wantPing, wantClose := o.wantPong, o.wantPing, o.wantClose
	code, reason := o.code, o.reason
	o.wantPong, o.wantPing, o.wantClose = false, false, false
	o.mu.Unlock()

	if wantPong {
		if err := s.writeFrame(ws.OpPong, pong[:pongLen]); err != nil {
			return err
		}
		s.c.counters.PongsSent.Add(1)
	}
	if wantPing {
		if err := s.writeFrame(ws.OpPing, nil); err != nil {
			return err
		}
		s.c.counters.PingsSent.Add(1)
	}
	if wantClose {
		var body []byte
		if code != ws.StatusNoStatusRcvd { // 1005 is never sent: it stands for an empty Close
			body = ws.NewCloseFrameBody(code, reason)
		}
		if err := s.writeFrame(ws.OpClose, body); err != nil {
			return err
		}
		return errClosing
	}
	return nil
}

func (s *session) writeCommand(cmd shard.Command) error {
	b := bytebufferpool.Get()
	defer bytebufferpool.Put(b)
	b.B = cmd.AppendJSON(b.B)
	if err := s.writeFrame(ws.OpText, b.B); err != nil {
		return err
	}
	s.c.counters.Commands.Add(1)
	return nil
}

// writeFrame writes one masked frame, header and payload in one Write. It masks
// a copy: payload stays as it is.
func (s *session) writeFrame(op ws.OpCode, payload []byte) error {
	b := bytebufferpool.Get()
	defer bytebufferpool.Put(b)
	h := ws.Header{Fin: true, OpCode: op, Masked: true, Mask: ws.NewMask(), Length: int64(len(payload))}
	if err := ws.WriteHeader(b, h); err != nil {
		return err
	}
	start := len(b.B)
	b.B = append(b.B, payload...)
	ws.Cipher(b.B[start:], h.Mask, 0)
	if err := s.sock.SetWriteDeadline(time.Now().Add(s.c.cfg.WriteTimeout)); err != nil {
		return err
	}
	_, err := s.sock.Write(b.B)
	// A kernel that has sent takes the socket for a dialogue, and holds
	// acknowledgements back for 40 ms, in case we say more. A server that
	// coalesces (Nagle) waits for them: its ticks would be 20 ms late.
	_ = s.sock.options.AckAtOnce() // where it cannot be had, it is not missed
	return err
}
