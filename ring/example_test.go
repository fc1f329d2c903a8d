package ring_test

import (
	"fmt"

	"github.com/kiteticker/kiteticker/ring"
)

type Trade struct {
	Token uint32
	Price int32
}

// Two goroutines, one publication per batch, and an orderly end.
func Example() {
	p, c := ring.New[Trade](1024)
	done := make(chan struct{})

	go func() {
		defer close(done) // after the last Publish
		for batch := range 2 {
			for i := range 3 {
				if !p.Wait(nil) {
					return
				}
				slot, _ := p.Reserve()
				*slot = Trade{Token: uint32(batch), Price: int32(100*batch + i)}
				p.Commit()
			}
			p.Publish()
		}
	}()

	for c.Wait(done) {
		for trade, ok := c.Peek(); ok; trade, ok = c.Peek() {
			fmt.Println(trade.Token, trade.Price)
			c.Advance()
		}
		c.Release() // the trades seen so far are the producer's again
	}
	// Output:
	// 0 0
	// 0 1
	// 0 2
	// 1 100
	// 1 101
	// 1 102
}

// Slots may be filled and read as slices. At the end of the ring's memory a
// slice stops short, so the loop asks again.
func ExampleProducer_ReserveN() {
	p, c := ring.New[int](4)
	p.TryEnqueue(1)
	p.TryEnqueue(2)
	c.TryDequeue()

	next := 3
	for run := p.ReserveN(0); len(run) > 0; run = p.ReserveN(0) {
		for i := range run {
			run[i] = next
			next++
		}
		p.CommitN(len(run))
	}
	p.Publish()

	for run := c.PeekN(0); len(run) > 0; run = c.PeekN(0) {
		fmt.Println(run)
		c.AdvanceN(len(run))
	}
	c.Release()
	// Output:
	// [2 3 4]
	// [5]
}

// A record is claimed at its largest, filled in place, and shrunk to what was
// really needed.
func ExampleBytesProducer_Claim() {
	const kindText = 1
	p, c := ring.NewBytes(4096)

	buf, err := p.Claim(64)
	if err != nil {
		fmt.Println(err) // ring.ErrFull: p.Wait(done, 64), then again
		return
	}
	n := copy(buf, "filled in place")
	p.Commit(n, kindText, 1625461887)
	p.Publish()

	if r, ok := c.Peek(); ok {
		fmt.Printf("kind %d at %d: %s\n", r.Kind, r.At, r.Data)
		c.Advance()
	}
	c.Release()
	// Output: kind 1 at 1625461887: filled in place
}

// One goroutine reads several rings. It needs one Waiter, which all producers
// wake.
func ExampleWaiter() {
	w := ring.NewWaiter(ring.WaitPark)
	done := make(chan struct{})
	finished := make(chan struct{}, 3)
	var consumers []*ring.Consumer[int]
	for id := range 3 {
		p, c := ring.New[int](8)
		c.WaitOn(w) // before the ring is in use
		consumers = append(consumers, c)
		go func() {
			p.TryEnqueue(id * 100)
			finished <- struct{}{}
		}()
	}
	go func() {
		for range 3 {
			<-finished
		}
		close(done)
	}()

	sum := 0
	poll := func() (found bool) {
		for _, c := range consumers {
			if v, ok := c.TryDequeue(); ok {
				sum += v
				found = true
			}
		}
		return found
	}
	for {
		if poll() {
			w.Reset()
		} else if !w.Idle(done) {
			break
		}
	}
	for poll() { // what was published before done was closed
	}
	fmt.Println(sum)
	// Output: 300
}

// A slow consumer gets the newest quote of each instrument, and is told what it
// did not get.
func ExampleNewConflating() {
	const news, opened = 1, 2 // marks
	producers, c := ring.NewConflating[Trade](1)
	p := producers[0]
	p.Grow(2) // instruments 0 and 1

	commit := func(key int, price int32, marks uint8) {
		*p.Reserve() = Trade{Token: uint32(key), Price: price}
		p.Commit(key, marks)
	}
	commit(1, 500, opened)
	commit(0, 100, 0)
	commit(1, 501, 0)
	commit(1, 502, news)
	p.Publish()

	var trade Trade
	for u, ok := c.Take(&trade); ok; u, ok = c.Take(&trade) {
		fmt.Println(u.Key, trade.Price, "replaced:", u.Replaced, "opened:", u.Marks&opened != 0)
	}
	// Output:
	// 1 502 replaced: 2 opened: true
	// 0 100 replaced: 0 opened: false
}

// The last value of each instrument, for anyone who asks.
func ExampleLatest() {
	prices := ring.NewLatest[Trade](1000)

	stored := make(chan struct{})
	go func() { // the one that owns instrument 7
		prices.Store(7, &Trade{Token: 7, Price: 100})
		prices.Store(7, &Trade{Token: 7, Price: 101})
		close(stored)
	}()
	<-stored

	var trade Trade
	fmt.Println(prices.Load(7, &trade), trade.Price)
	fmt.Println(prices.Load(8, &trade))
	// Output:
	// true 101
	// false
}
