package kiteticker_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// Whoever polls, and however a stream's reader waits, every tick arrives.
func TestPolledSockets(t *testing.T) {
	serverTLS, clientTLS, err := kitetest.LoopbackTLS()
	if err != nil {
		t.Fatal(err)
	}
	low := kiteticker.Config{Profile: kiteticker.LowLatency}
	for _, tc := range []struct {
		name   string
		cfg    kiteticker.Config
		tls    bool
		stream kiteticker.StreamConfig
	}{
		{"park", low, false, kiteticker.StreamConfig{}},
		{"spin", low, false, kiteticker.StreamConfig{Wait: ring.WaitSpin}},
		{"yield", low, false, kiteticker.StreamConfig{Wait: ring.WaitYield}},
		{"tls", low, true, kiteticker.StreamConfig{Wait: ring.WaitYield}},
		{"pinned", kiteticker.Config{Profile: kiteticker.LowLatency, PinCPUs: []int{0}}, false, kiteticker.StreamConfig{}},
		{"huge pages", kiteticker.Config{Profile: kiteticker.LowLatency, HugePages: true}, false, kiteticker.StreamConfig{}},
		{"balanced", kiteticker.Config{BusyPoll: true}, false, kiteticker.StreamConfig{Wait: ring.WaitYield}},
		// A parser that waits for a reader that polls: neither may wait for the other.
		{"blocking", kiteticker.Config{BusyPoll: true, FrameRing: 64 << 10}, false,
			kiteticker.StreamConfig{Wait: ring.WaitYield, Overflow: kiteticker.Block, Capacity: 4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tokens := kitetest.Universe(30)
			simulated := kitetest.Config{Rate: 100, Instruments: tokens}
			if tc.tls {
				simulated.TLS = serverTLS
			}
			srv := listen(t, simulated)
			cfg := tc.cfg
			cfg.APIKey, cfg.AccessToken, cfg.URL, cfg.TLS = "key", "token", srv.URL(), clientTLS
			c := newClient(t, cfg)
			s := ticks(t, c, tc.stream)
			all := keep(t, s)
			subscribe(t, c, kiteticker.ModeFull, tokens...)
			stop := run(c)
			thousandTicks(t, srv, c)
			waitFor(t, "the last read", func() bool { return s.Len() == 0 })
			if err := stop(); err != nil {
				t.Errorf("Run: %v", err)
			}
			all.check(t, srv)
		})
	}
}

// A reader with its own duty cycle polls the sockets by polling its stream.
func TestPolledByPoll(t *testing.T) {
	srv := listen(t, kitetest.Config{Instruments: few})
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1, Profile: kiteticker.LowLatency,
	})
	s := ticks(t, c, kiteticker.StreamConfig{Wait: ring.WaitSpin})
	frames, err := c.Frames(kiteticker.StreamConfig{Wait: ring.WaitSpin})
	if err != nil {
		t.Fatal(err)
	}
	subscribe(t, c, kiteticker.ModeFull, few...)
	stop := run(c)
	n, messages := 0, 0
	waitFor(t, "both snapshots", func() bool {
		got, _ := s.Poll(0)
		n += len(got)
		s.Release()
		if f, _, ok := frames.Poll(); ok && len(f.Data) > 1 { // heartbeats aside
			messages++
		}
		frames.Release()
		return n == 2*len(few) && messages == 2
	})
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// A polled connection that breaks is noticed and dialled anew, as any other.
func TestPolledReconnect(t *testing.T) {
	srv := listen(t, kitetest.Config{Instruments: few, Rate: 50})
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 1, Profile: kiteticker.LowLatency,
		MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond,
	})
	s := ticks(t, c, kiteticker.StreamConfig{Wait: ring.WaitYield})
	subscribe(t, c, kiteticker.ModeFull, few...)
	stop := run(c)
	gaps, drops := 0, 0
	for tick := range s.All(context.Background()) {
		if tick.Flags&kiteticker.FlagGap != 0 {
			gaps++
		}
		if gaps == drops*len(few) { // all instruments are back
			if drops == 3 {
				break
			}
			for _, conn := range srv.Conns() {
				conn.Drop()
			}
			drops++
		}
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// The log says at the start of Run what the profile has come to.
func TestPlanIsLogged(t *testing.T) {
	srv := listen(t, kitetest.Config{})
	var log bytes.Buffer
	c := newClient(t, kiteticker.Config{
		APIKey: "key", AccessToken: "token", URL: srv.URL(), Profile: kiteticker.LowLatency,
		HealthInterval: -1, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err := run(c)(); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(log.String(), "\n")
	for _, want := range []string{"msg=profile", "profile=low-latency", "conns=3", "cpus=", "decodes=reader", "pollers=", "reason="} {
		if !strings.Contains(line, want) {
			t.Errorf("the first line lacks %s: %s", want, line)
		}
	}
}

// A profile of the process tells the goroutines apart.
func TestGoroutinesHaveRoles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no pollers on " + runtime.GOOS)
	}
	srv := listen(t, kitetest.Config{})
	c := newClient(t, kiteticker.Config{APIKey: "key", AccessToken: "token", URL: srv.URL(), Conns: 2, BusyPoll: true})
	stop := run(c)
	missing := "everything"
	waitFor(t, "a profile with all roles", func() bool {
		var profile bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		missing = ""
		for _, want := range []string{
			`{"role":"events"}`, `{"role":"supervisor"}`, `{"role":"poller"}`,
			`{"conn":"0", "role":"reader"}`, `{"conn":"1", "role":"reader"}`, `{"conn":"1", "role":"parser"}`,
			`{"conn":"0", "role":"writer"}`, `{"conn":"1", "role":"watchdog"}`,
		} {
			if !strings.Contains(profile.String(), "labels: "+want) {
				missing += want
			}
		}
		return missing == ""
	})
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}
