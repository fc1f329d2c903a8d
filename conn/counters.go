package conn

import (
	"github.com/kiteticker/kiteticker/internal/cpu"
	"github.com/kiteticker/kiteticker/stats"
)

// Counters tell a connection's health. All are written by the goroutine that
// calls [Conn.Run], or has its turn at [Conn.Poll], except those of the writer,
// and may be read by any.
type Counters struct {
	_           cpu.Pad
	Bytes       stats.Counter // bytes read from the socket, after TLS
	Messages    stats.Counter // complete data messages put into the sink
	Waits       stats.Counter // times the sink was full and the reader waited
	Dials       stats.Counter // handshakes attempted
	Sessions    stats.Counter // handshakes that succeeded
	Refused     stats.Counter // handshakes the server answered with 400 or 403
	Polls       stats.Counter // turns at reading a polled socket
	Panics      stats.Counter // in any of the goroutines of the connection
	LastRead    stats.Gauge   // last byte from the server, Unix nanoseconds, 0 if none yet
	LastMessage stats.Gauge   // last data message, heartbeats included, Unix nanoseconds, 0 if none yet
	LiveSince   stats.Gauge   // when the present socket opened, Unix nanoseconds, 0 if not live
	_           cpu.Pad
	PingsSent   stats.Counter
	PongsSent   stats.Counter
	Commands    stats.Counter // control messages written
	_           cpu.Pad
}
