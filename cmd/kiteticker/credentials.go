package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/kiteticker/kiteticker"
)

// Environment variables with the credentials.
const (
	envAPIKey      = "KITE_API_KEY"
	envAccessToken = "KITE_ACCESS_TOKEN"
)

// config returns the client's configuration, with the credentials of the
// environment, or invented ones for a server on this machine. What it says
// about a URL does not repeat it: somebody may have put a token in.
func (s *streaming) config(getenv func(string) string) (kiteticker.Config, error) {
	cfg := kiteticker.Config{
		APIKey: getenv(envAPIKey), AccessToken: getenv(envAccessToken),
		URL: s.url, Conns: s.conns,
	}
	u, err := url.Parse(s.url)
	switch {
	case s.url == "":
		u = new(url.URL)
	case err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "":
		return cfg, usagef("-url is malformed, want wss://HOST, or ws://127.0.0.1:PORT for a server on this machine")
	case u.RawQuery != "" || u.User != nil || u.Fragment != "":
		return cfg, usagef("-url has parameters, want only wss://HOST: credentials come from %s and %s", envAPIKey, envAccessToken)
	}
	s.local = u.Scheme == "ws"
	var missing []string
	for _, v := range []struct{ name, value string }{{envAPIKey, cfg.APIKey}, {envAccessToken, cfg.AccessToken}} {
		if v.value == "" {
			missing = append(missing, v.name)
		}
	}
	switch {
	case len(missing) == 0:
	case s.local:
		// A key of its own, so that each of several streams has its three connections.
		cfg.APIKey, cfg.AccessToken = fmt.Sprintf("local-%d", os.Getpid()), "local"
	default:
		return cfg, usagef("set %s in the environment", strings.Join(missing, " and "))
	}
	return cfg, nil
}
