package main

import (
	"fmt"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// tape is the exchange's record: of each instrument the digests of all packets
// that were sent, in order. The exchange writes it; it may be read while the
// market is paused.
type tape struct {
	packets map[uint32][]uint64
	digester
}

func newTape() *tape { return &tape{packets: map[uint32][]uint64{}} }

// add is the exchange's OnTick.
func (t *tape) add(_ int, tick *kiteticker.Tick) {
	t.packets[tick.Token] = append(t.packets[tick.Token], t.digest(tick))
}

// digester turns ticks back into the bytes they came as, and those into one
// number.
type digester struct{ packet []byte }

func (d *digester) digest(t *kiteticker.Tick) uint64 {
	d.packet = kitetest.AppendPacket(d.packet[:0], t)
	var e kitetest.Entry
	e.Add(d.packet)
	return e.Digest
}

// seen is a tick that a stream delivered.
type seen struct {
	digest   uint64
	replaced uint32 // updates of the instrument before it that it stands for
}

// missing returns how many of the packets sent for an instrument neither came
// nor were replaced. It is an error if one came that was not sent, or not
// after the one that came before it.
func missing(sent []uint64, got []seen) (n int, err error) {
	next := 0 // first packet that may come
	for i, tick := range got {
		from := next + int(tick.replaced)
		at := from
		for at < len(sent) && sent[at] != tick.digest {
			at++
		}
		if at >= len(sent) {
			return 0, fmt.Errorf("tick %d, in place of %d others, is not among those sent after the one before it", i+1, tick.replaced)
		}
		n += at - from
		next = at + 1
	}
	return n + len(sent) - next, nil
}
