package kiteticker

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/kiteticker/kiteticker/ring"
	"github.com/kiteticker/kiteticker/shard"
)

// validate reports everything that is wrong with c, which has its defaults.
func (c Config) validate(form Config) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("kiteticker: "+format, args...)) }

	several := len(form.Accounts) > 0
	if several && (form.APIKey != "" || form.AccessToken != "" || form.Conns != 0 || form.Refresh != nil) {
		bad("both Accounts and the fields of a single account (APIKey, AccessToken, Conns, Refresh) are set, want one form")
	}
	total := 0
	keys := map[string]int{}
	for i, a := range c.Accounts {
		where := ""
		if several {
			where = fmt.Sprintf("Accounts[%d].", i)
		}
		if a.APIKey == "" {
			bad("%sAPIKey is empty", where)
		} else if j, dup := keys[a.APIKey]; dup {
			bad("Accounts[%d] and Accounts[%d] have the same APIKey: the server would count their connections together", j, i)
		}
		keys[a.APIKey] = i
		if strings.ContainsFunc(a.APIKey+a.AccessToken, unicode.IsSpace) {
			bad("%sAPIKey or AccessToken has white space in it, such as a line end from a file", where)
		}
		if a.AccessToken == "" && a.Refresh == nil {
			bad("%sAccessToken is empty and there is no Refresh to ask for one", where)
		}
		if a.Conns < 1 || a.Conns > MaxConns {
			bad("%sConns is %d, want 1 to %d", where, a.Conns, MaxConns)
		}
		total += max(a.Conns, 0)
	}
	if total > maxTotalConns {
		bad("there are %d connections in all, want at most %d", total, maxTotalConns)
	}
	if int(c.Profile) >= len(profileNames) {
		bad("Profile is %d, want Balanced, Inline or LowLatency", c.Profile)
	}
	if c.Wait > ring.WaitSpin {
		bad("Wait is %d, want WaitPark, WaitYield or WaitSpin", c.Wait)
	}
	if err := checkPins(c.PinCPUs, c.Profile, c.BusyPoll); err != nil {
		errs = append(errs, err)
	}
	if c.FrameRing < minFrameRing || c.FrameRing > maxFrameRing {
		bad("FrameRing is %d bytes, want %d to %d", c.FrameRing, minFrameRing, maxFrameRing)
	}
	if c.TickRing < 1 || c.TickRing > maxTickRing {
		bad("TickRing is %d ticks, want 1 to %d", c.TickRing, maxTickRing)
	}
	switch {
	case c.Sharding > shard.Pinned:
		bad("Sharding is %d, want LeastLoaded, RoundRobin or Pinned", c.Sharding)
	case c.Sharding == shard.Pinned && c.PinToken == nil:
		bad("Sharding is Pinned, but PinToken is nil")
	case c.Sharding != shard.Pinned && c.PinToken != nil:
		bad("PinToken is set, but Sharding is %v, which would ignore it: want Pinned", c.Sharding)
	}
	if c.ChunkSize < 1 || c.ChunkSize > MaxTokensPerConn {
		bad("ChunkSize is %d tokens, want 1 to %d", c.ChunkSize, MaxTokensPerConn)
	}
	if c.Liveness < minLiveness {
		bad("Liveness is %v, want at least %v: the server's heartbeat comes about every second", c.Liveness, minLiveness)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		zero  string // what 0 stands for
	}{
		{"DialTimeout", c.DialTimeout, "the default"}, {"DrainTimeout", c.DrainTimeout, "the default"},
		{"MinBackoff", c.MinBackoff, "the default"}, {"MaxBackoff", c.MaxBackoff, "the default"},
		{"CommandGap", c.CommandGap, "no gap"},
	} {
		if d.value < 0 {
			bad("%s is %v, want a positive duration, or 0 for %s", d.name, d.value, d.zero)
		}
	}
	if c.MaxAttempts < 0 {
		bad("MaxAttempts is %d, want 0 for no limit, or more", c.MaxAttempts)
	}
	if c.MaxBackoff < c.MinBackoff {
		bad("MaxBackoff is %v, want at least MinBackoff, %v", c.MaxBackoff, c.MinBackoff)
	}
	if err := checkURL(c.URL, c.AllowPlaintext); err != nil {
		errs = append(errs, err)
	}
	if c.Query.Has("api_key") || c.Query.Has("access_token") {
		bad("Query holds api_key or access_token: credentials belong in APIKey and AccessToken")
	}
	return errors.Join(errs...)
}

// checkURL refuses to send an access token in the clear over a network. It
// does not echo the URL, which may hold a token by mistake.
func checkURL(root string, allowPlaintext bool) error {
	u, err := url.Parse(root)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return errors.New("kiteticker: URL is malformed, want wss://host or wss://host:port")
	}
	if u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return errors.New("kiteticker: URL has a query, user or fragment: parameters belong in Query")
	}
	if u.Scheme == "ws" && !allowPlaintext && !isLoopback(u.Hostname()) {
		return errors.New("kiteticker: URL is ws:// to a host that is not loopback, which would send the access token in the clear: use wss:// or set AllowPlaintext")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
