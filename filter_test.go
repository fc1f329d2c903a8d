package kiteticker_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// A filter decides before anything is numbered: what it keeps out is no loss.
func TestFilter(t *testing.T) {
	const nse, bse, nifty = 408065, 500325<<8 | 4, 256265
	tests := []struct {
		name   string
		filter kiteticker.Filter
		want   []uint32
	}{
		{"none", kiteticker.Filter{}, []uint32{nse, bse, nifty}},
		{"tokens", kiteticker.Filter{Tokens: []uint32{bse, 999, nse}}, []uint32{nse, bse}},
		{"segments", kiteticker.Filter{Segments: []string{"NSE"}}, []uint32{nse}},
		{"modes", kiteticker.Filter{Modes: []kiteticker.Mode{kiteticker.ModeFull}}, []uint32{nse, nifty}},
		{"two modes", kiteticker.Filter{Modes: []kiteticker.Mode{kiteticker.ModeQuote, kiteticker.ModeLTP}}, []uint32{bse}},
		{"all lists", kiteticker.Filter{Tokens: []uint32{nse, bse}, Segments: []string{"BSE", "INDICES"}, Modes: []kiteticker.Mode{kiteticker.ModeQuote}}, []uint32{bse}},
		{"nothing", kiteticker.Filter{Tokens: []uint32{nse}, Segments: []string{"BSE"}}, nil},
	}
	synctest.Test(t, func(t *testing.T) {
		streams := map[string]*kiteticker.TickStream{}
		f := newFeed(t, kiteticker.Config{}, few, func(c *kiteticker.Client) {
			for _, tt := range tests {
				for _, overflow := range []kiteticker.Overflow{kiteticker.DropNewest, kiteticker.Conflate} {
					streams[tt.name+overflow.String()] = ticks(t, c, kiteticker.StreamConfig{Filter: tt.filter, Overflow: overflow})
				}
			}
		})
		quote := &kiteticker.Tick{Token: bse, Mode: kiteticker.ModeQuote, LastPrice: 1}
		index := &kiteticker.Tick{Token: nifty, Mode: kiteticker.ModeFull, Flags: kiteticker.FlagIndex, LastPrice: 1}
		frame := kitetest.AppendFrame(nil, kitetest.AppendPacket(nil, derived(nse, 1)),
			kitetest.AppendPacket(nil, quote), kitetest.AppendPacket(nil, index))
		for range 2 {
			f.conn.Send(frame)
		}
		synctest.Wait()
		for _, tt := range tests {
			var got []uint32
			s := streams[tt.name+"drop-newest"]
			for seq := uint64(1); s.Len() > 0; seq++ {
				list, lost := s.Poll(1)
				if list[0].Seq != seq || lost != 0 {
					t.Errorf("%s: tick %d is number %d after %d lost", tt.name, seq, list[0].Seq, lost)
				}
				got = append(got, list[0].Token)
				s.Release()
			}
			if want := append(slices.Clone(tt.want), tt.want...); !slices.Equal(got, want) {
				t.Errorf("%s: got ticks of %v, want %v", tt.name, got, want)
			}
			s = streams[tt.name+"conflate"]
			got = nil
			latest, _ := s.Poll(0)
			for i := range latest {
				if s.ReplacedBy(i) != 1 {
					t.Errorf("%s: replaced %d, want 1", tt.name, s.ReplacedBy(i))
				}
				got = append(got, latest[i].Token)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: conflated ticks of %v, want %v", tt.name, got, tt.want)
			}
		}
		f.stop()
	})
}

