package main

import (
	"fmt"
	"io"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/stats"
)

// screen prints what the consumers did. It only reads.
type screen struct {
	out       io.Writer
	client    *kiteticker.Client
	consumers []*consumer
	start     time.Time
	last      []books // of each consumer, when it was last printed
}

// books are a consumer's counts at one moment.
type books struct {
	received, lost, replaced uint64
	ages                     stats.Distribution
}

func (c *consumer) books() books {
	return books{c.received.Load(), c.lost.Load(), c.replaced.Load(), c.ages.Snapshot()}
}

func newScreen(out io.Writer, client *kiteticker.Client, consumers []*consumer) *screen {
	return &screen{out: out, client: client, consumers: consumers, start: time.Now(), last: make([]books, len(consumers))}
}

const (
	headFormat = "%5s  %-10s %9s %9s %9s %9s %12s\n"
	lineFormat = "%5s  %-10s %9d %9d %9d %9d %12s%s\n"
)

// watch prints every second what happened in it, until done is closed.
func (s *screen) watch(done <-chan struct{}) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	fmt.Fprintf(s.out, headFormat, "TIME", "STREAM", "RECEIVED", "LOST", "REPLACED", "LAG", "OLDEST")
	for {
		select {
		case <-done:
			return
		case now := <-second.C:
			s.draw(now)
		}
	}
}

func (s *screen) draw(now time.Time) {
	at := fmt.Sprintf("%.0f s", now.Sub(s.start).Seconds())
	for i, st := range s.client.Stats().Streams {
		b, last := s.consumers[i].books(), s.last[i]
		oldest := "-"
		if ages := b.ages.Sub(last.ages); ages.Count > 0 {
			oldest = fmt.Sprintf("%.1f ms", float64(ages.Max)/1e6)
		}
		waiting := ""
		if n := len(st.Waiting); n > 0 {
			waiting = fmt.Sprintf("  %d connections wait for it", n)
		}
		fmt.Fprintf(s.out, lineFormat, at, st.Name, b.received-last.received, b.lost-last.lost,
			b.replaced-last.replaced, st.Len, oldest, waiting)
		s.last[i], at = b, ""
	}
}

const (
	sumHead = "\n%5s  %-10s %9s %9s %9s %9s %9s\n"
	sumLine = "%5s  %-10s %9d %9d %9d %9d %9d\n"
)

// sum prints the totals, once everything has ended, and how far the stream that
// blocks has disturbed the others.
func (s *screen) sum(total uint64, opt options) {
	fmt.Fprintf(s.out, sumHead, "", "STREAM", "SENT =", "RECEIVED +", "LOST +", "REPLACED +", "WAITING")
	for i, st := range s.client.Stats().Streams {
		b := s.consumers[i].books()
		fmt.Fprintf(s.out, sumLine, "", st.Name, total, b.received, b.lost, b.replaced, st.Len)
	}
	for _, st := range s.client.Stats().Streams {
		if st.Overflow == kiteticker.Block {
			perSecond := opt.rate * float64(opt.instruments)
			fmt.Fprintf(s.out, "\nConnections had to wait for %s %d times: it stands still for %v, and its rings hold %.1f s of this market.\n",
				st.Name, st.Waits, blocked, float64(st.Cap)/perSecond)
		}
	}
}

// proved prints that check found nothing.
func (s *screen) proved(instruments int) {
	fmt.Fprintf(s.out, "It adds up: in each stream, each of %d instruments came in order and byte for byte as it was sent,\n"+
		"and what did not come was told, lost or replaced, to the tick.\n", instruments)
}
