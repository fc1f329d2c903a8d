package conn

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/internal/sock"
)

// socket is an open WebSocket as the dial left it.
type socket struct {
	net.Conn            // TLS if the URL says so
	raw      net.Conn   // beneath TLS: closing it never waits for the peer
	poll     *sock.Conn // what lies between, nil if the socket is not polled
	options  sock.Options
	leftover *bufio.Reader // bytes that came with the handshake's answer, nil if none
}

// polledTLS reports whether the socket is polled through TLS.
func (s *socket) polledTLS() bool { return s.poll != nil && s.Conn != net.Conn(s.poll) }

const (
	kiteVersion   = "3" // X-Kite-Version, as the official clients send it
	maxErrorBody  = 512
	maxAnswer     = 64 << 10         // bytes of a handshake's answer, TLS included
	maxRetryAfter = 15 * time.Minute // a longer wait than this is not taken from a header
)

// dial opens a socket with the credentials of this moment. Its error is always
// a *HandshakeError.
func (c *Conn) dial(ctx context.Context) (*socket, error) {
	apiKey, accessToken := c.cfg.Credentials()
	c.token = accessToken
	u := *c.url
	query := maps.Clone(c.cfg.Query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("api_key", apiKey)
	query.Set("access_token", accessToken)
	u.RawQuery = query.Encode() // percent-encodes: a raw '+' in a token would fail with 400

	header := c.cfg.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("X-Kite-Version") == "" {
		header.Set("X-Kite-Version", kiteVersion)
	}
	if c.cfg.UserAgent != "" {
		header.Set("User-Agent", c.cfg.UserAgent)
	}

	var open socket
	stop := func() bool { return true }
	var answer *limitedAnswer
	secrets := []string{accessToken, apiKey}
	failure := &HandshakeError{Conn: c.cfg.ID}
	dialer := ws.Dialer{
		ReadBufferSize: readBufferSize,
		Header:         ws.HandshakeHeaderHTTP(header),
		TLSConfig:      c.cfg.TLS,
		NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var nc net.Conn
			err := guarded("dial", func() (err error) {
				nc, err = c.cfg.Dial(ctx, network, addr)
				return err
			}, secrets...)
			if err != nil {
				return nil, err
			}
			open.raw, open.options = nc, sock.For(nc)
			answer = &limitedAnswer{Conn: c.pollable(&open)}
			answer.left.Store(maxAnswer)
			// A net.Conn without deadlines, such as a tunnel's, is bounded too.
			stop = context.AfterFunc(ctx, func() { nc.Close() })
			return answer, nil
		},
		OnStatusError: func(status int, _ []byte, answer io.Reader) {
			failure.StatusCode = status
			failure.readAnswer(answer, secrets)
		},
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	nc, leftover, _, err := dialer.Dial(ctx, u.String())
	if !stop() && err == nil {
		nc.Close()
		err = ctx.Err()
	}
	if err != nil {
		if failure.StatusCode == 0 {
			failure.Err = Redact(err, secrets...)
		}
		return nil, failure
	}
	answer.left.Store(math.MaxInt64)
	if nc == net.Conn(answer) {
		nc = answer.Conn
	}
	if open.poll != nil {
		open.poll.Poll()
	}
	open.Conn, open.leftover = nc, leftover
	return &open, nil
}

// pollable returns what to read the raw socket through.
func (c *Conn) pollable(open *socket) net.Conn {
	if !c.cfg.BusyPoll {
		return open.raw
	}
	poll, err := sock.NewConn(open.raw)
	if err != nil {
		c.tell(slog.LevelWarn, "socket is not polled but read as usual", "err", err)
		return open.raw
	}
	_ = open.options.BusyPoll() // a favour that few may ask for
	open.poll = poll
	return poll
}

// limitedAnswer bounds what a server may send before the upgrade is done: its
// header lines are collected in memory, and a hostile one has no end.
type limitedAnswer struct {
	net.Conn
	left atomic.Int64
}

var errAnswerTooLong = errors.New("conn: the server's answer to the handshake is too long")

func (l *limitedAnswer) Read(p []byte) (int, error) {
	left := l.left.Load()
	if left <= 0 {
		return 0, errAnswerTooLong
	}
	n, err := l.Conn.Read(p[:min(int64(len(p)), left)])
	l.left.Add(-int64(n))
	return n, err
}

// readAnswer keeps what a refused handshake says about its reason.
func (e *HandshakeError) readAnswer(answer io.Reader, secrets []string) {
	resp, err := http.ReadResponse(bufio.NewReader(answer), nil)
	if err != nil {
		return // the status line alone is a reason
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	e.Body = redactText(strings.TrimSpace(string(body)), secrets...)
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
}

// retryAfter reads both forms of the header, seconds and HTTP date.
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if secs, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(secs, int(maxRetryAfter/time.Second))) * time.Second
	} else if t, err := http.ParseTime(value); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// tlsConfig returns the TLS settings to dial with: the user's, never below TLS
// 1.2, or a default.
func tlsConfig(user *tls.Config) *tls.Config {
	if user == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	cfg := user.Clone()
	if cfg.MinVersion < tls.VersionTLS12 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return cfg
}

// parseURL checks a root URL. Errors do not echo it: it may hold a token by
// mistake.
func parseURL(root string) (*url.URL, error) {
	u, err := url.Parse(root)
	if err != nil {
		return nil, errors.New("conn: URL cannot be parsed")
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return nil, errors.New("conn: URL must be ws://host[:port] or wss://host[:port]")
	}
	if u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("conn: URL must have no query, user or fragment: use Query for parameters")
	}
	return u, nil
}