// Workers get every tick once, each instrument's by one of them and in order,
// also when they are attached in the middle of things.
func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(120)
		tokens = slices.DeleteFunc(tokens, func(token uint32) bool { // full packets of all
			return uint8(token) == 9 || uint8(token) == 13
		})
		f := newFeed(t, kiteticker.Config{}, tokens, func(*kiteticker.Client) {})
		sent, attached := make(chan struct{}), make(chan struct{}, 10)
		go func() {
			defer close(sent)
			for range 10 {
				<-attached // the next ones come while these are sent
				for range 6 {
					f.send()
				}
			}
		}()
		var sets [][]*kiteticker.TickStream
		for range 10 {
			workers, err := f.client.Workers(3, kiteticker.StreamConfig{Name: "w", Capacity: 1 << 12})
			if err != nil {
				t.Fatal(err)
			}
			sets = append(sets, workers)
			attached <- struct{}{}
		}
		<-sent
		f.stop()
		for _, workers := range sets {
			var mu sync.Mutex
			rounds := map[uint32][]int{}
			var readers sync.WaitGroup
			for i, s := range workers {
				if want := "w/" + string(rune('0'+i)); s.Name() != want {
					t.Errorf("worker %d is called %q, want %q", i, s.Name(), want)
				}
				readers.Go(func() {
					own := map[uint32][]int{}
					for tick := range s.All(context.Background()) {
						own[tick.Token] = append(own[tick.Token], derivedFrom(t, tick))
					}
					mu.Lock()
					defer mu.Unlock()
					if len(own) < len(tokens)/6 {
						t.Errorf("worker %d has %d of %d instruments", i, len(own), len(tokens))
					}
					for token, list := range own {
						if rounds[token] != nil {
							t.Errorf("token %d goes to two workers", token)
						}
						rounds[token] = list
					}
				})
			}
			readers.Wait()
			want := rounds[tokens[0]]
			for _, token := range tokens {
				// All begin with the same message: the one after they were attached.
				if got := rounds[token]; len(got) == 0 || !slices.Equal(got, sequence(got[0], 60)) || !slices.Equal(got, want) {
					t.Fatalf("token %d has rounds %v, another one %v", token, got, want)
				}
			}
		}
	})
}

// What cannot be is refused when the stream is attached, everything at once.
func TestStreamConfigIsChecked(t *testing.T) {
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token"})
	inline := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token", Profile: kiteticker.Inline})
	tests := []struct {
		name string
		cfg  kiteticker.StreamConfig
		want []string // in the error; nil: none
	}{
		{"zero", kiteticker.StreamConfig{}, nil},
		{"conflate", kiteticker.StreamConfig{Overflow: kiteticker.Conflate}, nil},
		{"several", kiteticker.StreamConfig{Overflow: 9, Capacity: -1, Conns: []int{3}, Wait: 9}, []string{"Overflow is 9", "Capacity is -1", "Conns has 3", "Wait is 9"}},
		{"filter", kiteticker.StreamConfig{Filter: kiteticker.Filter{Tokens: []uint32{0}, Segments: []string{"NES"}, Modes: []kiteticker.Mode{0, 7}}}, []string{"Tokens has 0", `Segments has "NES"`, "Modes has Mode(0)", "Modes has Mode(7)"}},
		{"lending more at once", kiteticker.StreamConfig{Overflow: kiteticker.Conflate, Capacity: 9000}, nil},
	}
	check := func(name string, err error, want []string) {
		t.Helper()
		if (err == nil) != (want == nil) {
			t.Errorf("%s: error is %v", name, err)
		}
		for _, part := range want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q lacks %q", name, err, part)
			}
		}
	}
	for _, tt := range tests {
		_, err := c.Ticks(tt.cfg)
		check(tt.name, err, tt.want)
		_, err = c.Workers(2, tt.cfg)
		check(tt.name+" for workers", err, tt.want)
	}
	_, err := inline.Ticks(kiteticker.StreamConfig{Overflow: kiteticker.Block})
	check("block inline", err, []string{"Block with the Inline profile"})
	_, err = c.Workers(0, kiteticker.StreamConfig{})
	check("no workers", err, []string{"0 streams, want 1 to"})
	_, err = c.Frames(kiteticker.StreamConfig{
		Overflow: kiteticker.Conflate, Snapshot: true, Filter: kiteticker.Filter{Modes: []kiteticker.Mode{kiteticker.ModeLTP}},
	})
	check("frames", err, []string{"Overflow is Conflate for Frames", "Snapshot is set for Frames", "Filter is set for Frames"})
	if n := len(c.Stats().Streams); n != 3*3 {
		t.Errorf("%d streams are attached, want the 9 of good configurations: one and two workers of each", n)
	}
}

func TestOverflowText(t *testing.T) {
	for o := kiteticker.DropNewest; o <= kiteticker.Conflate; o++ {
		text, _ := o.MarshalText()
		var back kiteticker.Overflow
		if err := back.UnmarshalText(text); err != nil || back != o {
			t.Errorf("%v becomes %v, %v", o, back, err)
		}
	}
	var o kiteticker.Overflow
	if err := o.UnmarshalText([]byte("drop")); err == nil || kiteticker.Overflow(9).String() != "Overflow(9)" {
		t.Errorf("error %v for an unknown name, %v for an unknown value", err, kiteticker.Overflow(9))
	}
}
