package harness

import (
	"context"
	"strings"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/ring"
)

// Clients returns a subject for each profile that the library has.
func Clients() (subjects []Subject) {
	for p := kiteticker.Profile(0); ; p++ {
		var same kiteticker.Profile
		if same.UnmarshalText([]byte(p.String())) != nil || same != p {
			return subjects // not a name: there are no more
		}
		floor, wait := Bare, ring.WaitPark
		if strings.HasPrefix(p.String(), "low") { // low latency polls its sockets: best by the reader of its stream
			floor, wait = Spin, ring.WaitSpin
		}
		subjects = append(subjects, Subject{
			Name: p.String(), Floor: floor, Subscribes: true,
			Run: func(s *Session) error { return runClient(s, p, wait) },
		})
	}
}

// runClient is an engine with the defaults of a profile: one stream for all
// connections, one goroutine that looks at every tick.
func runClient(s *Session, profile kiteticker.Profile, wait ring.WaitStrategy) error {
	client, err := kiteticker.New(kiteticker.Config{
		APIKey: "bench", AccessToken: "bench", URL: s.URL, TLS: s.TLS, Conns: s.Load.Conns, Profile: profile,
	})
	if err != nil {
		return err
	}
	if err := client.Subscribe(kiteticker.ModeFull, s.Tokens()...); err != nil {
		return err
	}
	cfg := kiteticker.StreamConfig{Name: "bench", Wait: wait}
	if s.Load.Endless() {
		cfg.Capacity = 1 << 16 // there is no keeping up: what the operating system runs in between must not cost ticks
	}
	stream, err := client.Ticks(cfg)
	if err != nil {
		return err
	}
	s.OnLost(stream.Lost)
	go consume(stream, s.Recorder())
	return client.Run(context.Background())
}

// consume reads what an engine would read first, of every tick.
func consume(stream *kiteticker.TickStream, r *Recorder) (sum int64) {
	for ticks := range stream.Batches(context.Background()) {
		for i := range ticks {
			t := &ticks[i]
			sum += int64(t.Token) + int64(t.LastPrice)
			r.Tick(t.TotalBuyQuantity, t.TotalSellQuantity)
		}
	}
	return sum
}
