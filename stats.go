package kiteticker

import (
	"time"

	"github.com/kiteticker/kiteticker/stats"
)

// Stats is a client's state at one moment: plain values, safe to keep.
type Stats struct {
	At      time.Time
	Conns   []ConnStats
	Streams []StreamStats      // of ticks, then of frames
	Events  []EventStreamStats // in the order of attaching

	RepeatedOrders uint64 // order updates that came on a further connection and were not told again
}

// ConnStats is the state of one connection. Counts are since New, over all its
// sockets.
type ConnStats struct {
	Conn    int
	Account int // index in Config.Accounts
	State   State

	Instruments int       // tokens that this connection is to carry
	Sent        int       // tokens the server was told of on the present socket
	Seen        int       // of those, instruments that have ticked on it
	BehindSince time.Time // since when the server has not been told of all Instruments; zero if it has
	Rejected    uint64    // complaints of the server about subscriptions on the present socket

	LiveSince time.Time // when the present socket opened; zero if not live
	LastByte  time.Time // last sign of life; zero if none yet
	// LastMessage is the last data message or heartbeat. A server that answers
	// pings and sends nothing else is alive and useless: the exchange sends a
	// heartbeat about every second when it has no data.
	LastMessage time.Time

	Dials    uint64 // handshakes attempted
	Sessions uint64 // handshakes that succeeded: reconnects are one less
	Refused  uint64 // handshakes answered with 400 or 403

	Commands uint64 // control messages written
	Pings    uint64 // of ours
	Pongs    uint64 // answers to pings of the server

	Bytes      uint64 // read from the socket, after TLS
	Messages   uint64 // binary messages, heartbeats included
	Heartbeats uint64
	Texts      uint64
	Ticks      uint64 // packets of known length, without those Superseded

	UnknownPackets  uint64 // packets of unknown length, skipped
	UnknownSegments uint64 // ticks whose price scale is a guess
	Damaged         uint64 // messages cut short; what came before was delivered
	Trailing        uint64 // messages with bytes after the last packet

	Superseded uint64 // ticks dropped because their instrument had moved to another connection

	Errors ErrorCounts // what ended sockets and dials, by class

	RingLen, RingCap int    // bytes waiting in the ring of raw messages, and its size
	RingWaits        uint64 // times the reader waited because that ring was full

	// Latency from the socket read that completed a message to the publish of
	// its last tick, in nanoseconds.
	Latency stats.Distribution
	Stages  Stages // where that time goes; empty unless Config.Stages
}

// StreamStats is the state of one attached tick or frame stream.
type StreamStats struct {
	Name   string
	Frames bool  // a FrameStream; Len counts bytes, Lost messages
	Conns  []int // connections it receives from
	Len    int   // ticks, or bytes, waiting
	Cap    int   // sum over its rings; 0 if it conflates

	Overflow Overflow
	Lost     uint64   // ticks, or messages, lost to overflow
	LostOn   []uint64 // of those, by connection: one for each of Conns
	Replaced uint64   // ticks that newer ones replaced, if it conflates

	Waits   uint64       // times a connection waited for the stream's reader, if it blocks
	Waiting []StreamWait // connections that wait now

	// Delivery is how long ticks took from the parser to the stream's reader, in
	// nanoseconds from when it took the oldest message the reader had not seen,
	// decoding included. Empty for frame streams, and unless Config.Stages.
	Delivery stats.Distribution
}

// StreamWait is one connection's wait for the reader of a stream that blocks.
type StreamWait struct {
	Conn  int
	Since time.Time
}

// EventStreamStats is the state of one attached event stream. It loses nothing,
// so Len grows without bound while nobody reads.
type EventStreamStats struct {
	Name string
	Len  int // events waiting
}

// Lost returns the ticks and messages lost by all attached streams together.
func (s Stats) Lost() uint64 {
	var n uint64
	for _, st := range s.Streams {
		n += st.Lost
	}
	return n
}

// Stats returns the state of every connection and stream at this moment.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{At: time.Now(), RepeatedOrders: c.hub.orders.repeated.Load()}
	for id, l := range c.lines {
		s.Conns = append(s.Conns, c.connStats(id, l))
	}
	for _, t := range c.ticks {
		s.Streams = append(s.Streams, t.Stats())
	}
	for _, f := range c.frames {
		s.Streams = append(s.Streams, f.Stats())
	}
	for _, e := range c.hub.attached() {
		s.Events = append(s.Events, e.Stats())
	}
	return s
}

// rejected counts a complaint of the server about subscriptions.
func (c *Client) rejected(conn int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[conn].life.rejected++
}

func (c *Client) connStats(id int, l *line) ConnStats {
	sock, parser := l.conn.Counters(), &l.pipeline.counters
	s := ConnStats{
		Conn: id, Account: l.account, State: l.conn.State(),
		Instruments: c.table.Len(id), Rejected: l.life.rejected, Errors: l.life.errors,
		LiveSince: unixNano(sock.LiveSince.Load()), LastByte: unixNano(sock.LastRead.Load()),
		LastMessage: unixNano(sock.LastMessage.Load()),
		Dials:       sock.Dials.Load(), Sessions: sock.Sessions.Load(), Refused: sock.Refused.Load(),
		Commands: sock.Commands.Load(), Pings: sock.PingsSent.Load(), Pongs: sock.PongsSent.Load(),
		Bytes: sock.Bytes.Load(), RingWaits: sock.Waits.Load(),
		Messages: parser.Messages.Load(), Heartbeats: parser.Heartbeats.Load(), Texts: parser.Texts.Load(),
		Ticks: parser.Ticks.Load(), UnknownPackets: parser.UnknownPackets.Load(),
		UnknownSegments: parser.UnknownSegments.Load(), Damaged: parser.Damaged.Load(), Trailing: parser.Trailing.Load(),
		Superseded: parser.Superseded.Load(),
		Latency:    l.pipeline.latency.Snapshot(), Stages: l.pipeline.stages.Snapshot(),
	}
	if s.State.Connected() {
		session := l.life.session
		for token, mode := range c.table.Desired(id) {
			if l.told[token] == mode {
				s.Sent++
			}
			if c.instruments.ticked(token, uint8(id), session) {
				s.Seen++
			}
		}
		if s.Sent == s.Instruments {
			l.life.behind = time.Time{}
		} else if l.life.behind.IsZero() {
			l.life.behind = time.Now()
		}
		s.BehindSince = l.life.behind
	}
	if l.ring != nil {
		s.RingLen, s.RingCap = l.ring.Len(), l.ring.Cap()
	}
	return s
}

// unixNano turns a gauge into a time; 0 means never.
func unixNano(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
