package bench

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/ring"
)

// The rings hold as much as a channel of ringItems items.
const ringItems = 1024

var (
	batches = []int{1, 16, 64}
	waits   = []ring.WaitStrategy{ring.WaitPark, ring.WaitSpin}
)

// frame is a message with one full packet, as a channel can carry it.
type frame [2 + 2 + 184]byte

const kindFrame ring.Kind = 1

// What it costs to bring a tick from one goroutine to another, filled and read
// in full; one iteration is a batch, published and released once. where=same is
// the work alone, with nobody else on the cache lines. where=cross has a
// consumer on another core, if the machine has one to spare. The channel is what
// one would use without a ring.
func BenchmarkTick(b *testing.B) {
	for _, batch := range batches {
		b.Run(fmt.Sprintf("via=ring/where=same/batch=%d", batch), func(b *testing.B) {
			p, c := ring.New[decode.Tick](ringItems)
			src, sum := tickOf(1), uint64(0)
			for b.Loop() {
				sendTicks(p, &src, batch)
				sum += recvTicks(c)
			}
			perItem(b, batch, sum)
		})
		for _, wait := range waits {
			b.Run(fmt.Sprintf("via=ring/where=cross/wait=%v/batch=%d", wait, batch), func(b *testing.B) {
				p, c := ring.New[decode.Tick](ringItems)
				p.WaitOn(ring.NewWaiter(wait))
				c.WaitOn(ring.NewWaiter(wait))
				src := tickOf(1)
				finish := consume(func(done <-chan struct{}) (sum uint64) {
					for c.Wait(done) {
						sum += recvTicks(c)
					}
					return sum
				})
				for b.Loop() {
					sendTicks(p, &src, batch)
				}
				perItem(b, batch, finish())
			})
		}
	}
	b.Run("via=channel/where=same/batch=1", func(b *testing.B) {
		ch := make(chan decode.Tick, ringItems)
		src, sum := tickOf(1), uint64(0)
		for b.Loop() {
			ch <- src
			t := <-ch
			sum += readTick(&t)
		}
		perItem(b, 1, sum)
	})
	b.Run("via=channel/where=cross/batch=1", func(b *testing.B) {
		ch := make(chan decode.Tick, ringItems)
		src := tickOf(1)
		finish := consume(func(<-chan struct{}) (sum uint64) {
			for t := range ch {
				sum += readTick(&t)
			}
			return sum
		})
		for b.Loop() {
			ch <- src
		}
		close(ch)
		perItem(b, 1, finish())
	})
}

// The same for messages: copied into the ring as a socket's read would, and
// read from it in place.
func BenchmarkFrame(b *testing.B) {
	const capacity = ringItems * 256
	src := frame{0, 1, 0, 184}
	for _, batch := range batches {
		b.Run(fmt.Sprintf("via=ring/where=same/batch=%d", batch), func(b *testing.B) {
			p, c := ring.NewBytes(capacity)
			sum := uint64(0)
			for b.Loop() {
				sendFrames(p, &src, batch)
				sum += recvFrames(c)
			}
			perItem(b, batch, sum)
		})
		for _, wait := range waits {
			b.Run(fmt.Sprintf("via=ring/where=cross/wait=%v/batch=%d", wait, batch), func(b *testing.B) {
				p, c := ring.NewBytes(capacity)
				p.WaitOn(ring.NewWaiter(wait))
				c.WaitOn(ring.NewWaiter(wait))
				finish := consume(func(done <-chan struct{}) (sum uint64) {
					for c.Wait(done) {
						sum += recvFrames(c)
					}
					return sum
				})
				for b.Loop() {
					sendFrames(p, &src, batch)
				}
				perItem(b, batch, finish())
			})
		}
	}
	b.Run("via=channel/where=same/batch=1", func(b *testing.B) {
		ch := make(chan frame, ringItems)
		sum := uint64(0)
		for b.Loop() {
			ch <- src
			f := <-ch
			sum += readBytes(f[:])
		}
		perItem(b, 1, sum)
	})
	b.Run("via=channel/where=cross/batch=1", func(b *testing.B) {
		ch := make(chan frame, ringItems)
		finish := consume(func(<-chan struct{}) (sum uint64) {
			for f := range ch {
				sum += readBytes(f[:])
			}
			return sum
		})
		for b.Loop() {
			ch <- src
		}
		close(ch)
		perItem(b, 1, finish())
	})
}

