package kiteticker

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/stats"
)

// publishEvery bounds the wait of the first tick of a large message: a publish
// costs a locked instruction, so not per tick, but not only at the end either.
const publishEvery = 16

// pipeline decodes one connection's messages into its outputs. It belongs to
// one goroutine, the parser: its own one, or the connection's reader in the
// Inline profile.
type pipeline struct {
	id          uint8
	dec         *decode.Decoder
	in          *ring.BytesConsumer // nil when inline
	hub         *hub
	instruments *instruments
	marks       marks
	log         *slog.Logger

	session uint32 // number of the connection's socket, in step with the messages

	// moving is held for each message by the parser, except while it waits for a
	// stream that blocks, between two packets. Others hold it for what must not
	// happen within a message: handing tokens over, and copying last values for a
	// new stream.
	moving sync.Mutex
	whole  bool // the message was handled to its end

	outputs atomic.Pointer[outputs] // read once per message

	latest  *ring.Latest[Tick] // nil if last values are not kept
	scratch Tick               // where they are decoded
	number  uint64             // of the last tick, among all of the connection

	counters parserCounters
	latency  stats.Histogram // socket read to publish of the message's last tick, ns
	stages   *stages         // nil unless asked for

	damaged  int       // since the last report
	damage   error     // what was wrong with the latest
	reported time.Time // last report of damage
}

// parserCounters are written by the parser alone, once per message.
type parserCounters struct {
	_               cpu.Pad
	Ticks           stats.Counter
	Messages        stats.Counter // binary, heartbeats included
	Heartbeats      stats.Counter
	Texts           stats.Counter
	UnknownPackets  stats.Counter // skipped by their length
	UnknownSegments stats.Counter // ticks whose price scale is a guess
	Damaged         stats.Counter // messages cut short
	Trailing        stats.Counter // messages with bytes after the last packet
	Superseded      stats.Counter // ticks of tokens that have moved to another connection
	Panics          stats.Counter
	_               cpu.Pad
}

// run parses records until done is closed and the ring is empty.
func (p *pipeline) run(done <-chan struct{}, restart func(panicked any)) {
	for p.in.Wait(done) {
		p.drain(restart)
	}
}

// drain parses what is in the ring. A panic costs the message that caused it
// and its socket, not the process.
func (p *pipeline) drain(restart func(panicked any)) {
	defer func() {
		if v := recover(); v != nil {
			p.counters.Panics.Add(1)
			p.in.Advance()
			p.in.Release()
			restart(v)
		}
	}()
	for {
		rec, ok := p.in.Peek()
		if !ok {
			return
		}
		p.handle(rec)
		p.in.Advance()
		p.in.Release()
	}
}

// handle takes one message through, and reports whether a stream's reader was
// woken by it. The message's bytes are leased: nothing keeps them.
func (p *pipeline) handle(rec ring.Record) (woke bool) {
	p.moving.Lock()
	p.whole = false
	defer p.unlock()
	if p.stages != nil {
		rec = p.stages.begin(rec)
	}
	woke = p.route(rec)
	p.whole = true
	return woke
}

func (p *pipeline) route(rec ring.Record) (woke bool) {
	if rec.Kind == kindMark {
		p.pass(p.marks.take())
		return false
	}
	outs := p.outputs.Load()
	if outs.blocking {
		outs = p.awaitFrames(outs, len(rec.Data))
	}
	for _, f := range outs.frames {
		if f.forward(rec) {
			woke = true
		}
	}
	if rec.Kind == conn.KindText {
		p.counters.Texts.Add(1)
		p.hub.post(pending{
			Event: Event{Conn: int(p.id), At: time.Unix(0, rec.At)},
			text:  append(make([]byte, 0, len(rec.Data)), rec.Data...),
		})
		return woke
	}
	p.counters.Messages.Add(1)
	if decode.IsHeartbeat(rec.Data) {
		p.counters.Heartbeats.Add(1)
		return woke
	}
	return p.parse(rec, outs) || woke
}

// unlock lets a hand-over in. After a panic it counts the tick that was under
// way as lost: its slot was never committed.
func (p *pipeline) unlock() {
	if !p.whole {
		outs := p.outputs.Load().ticks
		for _, out := range outs {
			out.abandon()
		}
		publish(outs) // before any token is another parser's
	}
	p.moving.Unlock()
}

// pass does what a mark among the messages stands for.
func (p *pipeline) pass(m mark) {
	if p.damaged > 0 { // not reported yet
		p.hub.post(pending{Event: Event{Conn: int(p.id), At: m.at, Data: &DamagedMessage{Err: p.damage, Count: p.damaged}}})
		p.damaged = 0
	}
	if m.opened {
		p.session = nextSession(p.session)
	}
	for _, data := range m.events {
		p.hub.post(pending{Event: Event{Conn: int(p.id), At: m.at, Data: data}})
	}
}

// report tells of a damaged message, at most once per second.
func (p *pipeline) report(err error, rec ring.Record) {
	p.damaged++
	p.damage = err
	at := time.Unix(0, rec.At)
	if at.Sub(p.reported) < time.Second {
		return // with the next one, or at the end of the socket
	}
	head := append([]byte(nil), rec.Data[:min(len(rec.Data), 64)]...)
	d := &DamagedMessage{Err: err, Count: p.damaged, Size: len(rec.Data), Head: head}
	p.log.Warn("message damaged", "conn", int(p.id), "err", err, "count", d.Count, "size", d.Size, "head", head)
	p.hub.post(pending{Event: Event{Conn: int(p.id), At: at, Data: d}})
	p.damaged, p.reported = 0, at
}
