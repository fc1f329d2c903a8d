package harness

import (
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/loov/hrtime"

	"github.com/kiteticker/kiteticker/kitetest"
)

// A client that does not read for a while pays for each frame that waits
// meanwhile: they count from when they were due, and none is left out.
func TestNothingIsOmitted(t *testing.T) {
	server, err := kitetest.Listen(kitetest.Config{Heartbeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	nc, _, _, err := ws.Dial(t.Context(), server.URL()+"/"+Query)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	load := Load{Name: "test", Conns: 1, Instruments: 3000, Packets: 3000, Rate: 500} // 279 MB/s: the socket is full at once
	p := &pacer{load: load, total: 200 * time.Millisecond}
	if err := p.connect(server, make(chan struct{})); err != nil {
		t.Fatal(err)
	}
	const stall = 100 * time.Millisecond
	p.start = int64(hrtime.Now())
	fin := make(chan finished, 1)
	go func() { fin <- p.send() }()
	time.Sleep(stall)
	in := &inbox{buf: make([]byte, 2<<20)}
	var dues []int64
	var oldest time.Duration
	nc.SetReadDeadline(time.Now().Add(patience))
	for err == nil && len(dues) < 100 {
		err = in.fill(nc)
		in.each(func(due int64) {
			dues = append(dues, due)
			oldest = max(oldest, hrtime.Now()-time.Duration(due))
		})
	}
	f := <-fin // it cannot wait for us any more
	if f.Err != "" || f.Frames != 100 || len(dues) != 100 {
		t.Fatalf("%d frames sent, %d received, want 100: %s, %v", f.Frames, len(dues), f.Err, err)
	}
	if f.Late == 0 || oldest < stall/2 {
		t.Errorf("%d frames were late, the oldest by %v, after a stall of %v", f.Late, oldest, stall)
	}
	waited := 0
	for i, due := range dues {
		planned := p.start + int64(i)*int64(load.gap())
		if due < planned {
			t.Errorf("frame %d was due %v before it was planned", i, time.Duration(planned-due))
		}
		if due == planned {
			waited++
		}
	}
	if waited < 20 {
		t.Errorf("%d frames count from when they were planned, want those of the stall", waited)
	}
}

// Without a stall, no frame is sent before it is due, nor due before it is
// planned, and the wait for each is to the point.
func TestWaitUntil(t *testing.T) {
	for range 20 {
		planned := int64(hrtime.Now() + 300*time.Microsecond)
		if woke := waitUntil(planned); woke < planned {
			t.Fatalf("woke %v early", time.Duration(planned-woke))
		}
	}
	if past := int64(hrtime.Now()) - 1; waitUntil(past) < past {
		t.Error("woke before the present")
	}
}