// What a wake-up costs: one iteration is there and back, one item each way, so
// each side waits for the other every time.
func BenchmarkRoundTrip(b *testing.B) {
	for _, wait := range []ring.WaitStrategy{ring.WaitPark, ring.WaitYield, ring.WaitSpin} {
		b.Run(fmt.Sprintf("via=ring/wait=%v", wait), func(b *testing.B) {
			thereP, thereC := ring.New[uint64](1)
			backP, backC := ring.New[uint64](1)
			thereC.WaitOn(ring.NewWaiter(wait))
			backC.WaitOn(ring.NewWaiter(wait))
			finish := consume(func(done <-chan struct{}) (sum uint64) {
				for thereC.Wait(done) {
					v, _ := thereC.TryDequeue()
					backP.TryEnqueue(v)
					sum += v
				}
				return sum
			})
			for b.Loop() {
				thereP.TryEnqueue(1)
				backC.Wait(nil)
				backC.TryDequeue()
			}
			perItem(b, 1, finish())
		})
	}
	b.Run("via=channel", func(b *testing.B) {
		there, back := make(chan uint64, 1), make(chan uint64, 1)
		finish := consume(func(<-chan struct{}) (sum uint64) {
			for v := range there {
				back <- v
				sum += v
			}
			return sum
		})
		for b.Loop() {
			there <- 1
			<-back
		}
		close(there)
		perItem(b, 1, finish())
	})
}

// What waiting costs while nothing comes: one poll of an empty ring with the
// spinner's idle step. It bounds how soon a spinner sees an item.
func BenchmarkPoll(b *testing.B) {
	_, c := ring.New[decode.Tick](ringItems)
	w, done := ring.NewWaiter(ring.WaitSpin), make(chan struct{})
	for b.Loop() {
		if _, ok := c.Peek(); ok || !w.Idle(done) {
			b.Fatal("found something in an empty ring")
		}
	}
}

// What the idle step of WaitYield costs when no other goroutine wants to run,
// and why not to use it on a thread that is locked.
func BenchmarkYield(b *testing.B) {
	w := ring.NewWaiter(ring.WaitYield)
	b.Run("thread=free", func(b *testing.B) {
		for b.Loop() {
			w.Idle(nil)
		}
	})
	b.Run("thread=locked", func(b *testing.B) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for b.Loop() {
			w.Idle(nil)
		}
	})
}

// sendTicks publishes n copies of src at once.
func sendTicks(p *ring.Producer[decode.Tick], src *decode.Tick, n int) {
	for range n {
		slot, ok := p.Reserve()
		if !ok {
			p.Wait(nil)
			slot, _ = p.Reserve()
		}
		*slot = *src
		p.Commit()
	}
	p.Publish()
}

// recvTicks reads all there is and releases it at once.
func recvTicks(c *ring.Consumer[decode.Tick]) (sum uint64) {
	for t, ok := c.Peek(); ok; t, ok = c.Peek() {
		sum += readTick(t)
		c.Advance()
	}
	c.Release()
	return sum
}

func sendFrames(p *ring.BytesProducer, src *frame, n int) {
	for range n {
		buf, err := p.Claim(len(src))
		if err != nil {
			p.Wait(nil, len(src))
			buf, _ = p.Claim(len(src))
		}
		copy(buf, src[:])
		p.Commit(len(src), kindFrame, 0)
	}
	p.Publish()
}

func recvFrames(c *ring.BytesConsumer) (sum uint64) {
	for r, ok := c.Peek(); ok; r, ok = c.Peek() {
		sum += readBytes(r.Data)
		c.Advance()
	}
	c.Release()
	return sum
}

// readTick touches each cache line of t. It returns 1 for what tickOf made.
func readTick(t *decode.Tick) uint64 {
	return uint64(t.Token) + uint64(t.ExchangeTime) + uint64(t.Asks[2].Orders) + t.Seq
}

func tickOf(seq uint64) decode.Tick { return decode.Tick{Seq: seq, Mode: decode.ModeFull} }

// readBytes touches each cache line of a frame. It returns 1 for the frames here.
func readBytes(b []byte) uint64 {
	return uint64(b[1]) + uint64(b[64]) + uint64(b[128]) + uint64(b[187])
}

// consume starts a consumer. finish tells it that all is published, and returns
// what it has read.
func consume(run func(done <-chan struct{}) uint64) (finish func() uint64) {
	done, result := make(chan struct{}), make(chan uint64)
	go func() { result <- run(done) }()
	return func() uint64 {
		close(done)
		return <-result
	}
}

// perItem reports the time per item, and fails if not every item was read.
func perItem(b *testing.B, batch int, sum uint64) {
	items := b.N * batch
	if sum != uint64(items) {
		b.Errorf("%d items were read, want %d", sum, items)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(items), "ns/item")
}
