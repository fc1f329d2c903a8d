package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// BenchmarkPipeline measures from the wire to the consumer: a sender process
// stamps each frame before it writes it to a loopback socket, and whoever holds
// the last tick reads the clock. One iteration is one frame on each path, sent
// in turns, so that all paths meet the same machine:
//
//	bare      a netpoll read loop that only finds the stamp: the floor
//	balanced  the whole library, default profile
//	inline    the whole library, decoding on the reader
//
// The metrics are percentiles of each path, which gets a frame about every
// millisecond.
func BenchmarkPipeline(b *testing.B) {
	for _, packets := range []int{1, 100} {
		b.Run(fmt.Sprintf("packets=%d", packets), func(b *testing.B) {
			benchmarkPaths(b, packets, []*path{
				{name: "bare", run: runBare},
				{name: "balanced", run: runClient(kiteticker.Balanced)},
				{name: "inline", run: runClient(kiteticker.Inline)},
			})
		})
	}
}

// path is one way from the socket to a consumer.
type path struct {
	name    string
	seen    []time.Duration // owned by the consumer until the path has stopped
	started chan struct{}   // closed at the first frame
	enough  int             // stop is called after so many frames, if there is one
	stop    func()
	run     func(ctx context.Context, p *path, url string, packets int) error
}

func benchmarkPaths(b *testing.B, packets int, paths []*path) {
	addr, begin := startSender(b, packets, len(paths), time.Millisecond/time.Duration(len(paths)))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	rounds := make(chan struct{}, 1<<16)
	paths[0].started = make(chan struct{})
	for i, p := range paths {
		p.seen = make([]time.Duration, 0, 1<<20)
		url := fmt.Sprintf("ws://%s/%d", addr, i)
		running.Go(func() {
			err := p.run(ctx, p, url, packets)
			if err != nil && ctx.Err() == nil {
				b.Errorf("path %s: %v", p.name, err)
				cancel()
			}
		})
	}
	begin()
	// The bare loop paces the iterations: a channel of ours in the other paths
	// would be part of what they are measured for.
	go func() {
		defer close(rounds) // lets the loop run out after a failure
		select {
		case <-paths[0].started:
		case <-ctx.Done():
			return
		}
		t := time.NewTicker(time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				rounds <- struct{}{}
			case <-ctx.Done():
				return
			}
		}
	}()
	for b.Loop() {
		<-rounds
	}
	cancel()
	running.Wait()
	report(b, paths)
}

func (p *path) quantile(q float64) float64 {
	slices.Sort(p.seen)
	return float64(p.seen[int(q*float64(len(p.seen)-1))])
}

func (p *path) record(stamp int64) {
	p.seen = append(p.seen, hrtime.Now()-time.Duration(stamp))
	if len(p.seen) == 1 && p.started != nil {
		close(p.started)
	}
	if p.stop != nil && len(p.seen) == p.enough {
		p.stop()
	}
}

// runBare reads frames of a known size and looks at nothing but the stamp.
func runBare(ctx context.Context, p *path, url string, packets int) error {
	nc, br, _, err := ws.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	frame := make([]byte, len(newStampedFrame(packets).bytes))
	if br != nil { // the first frame came with the handshake
		if _, err := io.ReadFull(io.MultiReader(io.LimitReader(br, int64(br.Buffered())), nc), frame); err != nil {
			return err
		}
	}
	for {
		if _, err := io.ReadFull(nc, frame); err != nil {
			return err
		}
		p.record(int64(binary.BigEndian.Uint64(frame[len(frame)-fullPacket+20:])))
	}
}

func runClient(profile kiteticker.Profile) func(context.Context, *path, string, int) error {
	return runClientWith(kiteticker.Config{Profile: profile}, kiteticker.StreamConfig{})
}

// runClientWith reads one stream and attaches others that nobody reads.
func runClientWith(cfg kiteticker.Config, streamCfg kiteticker.StreamConfig, unread ...kiteticker.StreamConfig) func(context.Context, *path, string, int) error {
	return func(ctx context.Context, p *path, url string, packets int) error {
		cfg.APIKey, cfg.AccessToken, cfg.Conns, cfg.URL = "bench", "bench", 1, url
		client, err := kiteticker.New(cfg)
		if err != nil {
			return err
		}
		stream, err := client.Ticks(streamCfg)
		if err != nil {
			return err
		}
		for _, u := range unread {
			if _, err := client.Ticks(u); err != nil {
				return err
			}
		}
		var consumer sync.WaitGroup
		consumer.Go(func() {
			for ticks := range stream.Batches(context.Background()) {
				for i := range ticks { // a batch may be part of a frame, or several
					if stamp, _ := kitetest.SentAt(&ticks[i]); stamp != 0 {
						p.record(stamp)
					}
				}
			}
		})
		err = client.Run(ctx)
		consumer.Wait()
		return err
	}
}
