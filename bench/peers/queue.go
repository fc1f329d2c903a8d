package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kiteticker/kiteticker/bench/harness"
	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// Two subjects that differ in nothing but the queues between three goroutines:
// one that reads (package conn), one that decodes, one that consumes. "rings"
// has the library's rings, without what the library does besides; "channels" has
// what Go offers: a channel of messages, each in memory of its own, and a channel
// of ticks.
func queues() []harness.Subject {
	return []harness.Subject{
		{Name: "rings", Floor: harness.Bare, Run: perConn(runRings)},
		{Name: "channels", Floor: harness.Bare, Run: perConn(runChannels)},
	}
}

// perConn runs one pipeline for each socket of the load.
func perConn(run func(s *harness.Session) error) func(*harness.Session) error {
	return func(s *harness.Session) error {
		failed := make(chan error)
		for range s.Load.Conns {
			go func() { failed <- run(s) }()
		}
		return <-failed
	}
}

// read reads a socket into sink.
func read(s *harness.Session, sink conn.Sink) error {
	c, err := conn.New(conn.Config{
		URL: s.URL, TLS: s.TLS, Sink: sink,
		Credentials: func() (apiKey, accessToken string) { return "bench", "bench" },
		Commands:    func(bool) []shard.Command { return nil },
		MaxAttempts: 1,
	})
	if err != nil {
		return err
	}
	return fmt.Errorf("the connection has ended: %w", c.Run(context.Background()))
}

const (
	frameBytes = 4 << 20 // as the library's defaults
	tickSlots  = 8192
	burst      = 16 // ticks to a publish
)

func runRings(s *harness.Session) error {
	frames, messages := ring.NewBytes(frameBytes)
	slots, ticks := ring.New[decode.Tick](tickSlots)
	go func() {
		var dec decode.Decoder
		for messages.Wait(nil) {
			for rec, ok := messages.Peek(); ok; rec, ok = messages.Peek() {
				n := 0
				split := decode.Split(rec.Data)
				for packet, ok := split.Next(); ok; packet, ok = split.Next() {
					t, ok := slots.Reserve()
					if !ok {
						slots.Wait(nil)
						t, _ = slots.Reserve()
					}
					_ = dec.Packet(t, packet) // the exchange sends known packets
					slots.Commit()
					if n++; n%burst == 0 {
						slots.Publish()
					}
				}
				slots.Publish()
				messages.Advance()
				messages.Release()
			}
		}
	}()
	go func() {
		var sum int64
		r := s.Recorder()
		for ticks.Wait(nil) {
			for t, ok := ticks.Peek(); ok; t, ok = ticks.Peek() {
				sum += int64(t.Token) + int64(t.LastPrice)
				r.Tick(t.TotalBuyQuantity, t.TotalSellQuantity)
				ticks.Advance()
			}
			ticks.Release()
		}
	}()
	return read(s, frames)
}

func runChannels(s *harness.Session) error {
	sink := &channelSink{messages: make(chan message, 1024)}
	ticks := make(chan decode.Tick, tickSlots)
	go func() {
		var dec decode.Decoder
		for m := range sink.messages {
			split := decode.Split(m.data)
			for packet, ok := split.Next(); ok; packet, ok = split.Next() {
				var t decode.Tick
				_ = dec.Packet(&t, packet)
				ticks <- t
			}
		}
	}()
	go func() {
		var sum int64
		r := s.Recorder()
		for t := range ticks {
			sum += int64(t.Token) + int64(t.LastPrice)
			r.Tick(t.TotalBuyQuantity, t.TotalSellQuantity)
		}
	}()
	return read(s, sink)
}

// channelSink is a conn.Sink that makes a slice for each message and sends it
// down a channel.
type channelSink struct {
	messages chan message
	open     []byte
}

type message struct {
	kind ring.Kind
	at   time.Time
	data []byte
}

func (c *channelSink) Claim(n int) ([]byte, error) {
	c.open = make([]byte, n)
	return c.open, nil
}

func (c *channelSink) Commit(n int, kind ring.Kind, at int64) {
	c.messages <- message{kind, time.Unix(0, at), c.open[:n]}
}

func (c *channelSink) Abort()                         {}
func (c *channelSink) Publish() (woke bool)           { return true }
func (c *channelSink) Wait(<-chan struct{}, int) bool { return true }
func (c *channelSink) MaxRecord() int                 { return frameBytes / 4 }
