package bench

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/kiteticker/kiteticker/internal/sock"
)

// BenchmarkCoalescingServer asks what acknowledging at once is worth against a
// server that coalesces small writes (Nagle's algorithm) and writes a frame's
// header and payload one after the other, to a client that has written before.
// One iteration is one such frame.
func BenchmarkCoalescingServer(b *testing.B) {
	for _, ack := range []string{"delayed", "at-once"} {
		b.Run("ack="+ack, func(b *testing.B) {
			client, server := loopback(b)
			server.SetNoDelay(false)
			options := sock.For(client)
			frame, pong := make([]byte, 8), []byte("pong")
			for b.Loop() {
				client.Write(pong)
				if ack == "at-once" {
					if err := options.AckAtOnce(); err != nil {
						b.Skip(err)
					}
				}
				server.Write(frame[:4])
				server.Write(frame[4:])
				if _, err := io.ReadFull(client, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReceiveBuffer asks whether a receive buffer of the size of a snapshot
// of 3,000 instruments beats the kernel's own tuning. One iteration is one
// such message, in one write.
func BenchmarkReceiveBuffer(b *testing.B) {
	for _, size := range []int{0, 256 << 10, 558_002, 4 << 20} {
		name := fmt.Sprintf("bytes=%d", size)
		if size == 0 {
			name = "bytes=kernel"
		}
		b.Run(name, func(b *testing.B) {
			client, server := loopback(b)
			if size > 0 {
				if err := client.SetReadBuffer(size); err != nil {
					b.Fatal(err)
				}
			}
			message, got := make([]byte, 558_002), make([]byte, 558_002)
			next := make(chan struct{})
			defer close(next)
			go func() {
				for range next {
					server.Write(message)
				}
			}()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				next <- struct{}{}
				if _, err := io.ReadFull(client, got); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPollOnce measures one look at a socket that has nothing.
func BenchmarkPollOnce(b *testing.B) {
	client, _ := loopback(b)
	c, err := sock.NewConn(client)
	if err != nil {
		b.Skip(err)
	}
	c.Poll()
	buf := make([]byte, 64<<10)
	for b.Loop() {
		if _, err := c.Read(buf); err != sock.ErrWouldBlock {
			b.Fatal(err)
		}
	}
}

// loopback returns the two ends of a TCP connection.
func loopback(b *testing.B) (client, server *net.TCPConn) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String()) // the backlog takes it
	if err != nil {
		b.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}
