package main

import (
	"runtime"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/stats"
)

// sample is what the demo counts, at one moment.
type sample struct {
	at    time.Time
	sent  kitetest.Totals
	conns [kiteticker.MaxConns]connSample
}

// connSample is one connection's part of a sample.
type connSample struct {
	kiteticker.ConnStats
	checked  uint64 // ticks that its consumer has checked
	lost     uint64 // ticks that its consumer lost by being too slow
	tickLen  int    // ticks that wait for its consumer
	tickCap  int
	consumed stats.Distribution // latency from write to consumer, ns
}

// ringFill returns how full the fuller one of the connection's rings is, in
// percent: that of raw messages, or that of ticks.
func (c *connSample) ringFill() int {
	return max(100*c.RingLen/max(c.RingCap, 1), 100*c.tickLen/max(c.tickCap, 1)) // inline there is no ring of messages
}

func (d *demo) sample() *sample {
	s := &sample{at: time.Now(), sent: d.server.Totals()}
	snapshot := d.client.Stats()
	for i, c := range d.consumers {
		stream := &snapshot.Streams[i]
		s.conns[i] = connSample{
			ConnStats: snapshot.Conns[i],
			checked:   c.ticks.Load(),
			lost:      stream.Lost,
			tickLen:   stream.Len,
			tickCap:   stream.Cap,
			consumed:  c.latency.Snapshot(),
		}
	}
	return s
}

// memory is what the whole process has used.
type memory struct {
	mallocs uint64 // objects allocated
	cycles  uint32 // of the garbage collector
	bytes   uint64 // that Go holds from the operating system
}

// readMemory stops the world for a moment: not for use in between.
func readMemory() memory {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{m.Mallocs, m.NumGC, m.Sys - m.HeapReleased}
}

// since returns what was used after earlier was read, and the bytes as they
// are.
func (m memory) since(earlier memory) memory {
	m.mallocs -= earlier.mallocs
	m.cycles -= earlier.cycles
	return m
}
