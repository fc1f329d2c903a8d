package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// receive is the process that is measured. It starts an exchange, lets subject
// receive the load of spec, and returns what that took.
func receive(spec *spec, subject *Subject) (*Run, error) {
	exchange, err := startChild(context.Background(), "exchange", spec)
	if err != nil {
		return nil, err
	}
	defer exchange.stop()
	var hello opened
	if err := exchange.hear(&hello); err != nil {
		return nil, err
	}
	s := &Session{Load: spec.Load, URL: hello.URL, room: spec.Load.expect(spec.Duration)}
	s.start.Store(never)
	s.begin.Store(never)
	if spec.TLS {
		cert, err := x509.ParseCertificate(hello.Certificate)
		if err != nil {
			return nil, err
		}
		s.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		s.TLS.RootCAs.AddCert(cert)
	}
	failed := make(chan error, 1)
	go func() { failed <- subject.Run(s) }()

	type measured struct {
		run *Run
		err error
	}
	done := make(chan measured, 1)
	go func() {
		run, err := s.measure(spec, exchange)
		done <- measured{run, err}
	}()
	select {
	case m := <-done:
		return m.run, m.err
	case err := <-failed:
		return nil, fmt.Errorf("%s ended early: %w", subject.Name, err)
	}
}

// lead is the time from when everybody is ready to the first frame.
const lead = 10 * time.Millisecond

// measure follows the exchange from its start to its end.
func (s *Session) measure(spec *spec, exchange *child) (*Run, error) {
	if err := exchange.hear(&subscribed{}); err != nil {
		return nil, err
	}
	runtime.GC() // what connecting left behind is not the load's
	start := int64(hrtime.Now() + lead)
	begins := start + int64(spec.Warm)
	s.begin.Store(begins)
	s.start.Store(start) // last: it lets frames in
	if err := exchange.say(begin{start}); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(begins) - hrtime.Now())
	before, err := readUsage()
	if err != nil {
		return nil, err
	}
	early := s.seen()
	var fin finished
	if err := exchange.hear(&fin); err != nil {
		return nil, err
	}
	if fin.Err != "" {
		return nil, errors.New(fin.Err)
	}
	s.await(fin.Frames)
	after, err := readUsage()
	if err != nil {
		return nil, err
	}
	run := &Run{
		Latency: latencyOf(s.samples()),
		Handled: int(s.seen() - early), Missing: fin.Frames - s.seen(), Lost: s.lostTicks(), Late: fin.Late,
		Seconds: (after.at - before.at).Seconds(),
		CPU:     after.cpu - before.cpu,
		Allocs:  after.mallocs - before.mallocs, GCs: uint64(after.gcs - before.gcs), RSS: resident(),
	}
	if s.seen() == 0 {
		return nil, fmt.Errorf("none of %d frames arrived", fin.Frames)
	}
	return run, nil
}

// await waits for frames that are on their way, while any arrive.
func (s *Session) await(want uint64) {
	const most = time.Second
	seen, since := s.seen(), time.Now()
	for seen < want && time.Since(since) < most {
		time.Sleep(200 * time.Microsecond)
		if n := s.seen(); n != seen {
			seen, since = n, time.Now()
		}
	}
}

// usage is what this process has used, at one moment.
type usage struct {
	at      time.Duration
	cpu     time.Duration
	mallocs uint64
	gcs     uint32
}

func readUsage() (u usage, err error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m) // stops the world for a moment
	u.mallocs, u.gcs = m.Mallocs, m.NumGC
	if u.cpu, err = cpu.Used(); errors.Is(err, cpu.ErrUnsupported) {
		err = nil // the table shows none
	}
	u.at = hrtime.Now()
	return u, err
}

// resident returns the bytes of this process in memory, as Linux counts them; 0
// elsewhere.
func resident() uint64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(statm), " ")
	pages, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.ParseUint(pages, 10, 64)
	return n * uint64(os.Getpagesize())
}
