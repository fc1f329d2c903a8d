package conn_test

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/kiteticker/kiteticker/conn"
	"github.com/kiteticker/kiteticker/ring"
)

// fullSink never has room.
type fullSink struct{ countingSink }

func (*fullSink) Claim(int) ([]byte, error) { return nil, ring.ErrFull }

// A sink that stays full is one wait, however often it is tried: the watchdog
// knows it by that. And it does not keep Run from ending.
func TestPollNeverAnyRoom(t *testing.T) {
	p := startPolled(t, conn.Config{Sink: &fullSink{countingSink{buf: make([]byte, 16)}}, DrainTimeout: time.Millisecond}, nil, func(nc net.Conn) {
		accept(nc)
		nc.Write(frame(true, ws.OpBinary, "tick"))
		idle(nc)
	})
	for p.Counters().Waits.Load() == 0 {
		p.Poll()
		runtime.Gosched()
	}
	for range 100 {
		if got := p.Poll(); got != conn.Empty {
			t.Fatalf("Poll with a full sink: %v, want empty", got)
		}
	}
	if n := p.Counters().Waits.Load(); n != 1 {
		t.Errorf("%d waits were counted, want 1", n)
	}
	p.cancel()
	select {
	case err := <-p.result:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Run does not end while the sink is full")
	}
}

// When its session ends, a socket that was polled is waited for like any other:
// what still comes is read, or closing it would be a reset, which can destroy
// our Close frame on its way.
func TestPollLingers(t *testing.T) {
	ended, afterwards := make(chan struct{}), make(chan error, 1)
	p := startPolled(t, conn.Config{MaxAttempts: 1, StableAfter: time.Hour}, nil, func(nc net.Conn) {
		accept(nc)
		nc.Write([]byte{0x83, 0}) // a reserved opcode
		idle(nc)                  // the Close frame, and the end of what the client says
		for range 1000 {          // far too little for the kernel to wake anybody for a polled socket
			if _, err := nc.Write([]byte{0}); err != nil {
				t.Errorf("the client closed before a second had passed: %v", err)
			}
			runtime.Gosched()
		}
		<-ended
		_, err := nc.Write([]byte{0}) // taken, unless there was a reset
		afterwards <- err
	})
	for {
		p.Poll()
		select {
		case <-p.result:
			close(ended)
			if err := <-afterwards; err != nil {
				t.Errorf("the connection was reset: %v", err)
			}
			return
		default:
			runtime.Gosched()
		}
	}
}
