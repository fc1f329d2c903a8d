package bench

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/loov/hrtime"
)

// The sender is a process of its own, as the exchange is: in one process Go's
// scheduler would hand a frame from the writer to the reader without a wake-up
// that real traffic needs. TestMain turns the test binary into it.
const senderEnv = "KITETICKER_BENCH_SENDER" // packets per frame, sockets, gap

func TestMain(m *testing.M) {
	if spec := os.Getenv(senderEnv); spec != "" {
		if err := send(spec); err != nil {
			fmt.Fprintln(os.Stderr, "sender:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const fullPacket = 184

// startSender runs a sender and returns its address. It sends to sockets
// clients in turn, one frame every gap, once all have connected and its
// standard input says so, until it is closed.
func startSender(b *testing.B, packets, sockets int, gap time.Duration) (addr string, begin func()) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d,%d,%d", senderEnv, packets, sockets, gap))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("sender told no address: %v", err)
	}
	return strings.TrimSpace(line), func() {
		if _, err := io.WriteString(in, "go\n"); err != nil {
			b.Fatal(err)
		}
	}
}

func send(spec string) error {
	var packets, sockets int
	var gap time.Duration
	if _, err := fmt.Sscanf(spec, "%d,%d,%d", &packets, &sockets, &gap); err != nil {
		return fmt.Errorf("%s is %q: %w", senderEnv, spec, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	conns := make([]net.Conn, sockets)
	for range conns {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		slot := 0
		u := ws.Upgrader{OnRequest: func(uri []byte) error { // ws://addr/N says which client it is
			path, _, _ := strings.Cut(strings.TrimPrefix(string(uri), "/"), "?")
			slot, err = strconv.Atoi(path)
			return err
		}}
		if _, err := u.Upgrade(nc); err != nil {
			return err
		}
		conns[slot] = nc
		go io.Copy(io.Discard, nc) // subscriptions and pings
	}
	stdin := bufio.NewReader(os.Stdin)
	if _, err := stdin.ReadString('\n'); err != nil {
		return err
	}
	go func() { // our end is the benchmark's
		io.Copy(io.Discard, stdin)
		os.Exit(0)
	}()
	f := newStampedFrame(packets)
	for round := 0; ; round++ {
		for i := range conns {
			nc := conns[(i+round)%len(conns)] // no path always follows the same other one
			f.stamp()
			if _, err := nc.Write(f.bytes); err != nil {
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				os.Exit(0) // the benchmark has closed its end
			}
			time.Sleep(gap)
		}
	}
}

// stampedFrame is a WebSocket frame of full packets of one instrument; the
// last one carries the time of sending in its pending quantities, where
// kitetest.SentAt looks for it.
type stampedFrame struct{ bytes []byte }

func newStampedFrame(packets int) *stampedFrame {
	msg := binary.BigEndian.AppendUint16(nil, uint16(packets))
	for range packets {
		msg = binary.BigEndian.AppendUint16(msg, fullPacket)
		packet := make([]byte, fullPacket)
		binary.BigEndian.PutUint32(packet, 408065)
		msg = append(msg, packet...)
	}
	return &stampedFrame{bytes: ws.MustCompileFrame(ws.NewBinaryFrame(msg))}
}

func (f *stampedFrame) stamp() {
	last := f.bytes[len(f.bytes)-fullPacket:]
	binary.BigEndian.PutUint64(last[20:], uint64(hrtime.Now()))
}
