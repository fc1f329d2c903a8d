package kiteticker

import (
	"encoding/binary"
	"time"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
)

// parse takes each packet of a message to the streams that are owed it.
func (p *pipeline) parse(rec ring.Record, outs *outputs) (woke bool) {
	split := decode.Split(rec.Data)
	var ticks, unknown, segments, superseded uint64
	for {
		packet, ok := split.Next()
		if !ok {
			break
		}
		mode, known := decode.PacketMode(len(packet))
		if !known {
			unknown++
			continue
		}
		token := binary.BigEndian.Uint32(packet)
		if outs.blocking {
			outs = p.awaitTicks(outs, token, mode)
		}
		number, verdict := p.instruments.admit(token, p.id, p.session)
		if verdict == supersede {
			superseded++
			continue
		}
		ticks++
		p.number++
		if p.deliver(outs.ticks, packet, source{rec.At, token, number, mode, verdict == deliverAfterGap}) {
			segments++
		}
		if ticks%publishEvery == 0 && publish(outs.ticks) {
			woke = true
		}
	}
	if publish(outs.ticks) {
		woke = true
	}
	now := time.Now()
	p.latency.Record(now.UnixNano() - rec.At)
	if p.stages != nil {
		p.stages.decode.Record(int64(now.Sub(p.stages.made) - p.stages.began))
	}
	p.counters.Ticks.Add(ticks)
	if superseded > 0 {
		p.counters.Superseded.Add(superseded)
	}
	if segments > 0 {
		p.counters.UnknownSegments.Add(segments)
	}
	if split.Trailing() > 0 {
		p.counters.Trailing.Add(1)
	}
	err := split.Err()
	if err != nil {
		p.counters.Damaged.Add(1)
	}
	if unknown > 0 {
		p.counters.UnknownPackets.Add(unknown)
		if err == nil {
			err = ErrPacketLength
		}
	}
	if err != nil {
		p.report(err, rec)
	}
	return woke
}

// source is what is known of a packet before it is decoded.
type source struct {
	at     int64
	token  uint32
	number int
	mode   Mode
	gap    bool
}

// deliver decodes a packet into the first slot it goes to, and copies it from
// there to the others. It reports whether the segment is unknown, as far as
// anybody has room for the tick or wants it.
func (p *pipeline) deliver(outs []*tickOutput, packet []byte, src source) (unknown bool) {
	var tick *Tick // decoded, in memory that is ours until the next publish
	if p.latest != nil && src.number != unnumbered {
		tick = &p.scratch
		p.decode(tick, packet, src)
		tick.Seq = p.number
		p.latest.Store(src.number, tick)
		unknown = tick.Flags&FlagUnknownSegment != 0
	}
	for _, out := range outs {
		if !out.owed(src.token, src.mode) {
			continue
		}
		if tick != nil {
			out.put(tick, src.number)
			continue
		}
		if t := out.reserve(src.number); t != nil {
			p.decode(t, packet, src)
			unknown = t.Flags&FlagUnknownSegment != 0
			if out.slots == nil { // a conflating slot is the reader's as soon as it is committed
				tick = t
			}
			out.commit(t, src.number)
		}
	}
	return unknown
}

func (p *pipeline) decode(t *Tick, packet []byte, src source) {
	_ = p.dec.Packet(t, packet) // cannot fail: the length is known
	t.ReceivedAt, t.Conn = src.at, p.id
	if src.gap {
		t.Flags |= FlagGap
	}
}

// awaitTicks waits until each stream that blocks has room for a tick, and
// returns the outputs as they are then.
func (p *pipeline) awaitTicks(outs *outputs, token uint32, mode Mode) *outputs {
	for i := 0; i < len(outs.ticks); i++ {
		if out := outs.ticks[i]; out.full() && out.owed(token, mode) {
			outs = p.await(outs, &out.patience, out.ring.Wait)
			i = -1 // others may be full by now
		}
	}
	return outs
}

// awaitFrames does the same for a message of n bytes.
func (p *pipeline) awaitFrames(outs *outputs, n int) *outputs {
	for i := 0; i < len(outs.frames); i++ {
		if out := outs.frames[i]; out.full(n) {
			outs = p.await(outs, &out.patience, func(over <-chan struct{}) bool {
				return out.ring.Wait(over, seqSize+n)
			})
			i = -1
		}
	}
	return outs
}

// await lets one output wait. Everything else goes on meanwhile: what was
// committed is visible, tokens may be handed over, streams may come and go. So the
// parser holds no packet that was admitted before.
func (p *pipeline) await(outs *outputs, out *patience, room func(over <-chan struct{}) bool) *outputs {
	publish(outs.ticks)
	p.moving.Unlock()
	out.await(room)
	p.moving.Lock()
	return p.outputs.Load()
}
