package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/internal/sock"
	"github.com/kiteticker/kiteticker/ring"
)

// BenchmarkPolling measures from the wire to the consumer like
// BenchmarkPipeline, but paths that spin, which would starve each other in one
// process at a time. So they take turns: one iteration is a round, in which
// each path has a connection of its own for framesPerTurn frames, one every
// millisecond.
//
//	bare   a loop that polls its socket and only finds the stamp: the floor
//	spin   the whole library, low-latency profile, its reader spins
//	yield  the same, its reader yields
//	park   the same, its reader parks
//
// Use a multiple of four rounds, -benchtime=8x; on a shared machine quote
// medians of several runs.
func BenchmarkPolling(b *testing.B) {
	for _, packets := range []int{1, 100} {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) { benchmarkPolling(b, packets) })
	}
}

const framesPerTurn = 300

func benchmarkPolling(b *testing.B, packets int) {
	config := kiteticker.Config{Profile: kiteticker.LowLatency}
	paths := []*path{
		{name: "bare", run: runBarePolling},
		{name: "spin", run: runClientWith(config, kiteticker.StreamConfig{Wait: ring.WaitSpin})},
		{name: "yield", run: runClientWith(config, kiteticker.StreamConfig{Wait: ring.WaitYield})},
		{name: "park", run: runClientWith(config, kiteticker.StreamConfig{})},
	}
	for round := 0; b.Loop(); round++ {
		for i := range paths {
			p := paths[(i+round)%len(paths)] // none always follows the same other one
			if err := takeTurn(b, p, packets); err != nil {
				b.Fatalf("path %s: %v", p.name, err)
			}
		}
	}
	report(b, paths)
}

// takeTurn lets p have framesPerTurn frames of a sender that it has for itself.
func takeTurn(b *testing.B, p *path, packets int) error {
	addr, begin := startSender(b, packets, 1, time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.enough, p.stop = len(p.seen)+framesPerTurn, cancel
	var running sync.WaitGroup
	var err error
	running.Go(func() { err = p.run(ctx, p, fmt.Sprintf("ws://%s/0", addr), packets) })
	begin()
	running.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// runBarePolling reads frames of a known size from a socket that it polls, and
// looks at nothing but the stamp.
func runBarePolling(ctx context.Context, p *path, url string, packets int) error {
	nc, br, _, err := ws.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer nc.Close()
	frame := make([]byte, len(newStampedFrame(packets).bytes))
	got := 0
	if br != nil { // what came with the handshake
		got, _ = io.ReadFull(br, frame[:min(br.Buffered(), len(frame))])
	}
	c, err := sock.NewConn(nc)
	if err != nil {
		return err
	}
	c.Poll()
	for ctx.Err() == nil {
		n, err := c.Read(frame[got:])
		if got += n; err == sock.ErrWouldBlock {
			continue
		}
		if err != nil {
			return err
		}
		if got == len(frame) {
			got = 0
			p.record(int64(binary.BigEndian.Uint64(frame[len(frame)-fullPacket+20:])))
		}
	}
	return nil
}

// report gives the percentiles of each path, and its median as a multiple of
// the first one's.
func report(b *testing.B, paths []*path) {
	var floor float64
	for i, p := range paths {
		h := hrtime.NewDurationHistogram(p.seen, &hrtime.HistogramOptions{BinCount: 1})
		b.ReportMetric(h.P50, p.name+"-p50-ns")
		b.ReportMetric(h.P99, p.name+"-p99-ns")
		if i == 0 {
			floor = h.P50
		} else if floor > 0 {
			b.ReportMetric(h.P50/floor, p.name+"/bare-p50")
		}
	}
}
