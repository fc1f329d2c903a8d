package decode

import "encoding/binary"

// prefixLen is the size of the two numbers of the framing: the count of
// packets in a message and the length of each packet, both big-endian uint16.
const prefixLen = 2

// IsHeartbeat reports whether msg, a binary message, is a heartbeat: one byte,
// sent every second or so when there is no data. The value of the byte is not
// documented and does not matter.
func IsHeartbeat(msg []byte) bool { return len(msg) == 1 }

// Splitter walks the packets of one binary message. It allocates nothing,
// copies nothing and never looks beyond the message. Make one with [Split];
// the zero Splitter has no packets.
type Splitter struct {
	rest      []byte // not yet consumed
	count     uint16 // packets announced
	left      uint16 // of those, not yet returned
	truncated bool   // rest does not hold the next packet
}

// Split returns a Splitter over one complete binary message. A heartbeat has
// no packets; a message of no bytes at all is truncated.
func Split(msg []byte) Splitter {
	if len(msg) < prefixLen {
		return Splitter{truncated: !IsHeartbeat(msg)}
	}
	n := binary.BigEndian.Uint16(msg)
	return Splitter{rest: msg[prefixLen:], count: n, left: n}
}

// Next returns the bytes of the next packet: a part of the message, valid as
// long as the message is. A packet of no bytes is possible. It returns false
// after the last packet, and where the message is damaged: see
// [Splitter.Err].
func (s *Splitter) Next() ([]byte, bool) {
	if s.left == 0 {
		return nil, false
	}
	if len(s.rest) >= prefixLen {
		end := prefixLen + int(binary.BigEndian.Uint16(s.rest))
		if end <= len(s.rest) {
			pkt := s.rest[prefixLen:end:end]
			s.rest = s.rest[end:]
			s.left--
			return pkt, true
		}
	}
	s.truncated = true // nothing has moved, so asking again says the same
	return nil, false
}

// Err returns [ErrTruncated] if Next stopped before the last announced packet
// because the message ends too early, and nil otherwise.
func (s *Splitter) Err() error {
	if s.truncated {
		return ErrTruncated
	}
	return nil
}

// Count returns the number of packets the message announced. Less the number
// of packets that Next returned, it is how many were lost to damage.
func (s *Splitter) Count() int { return int(s.count) }

// Trailing returns the number of bytes after the last packet that Next
// returned. Once Next has returned false, a well-formed message has none.
// Every byte of a message of two bytes or more is accounted for: the count, a
// length and a packet for each Next, and these.
func (s *Splitter) Trailing() int { return len(s.rest) }
