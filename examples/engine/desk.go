package main

import (
	"fmt"
	"log"
	"sync/atomic"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/ring"
)

// side is a position of one lot.
type side int8

const (
	short side = -1
	flat  side = 0
	long  side = 1
)

// decision is what a strategy tells the desk: the position to have from now on,
// and the price that made it think so. It has no pointers, so a ring of them is
// nothing for the garbage collector to look into.
type decision struct {
	token    uint32
	want     side
	price    int32
	decimals uint8
}

// order is what the desk asks a broker for.
type order struct {
	id       string
	token    uint32
	quantity int    // negative to sell
	price    string // exact decimal text, rupees
}

// transaction returns BUY or SELL, and how many.
func (o order) transaction() (kind string, quantity int) {
	if o.quantity < 0 {
		return "SELL", -o.quantity
	}
	return "BUY", o.quantity
}

// desk turns the decisions of all strategies into orders. It runs on one
// goroutine, which waits for all rings with one waiter: a broker may take its
// time here, and no tick waits for it.
type desk struct {
	in      []*ring.Consumer[decision] // one per strategy
	waiter  *ring.Waiter
	healthy *atomic.Bool // stored by the health check: loaded before each order
	place   func(order) error
	log     *log.Logger

	have    map[uint32]side // what was ordered so far
	orders  int
	refused int
}

// decisionRing is how many decisions of one strategy may wait for the desk.
const decisionRing = 1024

func newDesk(strategies int, healthy *atomic.Bool, place func(order) error, log *log.Logger) (*desk, []*ring.Producer[decision]) {
	d := &desk{waiter: ring.NewWaiter(ring.WaitPark), healthy: healthy, place: place, log: log, have: map[uint32]side{}}
	outs := make([]*ring.Producer[decision], strategies)
	for i := range outs {
		producer, consumer := ring.New[decision](decisionRing)
		consumer.WaitOn(d.waiter)
		outs[i] = producer
		d.in = append(d.in, consumer)
	}
	return d, outs
}

// run works off decisions until done is closed and none is left.
func (d *desk) run(done <-chan struct{}) {
	for {
		if d.poll() {
			d.waiter.Reset()
		} else if !d.waiter.Idle(done) {
			d.poll()
			return
		}
	}
}

func (d *desk) poll() (found bool) {
	for _, in := range d.in {
		for next, ok := in.TryDequeue(); ok; next, ok = in.TryDequeue() {
			d.decide(next)
			found = true
		}
	}
	return found
}

func (d *desk) decide(next decision) {
	n := int(next.want - d.have[next.token])
	if n == 0 {
		return // after a gap a trend may turn the way it was turned before
	}
	if !d.healthy.Load() {
		d.refused++
		return
	}
	tick := kiteticker.Tick{Decimals: next.decimals}
	o := order{
		id:       fmt.Sprint(d.orders + 1),
		token:    next.token,
		quantity: n,
		price:    tick.Price(next.price),
	}
	kind, quantity := o.transaction()
	d.log.Printf("order %s: %s %d of %d at %s", o.id, kind, quantity, o.token, o.price)
	if err := d.place(o); err != nil {
		d.log.Printf("order %s: %v", o.id, err)
		return
	}
	d.orders++
	d.have[next.token] = next.want
}

// account keeps positions by what the exchange says was filled, which is all
// that counts. It belongs to the goroutine that reads events.
type account struct {
	seen      map[update]bool
	positions map[uint32]int
	filled    int // orders
}

// update tells one update of an order from another. Each connection brings a
// copy of every update.
type update struct {
	order  string
	status kiteticker.Status
	filled float64
}

func newAccount() *account {
	return &account{seen: map[update]bool{}, positions: map[uint32]int{}}
}

// apply takes in an order update, and reports whether it was news.
func (a *account) apply(o *kiteticker.Order) (news bool) {
	u := update{o.OrderID, o.Status, o.FilledQuantity}
	if a.seen[u] {
		return false
	}
	a.seen[u] = true
	if !o.Status.Final() || o.FilledQuantity == 0 {
		return true // on its way, or over without effect
	}
	a.filled++
	n := int(o.FilledQuantity) // float64 on the wire, and whole
	if o.TransactionType == "SELL" {
		n = -n
	}
	a.positions[o.InstrumentToken] += n
	return true
}
