package kiteticker_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker"
)

// The last value of an instrument is there for any goroutine, whole and never
// older than one seen before.
func TestLatest(t *testing.T) {
	for _, profile := range profiles {
		synctest.Test(t, func(t *testing.T) {
			f := newFeed(t, kiteticker.Config{LastValues: true, Profile: profile}, few, func(*kiteticker.Client) {})
			if _, ok := f.client.Latest(12345); ok {
				t.Error("a token nobody subscribed has a last value")
			}
			subscribe(t, f.client, kiteticker.ModeFull, 54321) // the exchange does not know it
			synctest.Wait()
			if _, ok := f.client.Latest(54321); ok {
				t.Error("a token that never ticked has a last value")
			}
			f.round()
			var readers sync.WaitGroup
			done := make(chan struct{})
			for _, token := range few[:2] {
				readers.Go(func() {
					last, over := 0, false
					for !over {
						select {
						case <-done:
							over = true // once more, for the last
						default:
						}
						tick, ok := f.client.Latest(token)
						n := derivedFrom(t, &tick)
						if !ok || n < last {
							t.Errorf("token %d: round %d after %d, %v", token, n, last, ok)
						}
						last = n
					}
					if last != f.sent {
						t.Errorf("the last round is %d, want %d", last, f.sent)
					}
				})
			}
			for range 500 {
				f.send()
			}
			f.stop()
			close(done)
			readers.Wait()
			var tokens []uint32
			for _, tick := range f.client.Snapshot(nil) {
				if derivedFrom(t, &tick) != 501 {
					t.Errorf("snapshot has %v", tick)
				}
				tokens = append(tokens, tick.Token)
			}
			if want := slices.Sorted(slices.Values(few)); !slices.Equal(tokens, want) {
				t.Errorf("snapshot is of %v, want %v", tokens, want)
			}
		})
	}
}

func TestLatestMustBeAskedFor(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	for name, call := range map[string]func(){
		"Latest":   func() { c.Latest(1) },
		"Snapshot": func() { c.Snapshot(nil) },
	} {
		func() {
			defer func() {
				if msg, _ := recover().(string); msg != "kiteticker: last values are not kept: set Config.LastValues" {
					t.Errorf("%s: recovered %q", name, msg)
				}
			}()
			call()
		}()
	}
	if _, err := c.Ticks(kiteticker.StreamConfig{Snapshot: true}); err == nil {
		t.Error("a stream begins with a snapshot of nothing")
	}
}

// A stream attached late begins with what is known, and goes on without gap or
// overlap, whenever that is.
func TestSnapshotThenTicks(t *testing.T) {
	for _, overflow := range []kiteticker.Overflow{kiteticker.DropNewest, kiteticker.Block, kiteticker.Conflate} {
		synctest.Test(t, func(t *testing.T) {
			f := newFeed(t, kiteticker.Config{LastValues: true}, few, func(*kiteticker.Client) {})
			f.round()
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for range 300 {
					f.send()
				}
			}()
			var streams []*kiteticker.TickStream
			for range 50 {
				streams = append(streams, ticks(t, f.client, kiteticker.StreamConfig{
					Snapshot: true, Overflow: overflow, Filter: kiteticker.Filter{Tokens: few[:3]},
				}))
			}
			<-sent
			f.stop()
			for i, s := range streams {
				last, n := map[uint32]int{}, map[uint32]int{}
				for tick := range s.All(t.Context()) {
					round := derivedFrom(t, tick)
					first := n[tick.Token] == 0
					if snapshot := tick.Flags&kiteticker.FlagSnapshot != 0; snapshot != first && overflow != kiteticker.Conflate {
						t.Errorf("stream %d: tick %d of %d is of the snapshot: %v", i, n[tick.Token], tick.Token, snapshot)
					}
					if !first && round != last[tick.Token]+1+int(s.ReplacedBy(0)) {
						t.Errorf("stream %d: round %d of token %d follows %d", i, round, tick.Token, last[tick.Token])
					}
					last[tick.Token] = round
					n[tick.Token]++
				}
				for _, token := range few[:3] {
					if last[token] != 301 {
						t.Errorf("stream %d: token %d ends with round %d", i, token, last[token])
					}
				}
				if len(last) != 3 || s.Lost() != 0 {
					t.Errorf("stream %d: %d tokens, %d lost", i, len(last), s.Lost())
				}
			}
		})
	}
}
