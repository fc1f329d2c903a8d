package harness

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A frame is stamped with the time at which it was due, in the last packet
// alone: in TotalBuyQuantity (high 32 bits) and TotalSellQuantity (low), where
// kitetest has its own stamp. In the other packets both are zero. So whoever
// holds the tick with a stamp has the whole frame.
const (
	fullPacket = 184
	stampAt    = 20 // in the packet
)

// stampedFrame is a WebSocket frame as the exchange sends it, whole, to be
// stamped again and again.
type stampedFrame []byte

// newStampedFrame returns a frame of ticks, the last of which must be tradable.
func newStampedFrame(ticks []decode.Tick) stampedFrame {
	packets := make([][]byte, len(ticks))
	for i := range ticks {
		t := ticks[i]
		t.TotalBuyQuantity, t.TotalSellQuantity = 0, 0
		packets[i] = kitetest.AppendPacket(nil, &t)
	}
	return ws.MustCompileFrame(ws.NewBinaryFrame(kitetest.AppendFrame(nil, packets...)))
}

func (f stampedFrame) stamp(due int64) {
	binary.BigEndian.PutUint64(f[len(f)-fullPacket+stampAt:], uint64(due))
}

// Stamp returns the stamp of a whole frame or message, from its end.
func Stamp(frame []byte) int64 {
	return int64(binary.BigEndian.Uint64(frame[len(frame)-fullPacket+stampAt:]))
}

// StampOf returns the stamp of a tick's two quantities, 0 if it has none.
func StampOf(totalBuy, totalSell uint32) int64 { return int64(totalBuy)<<32 | int64(totalSell) }

// framesFor returns the frames that carry tokens once each, packets to a frame,
// as the server has their instruments now.
func framesFor(server *kitetest.Server, tokens []uint32, packets int) (frames []stampedFrame) {
	ticks := make([]decode.Tick, 0, packets)
	for i := range tokens {
		t, _ := server.Snapshot(tokens[i])
		if ticks = append(ticks, t); len(ticks) < packets && i < len(tokens)-1 {
			continue
		}
		stampLast(ticks)
		frames = append(frames, newStampedFrame(ticks))
		ticks = ticks[:0]
	}
	return frames
}

// stampLast moves a tradable instrument to the end: an index has no room for a
// stamp. Of any nine instruments in a row one is an index (kitetest.Universe).
func stampLast(ticks []decode.Tick) {
	last := len(ticks) - 1
	for i := last; i >= 0; i-- {
		if !ticks[i].IsIndex() {
			ticks[i], ticks[last] = ticks[last], ticks[i]
			return
		}
	}
}
