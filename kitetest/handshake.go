package kitetest

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

const (
	handshakeTimeout = 10 * time.Second
	maxRequest       = 64 << 10 // bytes
)

// reject is a scripted answer for the next n handshakes.
type reject struct {
	status int
	header http.Header
	body   string
	n      int
}

// Reject makes the next n handshakes fail with an HTTP response, or with none
// if status is 0: then the socket is closed. Several calls form a script, worked
// off in order.
func (s *Server) Reject(status int, header http.Header, body string, n int) {
	if n <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejects = append(s.rejects, reject{status, header.Clone(), body, n})
}

var tooMany = &reject{status: http.StatusTooManyRequests, body: "Too many connections."}

// slotGrace is how long a client that has no slot left waits for its answer:
// it may just have closed a socket, and the server not have noticed.
const slotGrace = 50 * time.Millisecond

// handshake answers the client's HTTP request. It reports whether the
// connection is a WebSocket now.
func (c *Conn) handshake() bool {
	c.raw.SetDeadline(time.Now().Add(handshakeTimeout))
	limit := &io.LimitedReader{R: c.nc, N: maxRequest}
	c.in = bufio.NewReader(limit)
	req, err := http.ReadRequest(c.in)
	if err != nil {
		return false
	}
	if d := c.faults.Load().HandshakeDelay; d > 0 {
		if !c.sleep(d) {
			return false
		}
		c.raw.SetDeadline(time.Now().Add(handshakeTimeout))
	}

	// Nothing may be sent before the response is: senders wait for this lock.
	c.writing.lock()
	defer c.writing.unlock()
	answer := c.s.scripted()
	if answer == nil {
		answer = c.s.admit(c, req)
	}
	if answer == tooMany && c.sleep(slotGrace) {
		answer = c.s.admit(c, req)
	}
	if answer != nil {
		answer.write(c.nc)
		return false
	}
	hijacked := hijacker{conn: c.nc, rw: bufio.NewReadWriter(c.in, bufio.NewWriter(c.nc))}
	if _, _, _, err := ws.UpgradeHTTP(req, hijacked); err != nil { // clears the deadline
		return false
	}
	limit.N = math.MaxInt64
	return true
}

// scripted counts a handshake and returns the answer that Reject has for it.
func (s *Server) scripted() *reject {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if len(s.rejects) == 0 {
		return nil
	}
	answer := s.rejects[0]
	if s.rejects[0].n--; s.rejects[0].n == 0 {
		s.rejects = s.rejects[1:]
	}
	return &answer
}

// admit decides on a handshake. A nil answer makes c live before its client
// reads the response, so that a test whose dial has returned finds it in
// Conns.
func (s *Server) admit(c *Conn, req *http.Request) *reject {
	s.mu.Lock()
	defer s.mu.Unlock()
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return &reject{status: http.StatusBadRequest, body: "Malformed query."}
	}
	key, token := query.Get("api_key"), query.Get("access_token")
	switch {
	case key == "" || token == "":
		return &reject{status: http.StatusBadRequest, body: "Missing api_key or access_token."}
	case s.cfg.APIKey != "" && key != s.cfg.APIKey, s.cfg.AccessToken != "" && token != s.cfg.AccessToken:
		return &reject{status: http.StatusForbidden, body: "Authentication failed."}
	}
	n := 0
	for _, other := range s.live {
		if other.apiKey == key {
			n++
		}
	}
	if n >= s.cfg.MaxConns {
		return tooMany
	}
	if _, ok := s.open[c]; !ok {
		return &reject{status: http.StatusServiceUnavailable} // ended meanwhile: nobody reads this
	}
	c.id, c.apiKey, c.req = s.nextID, key, req
	s.nextID++
	s.live = append(s.live, c)
	return nil
}

func (r *reject) write(w io.Writer) {
	if r.status == 0 {
		return
	}
	header := r.header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	resp := http.Response{
		Status:        fmt.Sprintf("%d %s", r.status, http.StatusText(r.status)),
		StatusCode:    r.status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(strings.NewReader(r.body)),
		ContentLength: int64(len(r.body)),
		Close:         true,
	}
	resp.Write(w)
}

// hijacker hands ws.UpgradeHTTP the connection that the request came from.
type hijacker struct {
	http.ResponseWriter // nil: the upgrader hijacks first and answers on the connection
	conn                net.Conn
	rw                  *bufio.ReadWriter
}

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, h.rw, nil }
