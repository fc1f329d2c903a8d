package kiteticker_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/shard"
)

func TestNewReportsEverythingWrong(t *testing.T) {
	refresh := func(context.Context) (string, error) { return "", nil }
	base := kiteticker.Config{APIKey: "key", AccessToken: "token"}
	tests := []struct {
		change func(*kiteticker.Config)
		want   string
	}{
		{func(c *kiteticker.Config) { c.APIKey = "" }, "APIKey is empty"},
		{func(c *kiteticker.Config) { c.AccessToken = "" }, "AccessToken is empty and there is no Refresh"},
		{func(c *kiteticker.Config) { c.Conns = 4 }, "Conns is 4, want 1 to 3"},
		{func(c *kiteticker.Config) { c.Conns = -1 }, "Conns is -1, want 1 to 3"},
		{func(c *kiteticker.Config) { c.Accounts = []kiteticker.Account{{APIKey: "a", AccessToken: "b"}} }, "want one form"},
		{func(c *kiteticker.Config) {
			*c = kiteticker.Config{Accounts: []kiteticker.Account{
				{APIKey: "same", AccessToken: "x"}, {APIKey: "same", AccessToken: "y"}, {APIKey: "z", Conns: 9}}}
		}, "Accounts[0] and Accounts[1] have the same APIKey"},
		{func(c *kiteticker.Config) {
			*c = kiteticker.Config{Accounts: []kiteticker.Account{{APIKey: "z", Conns: 9, Refresh: refresh}}}
		}, "Accounts[0].Conns is 9"},
		{func(c *kiteticker.Config) { c.Profile = 7 }, "Profile is 7"},
		{func(c *kiteticker.Config) { c.Wait = 7 }, "Wait is 7"},
		{func(c *kiteticker.Config) { c.PinCPUs = []int{-2} }, "PinCPUs has -2"},
		{func(c *kiteticker.Config) { c.PinCPUs, c.Profile = []int{0}, kiteticker.Inline }, "no goroutine to pin"},
		{func(c *kiteticker.Config) { c.AccessToken = "token\n" }, "white space"},
		{func(c *kiteticker.Config) { c.MaxAttempts = -1 }, "MaxAttempts is -1"},
		{func(c *kiteticker.Config) { c.CommandGap = -1 }, "CommandGap is -1ns, want a positive duration, or 0 for no gap"},
		{func(c *kiteticker.Config) { c.FrameRing = 100 }, "FrameRing is 100 bytes"},
		{func(c *kiteticker.Config) { c.TickRing = -5 }, "TickRing is -5 ticks"},
		{func(c *kiteticker.Config) { c.ChunkSize = 4000 }, "ChunkSize is 4000 tokens"},
		{func(c *kiteticker.Config) { c.Liveness = time.Second }, "Liveness is 1s"},
		{func(c *kiteticker.Config) { c.DialTimeout = -1 }, "DialTimeout is -1ns, want a positive duration, or 0 for the default"},
		{func(c *kiteticker.Config) { c.MinBackoff, c.MaxBackoff = 5, 4 }, "MaxBackoff is 4ns, want at least MinBackoff, 5ns"},
		{func(c *kiteticker.Config) { c.URL = "http://x" }, "URL is malformed"},
		{func(c *kiteticker.Config) { c.URL = "wss://x?access_token=canary" }, "URL has a query"},
		{func(c *kiteticker.Config) { c.URL = "ws://example.com" }, "in the clear"},
		{func(c *kiteticker.Config) { c.URL = "ws://127.0.0.1.example.com" }, "in the clear"},
		{func(c *kiteticker.Config) { c.Query = url.Values{"access_token": {"canary"}} }, "Query holds api_key or access_token"},
		{func(c *kiteticker.Config) { c.Segments = []decode.Segment{{Code: 13, Decimals: 30}} }, "30"},
		{func(c *kiteticker.Config) { c.Sharding = shard.Pinned }, "kiteticker: Sharding is Pinned, but PinToken is nil"},
		{func(c *kiteticker.Config) { c.PinToken = func(uint32) int { return 0 } }, "kiteticker: PinToken is set, but Sharding is least-loaded"},
		{func(c *kiteticker.Config) { c.Sharding = 9 }, "kiteticker: Sharding is 9, want LeastLoaded, RoundRobin or Pinned"},
		{func(c *kiteticker.Config) { c.APIKey, c.Conns, c.TickRing = "", 9, -1 }, "TickRing"},
	}
	for _, tt := range tests {
		cfg := base
		tt.change(&cfg)
		_, err := kiteticker.New(cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New: %v\nwant an error that says %q", err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows a secret: %v", err)
		}
		if err != nil && strings.Contains(err.Error(), "shard: ") {
			t.Errorf("the error speaks of the inside: %v", err)
		}
	}
	for _, ok := range []func(*kiteticker.Config){
		func(c *kiteticker.Config) {},
		func(c *kiteticker.Config) { c.AccessToken, c.Refresh = "", refresh },
		func(c *kiteticker.Config) { c.URL = "ws://localhost:7000" },
		func(c *kiteticker.Config) { c.URL = "ws://[::1]:7000" },
		func(c *kiteticker.Config) { c.URL, c.AllowPlaintext = "ws://example.com", true },
		func(c *kiteticker.Config) { c.MinBackoff = time.Hour },
	} {
		cfg := base
		ok(&cfg)
		if _, err := kiteticker.New(cfg); err != nil {
			t.Errorf("New: %v, want no error", err)
		}
	}
}

func TestNewCopiesItsConfig(t *testing.T) {
	cpus := []int{0}
	cfg := kiteticker.Config{APIKey: "key", AccessToken: "token", PinCPUs: cpus, Header: http.Header{}}
	if _, err := kiteticker.New(cfg); err != nil {
		t.Fatal(err)
	}
	if cfg.Conns != 0 || cfg.FrameRing != 0 {
		t.Errorf("New filled in the caller's config: %+v", cfg)
	}
}

func TestConfigNeverPrintsSecrets(t *testing.T) {
	cfg := kiteticker.Config{
		APIKey: "canary-key", AccessToken: "canary-token",
		Accounts: []kiteticker.Account{{APIKey: "canary-key", AccessToken: "canary-token"}},
	}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("config", "cfg", cfg, "ptr", &cfg, "account", cfg.Accounts[0], "accounts", cfg.Accounts)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, format+"\n", cfg)
		fmt.Fprintf(&out, format+"\n", &cfg)
		fmt.Fprintf(&out, format+"\n", cfg.Accounts)
	}
	for _, bad := range []string{"canary", fmt.Sprintf("%x", "canary")} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("printed:\n%s", out.String())
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing was printed at all")
	}
}

func TestProfileText(t *testing.T) {
	for _, p := range profiles {
		text, _ := p.MarshalText()
		var back kiteticker.Profile
		if err := back.UnmarshalText(text); err != nil || back != p {
			t.Errorf("%s came back as %v, %v", text, back, err)
		}
	}
	var p kiteticker.Profile
	if err := p.UnmarshalText([]byte("fast")); err == nil {
		t.Error(`"fast" is a profile`)
	}
}
