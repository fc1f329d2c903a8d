package main

import (
	"fmt"
	"io"
	"time"

	"github.com/kiteticker/kiteticker"
)

// row is a holding and what the market says of it.
type row struct {
	holding
	conn        uint8 // that brought the last tick
	last, close money // last is 0 before the first tick, close if there is none
	doubtful    bool  // a tick was lost since: last may be old
}

func (r *row) invested() money  { return money(r.quantity) * r.average }
func (r *row) value() money     { return money(r.quantity) * r.last }
func (r *row) dayChange() money { return money(r.quantity) * (r.last - r.close) }

// portfolio belongs to one goroutine, which takes in ticks and draws.
type portfolio struct {
	title   string
	rows    []row
	byToken map[uint32]*row
	lost    uint64
}

func newPortfolio(title string, holdings []holding) *portfolio {
	p := &portfolio{title: title, rows: make([]row, len(holdings)), byToken: map[uint32]*row{}}
	for i, h := range holdings {
		p.rows[i].holding = h
		p.byToken[h.token] = &p.rows[i]
	}
	return p
}

// apply takes in a batch, lost ticks before it. The last price of a share
// stays right until that share's tick is the lost one, and nobody can say
// whose it was: so all rows of the connection are doubtful until their next
// tick.
func (p *portfolio) apply(ticks []kiteticker.Tick, lost uint64) {
	if lost > 0 {
		p.lost += lost
		p.doubt(int(ticks[0].Conn))
	}
	for i := range ticks {
		t := &ticks[i]
		if r := p.byToken[t.Token]; r != nil {
			r.conn, r.doubtful = t.Conn, false
			r.last, r.close = price(t.LastPrice, t.Decimals), price(t.Close, t.Decimals)
		}
	}
}

func (p *portfolio) doubt(conn int) {
	for i := range p.rows {
		if r := &p.rows[i]; int(r.conn) == conn {
			r.doubtful = true
		}
	}
}

const (
	headFormat = "%-12s %9s %12s %12s  %14s %13s %8s %14s %8s\n"
	rowFormat  = "%-12s %9d %12v %12s  %14s %13s %8s %14s %8s\n"
)

// draw writes the table. stats says which connections are down: what they
// bring is doubtful, too, until the snapshot that follows a reconnect.
func (p *portfolio) draw(w io.Writer, stats kiteticker.Stats) {
	for _, c := range stats.Conns {
		if c.State != kiteticker.StateLive {
			p.doubt(c.Conn)
		}
	}
	var value, invested, dayChange, yesterday money
	priced, doubtful := 0, 0
	fmt.Fprintf(w, "%s, %s IST\n\n", p.title, stats.At.In(kiteticker.IST).Format(time.TimeOnly))
	fmt.Fprintf(w, headFormat, "HOLDING", "QUANTITY", "AVERAGE", "LAST", "VALUE", "DAY", "%", "P&L", "%")
	for i := range p.rows {
		r := &p.rows[i]
		if r.last == 0 {
			fmt.Fprintf(w, rowFormat, r.symbol, r.quantity, r.average, "-", "-", "-", "-", "-", "-")
			continue
		}
		priced++
		value, invested = value+r.value(), invested+r.invested()
		last := r.last.String()
		if r.doubtful {
			doubtful++
			last += "?"
		}
		day, dayPercent := "-", "-"
		if r.close != 0 {
			before := money(r.quantity) * r.close
			dayChange, yesterday = dayChange+r.dayChange(), yesterday+before
			day, dayPercent = r.dayChange().signed(), percent(r.dayChange(), before)
		}
		gain := r.value() - r.invested()
		fmt.Fprintf(w, rowFormat, r.symbol, r.quantity, r.average, last,
			r.value(), day, dayPercent, gain.signed(), percent(gain, r.invested()))
	}
	gain := value - invested
	fmt.Fprintf(w, headFormat, "TOTAL", "", "", "", value, dayChange.signed(), percent(dayChange, yesterday),
		gain.signed(), percent(gain, invested))
	if n := len(p.rows) - priced; n > 0 {
		fmt.Fprintf(w, "\n%d holdings have no price yet and are not in the total.\n", n)
	}
	if doubtful > 0 {
		fmt.Fprintf(w, "\n%d prices marked ? may be old.\n", doubtful)
	}
	if p.lost > 0 {
		fmt.Fprintf(w, "\n%d ticks lost.\n", p.lost)
	}
	if err := stats.Check(maxSilence); err != nil {
		fmt.Fprintf(w, "\n%v\n", err)
	}
}
