package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Environment variables with the credentials.
const (
	envAPIKey      = "KITE_API_KEY"
	envAccessToken = "KITE_ACCESS_TOKEN"
)

// config returns the client's configuration, with credentials from the
// environment, or invented ones for a server on this machine.
func (s *streaming) config(getenv func(string) string) (kiteticker.Config, error) {
	cfg := kiteticker.Config{
		APIKey: getenv(envAPIKey), AccessToken: getenv(envAccessToken),
		URL: s.url, Conns: s.conns,
	}
	var missing []string
	for _, v := range []struct{ name, value string }{{envAPIKey, cfg.APIKey}, {envAccessToken, cfg.AccessToken}} {
		if v.value == "" {
			missing = append(missing, v.name)
		}
	}
	switch {
	case len(missing) == 0:
	case s.local():
		// A key of its own, so that several streams each have their three connections.
		cfg.APIKey, cfg.AccessToken = fmt.Sprintf("local-%d", os.Getpid()), "local"
	default:
		return cfg, usagef("set %s in the environment", strings.Join(missing, " and "))
	}
	return cfg, nil
}

// local reports whether the URL is a plain one on this machine: a simulated
// exchange, and never Kite itself.
func (s *streaming) local() bool {
	u, err := url.Parse(s.url)
	if err != nil || u.Scheme != "ws" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// fallback is how many instruments are subscribed when none is named: what one
// connection can carry.
const fallback = kiteticker.MaxTokensPerConn

func (s *streaming) fallbackTokens() []uint32 { return kitetest.Universe(fallback) }
