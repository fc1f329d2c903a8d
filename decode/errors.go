package decode

import "errors"

var (
	// ErrPacketLength says that no packet of this length is known. The packet's
	// neighbours are unaffected: skip it, count it, go on.
	ErrPacketLength = errors.New("decode: unknown packet length")

	// ErrTruncated says that a message promised more than it holds: fewer
	// packets than its count, or fewer bytes than a packet's length. The
	// packets before the damage are whole.
	ErrTruncated = errors.New("decode: truncated message")
)
