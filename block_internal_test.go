package kiteticker

import (
	"runtime"
	"slices"
	"testing"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/ring"
)

// handling runs the parser over a message on a goroutine of its own, and returns
// once it waits for a stream, with what ends when it is through.
func handling(c *Client, id int, s *TickStream, token uint32, prices ...int32) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		c.lines[id].pipeline.handle(message(token, prices...))
	}()
	for len(s.Stats().Waiting) == 0 {
		runtime.Gosched()
	}
	return done
}

// drain reads s until done, and then what is left.
func drain(s *TickStream, done <-chan struct{}) (prices []int32) {
	for {
		select {
		case <-done:
			return append(prices, waiting(s)...)
		default:
			prices = append(prices, waiting(s)...)
			runtime.Gosched()
		}
	}
}

// Streams come and go while a parser waits within a message, and get what
// follows, or no more.
func TestAttachWithinAMessage(t *testing.T) {
	c := idleClient(t, Config{Conns: 1, LastValues: true})
	slow := attach(t, c, StreamConfig{Overflow: Block, Capacity: 1})
	gone := attach(t, c, StreamConfig{})
	c.Subscribe(ModeFull, 257)
	done := handling(c, 0, slow, 257, 1, 2, 3, 4)
	gone.Close()
	late := attach(t, c, StreamConfig{})
	snapshot := attach(t, c, StreamConfig{Snapshot: true})
	if got := drain(slow, done); !slices.Equal(got, []int32{1, 2, 3, 4}) {
		t.Errorf("the slow stream got %v", got)
	}
	if got := waiting(late); !slices.Equal(got, []int32{2, 3, 4}) {
		t.Errorf("the stream attached after the first tick got %v", got)
	}
	if got := waiting(snapshot); !slices.Equal(got, []int32{1, 2, 3, 4}) {
		t.Errorf("the stream that begins with what is known got %v", got)
	}
	if got := waiting(gone); !slices.Equal(got, []int32{1}) {
		t.Errorf("the stream closed after the first tick got %v", got)
	}
}

// Two streams that block lose nothing to each other.
func TestTwoStreamsBlock(t *testing.T) {
	c := idleClient(t, Config{Conns: 1})
	a := attach(t, c, StreamConfig{Overflow: Block, Capacity: 1})
	b := attach(t, c, StreamConfig{Overflow: Block, Capacity: 2})
	c.Subscribe(ModeFull, 257)
	done := handling(c, 0, a, 257, 1, 2, 3, 4, 5, 6)
	var gotA, gotB []int32
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
			runtime.Gosched()
		}
		gotA, gotB = append(gotA, waiting(a)...), append(gotB, waiting(b)...)
	}
	want := []int32{1, 2, 3, 4, 5, 6}
	if !slices.Equal(gotA, want) || !slices.Equal(gotB, want) {
		t.Errorf("got %v and %v", gotA, gotB)
	}
}

// Nobody waits for room for a tick that the stream's filter keeps out, nor for
// a stream attached when the client's patience is over.
func TestNoVainWait(t *testing.T) {
	c := idleClient(t, Config{Conns: 1})
	s := attach(t, c, StreamConfig{Overflow: Block, Capacity: 1, Filter: Filter{Tokens: []uint32{257}}})
	c.Subscribe(ModeFull, 257, 513)
	p := c.lines[0].pipeline
	p.handle(message(257, 1))
	p.handle(message(513, 2, 3))
	if got := waiting(s); !slices.Equal(got, []int32{1}) {
		t.Errorf("got %v", got)
	}
	c.giveUp()
	late := attach(t, c, StreamConfig{Overflow: Block, Capacity: 1})
	p.handle(message(257, 4, 5, 6))
	if got := waiting(late); !slices.Equal(got, []int32{4}) || late.Lost() != 2 {
		t.Errorf("got %v, %d lost, want the first and 2 lost", got, late.Lost())
	}
}

// A hand-over waits for the message that a parser is in.
func TestHandOverWaitsForTheParser(t *testing.T) {
	c := idleClient(t, Config{Conns: 2})
	c.Subscribe(ModeFull, 257)
	p := c.lines[0].pipeline
	p.moving.Lock()
	moved := make(chan struct{})
	go func() { c.moveBy(257, 0, 1); close(moved) }()
	for range 1000 {
		if _, owner, _ := c.instruments.lookup(257); owner != 0 {
			t.Fatal("the token moved while its parser was in a message")
		}
		runtime.Gosched()
	}
	p.moving.Unlock()
	<-moved
	if _, owner, _ := c.instruments.lookup(257); owner != 1 {
		t.Error("the token did not move")
	}
}

// A snapshot comes from the connection that delivers, also while the token is on
// its way to another: the ticks that follow come from there.
func TestSnapshotOfATokenUnderWay(t *testing.T) {
	c := idleClient(t, Config{Conns: 2, LastValues: true})
	c.Subscribe(ModeFull, 257)
	c.lines[0].pipeline.handle(message(257, 1))
	c.Unsubscribe(257)
	c.locked(func() error {
		err := c.table.Subscribe(ModeFull, 257)
		c.place([]uint32{257})
		return err
	})
	if on, _ := c.ConnOf(257); on != 1 {
		t.Fatalf("the token is on %d, this test needs it on 1", on)
	}
	s := attach(t, c, StreamConfig{Snapshot: true})
	c.lines[0].pipeline.handle(message(257, 2))
	s.next = 1
	if got := waiting(s); !slices.Equal(got, []int32{1, 2}) {
		t.Errorf("got %v", got)
	}
}

// A panic within a message hides nothing of what came before it.
func TestPanicWithinAMessage(t *testing.T) {
	for _, lastValues := range []bool{false, true} {
		c := idleClient(t, Config{Conns: 1, LastValues: lastValues})
		queueing := attach(t, c, StreamConfig{})
		conflating := attach(t, c, StreamConfig{Overflow: Conflate})
		c.Subscribe(ModeFull, 257, 258)
		p := c.lines[0].pipeline
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic: this test proves nothing")
				}
			}()
			p.change(func(o *outputs) {
				segment2 := &matcher{modes: 1<<8 - 1, segments: [4]uint64{1 << 2}, tokens: []uint32{}} // an empty table panics
				o.ticks = append(slices.Clip(o.ticks), &tickOutput{match: segment2})
			})
			packets := [][]byte{kitetest.AppendPacket(nil, priced(257, 1)), kitetest.AppendPacket(nil, priced(258, 1))}
			p.handle(ring.Record{Kind: conn.KindBinary, At: 1, Data: kitetest.AppendFrame(nil, packets...)})
		}()
		if queueing.Len() != 2 || conflating.Len() != 2 {
			t.Errorf("%d and %d ticks are visible, want 2 and 2", queueing.Len(), conflating.Len())
		}
	}
}
