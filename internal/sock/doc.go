// Package sock is what this module must know about TCP sockets beyond package
// net: how to read one without waiting, and which of its options pay. It and
// internal/cpu are the only packages with files per operating system.
//
// # Reading without waiting
//
// A goroutine that waits for a socket is woken through epoll and a futex. One
// that asks again and again sees the same bytes three times sooner: a frame a
// millisecond over loopback, sent by another process, took 69 µs against 20 at
// the median, 350 against 80 at the 99th percentile (the bare loops of
// BenchmarkPipeline and BenchmarkPolling in package bench). A [Conn] asks once per
// Read:
//
//	c, err := sock.NewConn(nc) // beneath TLS, if there is any
//	handshake(c)               // an ordinary connection so far
//	c.Poll()
//	for {
//		n, err := c.Read(buf)
//		if errors.Is(err, sock.ErrWouldBlock) {
//			continue // or see to something else first
//		}
//		...
//	}
//
// Read does not spin itself, because whoever spins should choose what else to
// look at between two attempts: other sockets, rings, a channel that says stop.
// So there is no loop here to interrupt, and the garbage collector and Close wait
// for one system call at most. An attempt goes through [syscall.RawConn], which
// costs some 40 ns of 300 and makes Close, deadlines and the reuse of descriptors
// the runtime's concern.
//
// # Options, and what each did
//
// Measured on loopback on a machine of two virtual cores, medians; package bench
// has BenchmarkCoalescingServer and BenchmarkReceiveBuffer:
//
//	TCP_NODELAY    set by Go for every TCP connection; nothing to do.
//	TCP_QUICKACK   set after each write, see [Options.AckAtOnce]: from a server that
//	               coalesces small writes (Nagle's algorithm) a frame in two writes took
//	               45 ms without and 0.01 ms with it, once the client had written. Where
//	               the server does not, nothing changes. Set after each read it
//	               helps no more, and costs a system call there.
//	SO_RCVBUF      left alone. A snapshot of 3,000 instruments, 558 kB in one write,
//	               took 85 µs to arrive with the kernel's own tuning, 90 to 92 with 0.5
//	               to 4 MiB, 138 with 256 KiB; and to set it turns that tuning off
//	               for good. SO_RCVLOWAT raises it, all the same, on sockets that are
//	               polled: see there.
//	SO_RCVLOWAT    set on sockets that are polled, see [Conn.Poll]. A tick reached
//	               its reader in 20.0 µs with it and 24.6 without, a loop of BenchmarkPolling
//	               among the load of others. A bare loop in a process without timers,
//	               where no thread sleeps in epoll, gains nothing. The kernel makes
//	               room for what it is asked to wait for: SO_RCVBUF reads 131,072
//	               before, and 2,097,152 after, also once the socket waits again.
//	SO_BUSY_POLL   set on sockets that are polled, where the kernel allows it; see
//	               [Options.BusyPoll]. It has no effect on loopback, which has no
//	               queue to look into.
package sock
