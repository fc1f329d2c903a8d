package conn

import "github.com/gobwas/ws"

// frame is how far the reader has come in the frame that it is in. Since a
// polled socket may run dry anywhere, the reader can stop at any byte and go on
// later.
type frame struct {
	ws.Header
	begun bool   // the header has been read
	body  []byte // claimed from the sink, nil before
	got   int    // bytes of the payload that have been read
}

// readHeader reads a frame's header, all or nothing.
func (s *session) readHeader() (ws.Header, error) {
	n := ws.MinHeaderSize
	b, err := s.br.Peek(n)
	if err != nil {
		return ws.Header{}, err
	}
	switch b[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b[1]&0x80 != 0 {
		n += 4 // a mask, which will be refused
	}
	if _, err := s.br.Peek(n); err != nil {
		return ws.Header{}, err
	}
	return ws.ReadHeaderBuffer(s.br, s.hdr[:])
}

// checkHeader enforces RFC 6455 section 5 on a frame from a server.
func (s *session) checkHeader(h ws.Header) error {
	switch {
	case h.Rsv != 0:
		return protocolError("reserved bits are set, no extension was negotiated")
	case h.Masked:
		return protocolError("a server's frame is masked")
	case h.OpCode.IsControl() && !h.Fin:
		return protocolError("a control frame is fragmented")
	case h.OpCode.IsControl() && h.Length > ws.MaxControlFramePayloadSize:
		return protocolError("a control frame is longer than 125 bytes")
	case h.OpCode.IsReserved():
		return protocolError("reserved opcode")
	case h.OpCode == ws.OpContinuation && s.fragments == nil:
		return protocolError("a continuation frame continues nothing")
	case h.OpCode.IsData() && h.OpCode != ws.OpContinuation && s.fragments != nil:
		return protocolError("a new message begins inside a fragmented one")
	case h.OpCode.IsData() || h.OpCode == ws.OpContinuation:
		if h.Length > int64(s.c.cfg.MaxMessage-s.fragmentBytes()) {
			return ErrMessageTooLarge
		}
	}
	return nil
}
