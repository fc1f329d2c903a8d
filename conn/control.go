package conn

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// readControl answers a control frame through the writer, never waiting for it.
func (s *session) readControl(f *frame) error {
	b, err := s.br.Peek(int(f.Length))
	if err != nil {
		return s.lost(err)
	}
	payload := s.control[:copy(s.control[:], b)]
	_, _ = s.br.Discard(len(payload)) // it is in the buffer: cannot fail
	switch f.OpCode {
	case ws.OpPing:
		s.out.pong(payload)
	case ws.OpClose:
		return s.closedByPeer(payload)
	}
	return nil // a pong's arrival was noted by the read that brought it
}

// closedByPeer answers a Close frame: with its own code, or with 1002 or 1007
// when the frame is itself faulty.
func (s *session) closedByPeer(payload []byte) error {
	if len(payload) == 0 {
		s.out.close(ws.StatusNoStatusRcvd, "")
		return &CloseError{Code: ws.StatusNoStatusRcvd}
	}
	if len(payload) == 1 {
		return s.refuse(protocolError("a Close frame has half a code"))
	}
	code, reason := ws.StatusCode(binary.BigEndian.Uint16(payload)), payload[2:]
	if !validCloseCode(code) {
		return s.refuse(protocolError("a Close frame has an invalid code"))
	}
	if !utf8.Valid(reason) {
		return s.refuse(ErrInvalidUTF8)
	}
	s.out.close(code, "")
	return &CloseError{Code: code, Reason: string(reason)}
}

// validCloseCode tells the codes that RFC 6455 section 7.4 and its registry
// allow on the wire.
func validCloseCode(code ws.StatusCode) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// refuse ends the session for the server's fault err, telling it the code.
func (s *session) refuse(err error) error {
	code := ws.StatusProtocolError
	switch {
	case errors.Is(err, ErrInvalidUTF8):
		code = ws.StatusInvalidFramePayloadData
	case errors.Is(err, ErrMessageTooLarge):
		code = ws.StatusMessageTooBig
	}
	s.out.close(code, "")
	return err
}
