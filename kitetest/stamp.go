package kitetest

import "github.com/kiteticker/kiteticker/decode"

// SentAt returns when the message that carried t was handed to its socket, in
// Unix nanoseconds of the server's clock. It is known only for ticks of a
// server with [Config.Stamp], and only in quote and full packets of tradable
// instruments: the stamp travels in TotalBuyQuantity (high 32 bits) and
// TotalSellQuantity (low 32 bits).
func SentAt(t *decode.Tick) (int64, bool) {
	if t.Flags&decode.FlagIndex != 0 || t.Mode != decode.ModeQuote && t.Mode != decode.ModeFull {
		return 0, false
	}
	return int64(t.TotalBuyQuantity)<<32 | int64(t.TotalSellQuantity), true
}

// stamp writes the time into every packet of msg that has room for it.
func stamp(msg []byte, unixNano int64) {
	for p := msg[2:]; len(p) > 0; {
		n := int(be.Uint16(p))
		if n == lenQuote || n == lenFull {
			be.PutUint64(p[2+20:], uint64(unixNano))
		}
		p = p[2+n:]
	}
}
