// Package conn keeps one WebSocket connection to the Kite ticker alive and
// moves its messages, untouched, into ring memory.
//
// A [Conn] is one connection slot. [Conn.Run] dials, reads until the socket
// ends, waits, and dials again, until its context is cancelled or the server
// refuses the credentials for good:
//
//	ring, parser := ring.NewBytes(4 << 20)
//	c, err := conn.New(conn.Config{
//		URL:         "wss://ws.kite.trade",
//		Credentials: func() (apiKey, accessToken string) { return key, token },
//		Commands:    commands, // what to say on a socket: see below
//		Sink:        ring,
//	})
//	err = c.Run(ctx)
//
// # Three goroutines to a socket
//
//	reader    Run's caller. Reads frames, puts whole messages into the Sink.
//	writer    The only one that writes: commands, pongs, pings, the Close frame.
//	watchdog  Ends the session when the server has gone silent.
//
// They share an outbox (a mutex held for a few instructions), three atomics and
// a done channel. The reader never waits for a write: what it wants said it
// leaves in the outbox. So a server that pings without reading cannot stall
// its own ticks. All three end before a session does.
//
// A panic in one of them, be it in a net.Conn or a log handler of the user's,
// ends the session with a [*PanicError] and leaves the sink without an open
// record; the next session starts afresh.
//
// # Reading
//
// A frame's header is read into the session's own array, and its payload from
// the socket, past a 64 KiB buffer, straight into the claimed memory of the
// [Sink]: one copy for a large message, two for a small one, and no
// allocation. Each read is stamped once with the wall clock; a message carries
// the stamp of the read that completed it. The bytes that arrived together
// with the upgrade's answer come first.
//
// When the sink is full the reader waits and TCP pushes back on the server;
// nothing is skipped, since order updates ride the same socket. The watchdog
// does not mistake that for the server's silence.
//
// The reader can stop at any byte of a frame and go on later. With
// [Config.BusyPoll] it does: no goroutine waits for the socket, but whoever
// calls [Conn.Poll] is the reader for as long as the socket has something.
// Polling sees a lone frame three times sooner than waiting (package
// internal/sock has the numbers), and one goroutine can poll many connections: a
// call takes 64 KiB at most from a server that never pauses, and the rest stays
// for the next. A polled connection does not wait for its sink either: a message
// that has no room stays in the socket until a later call.
//
// Fragmented messages, which Kite is not known to send, are collected in a
// pooled buffer and copied: the only path that may allocate.
//
// # Commands
//
// The connection does not know what is subscribed. Its writer asks
// [Config.Commands] when the socket is new, and again after each [Conn.Kick],
// and sends what it gets. The owner answers with the difference between what
// is desired and what it has answered for this socket, so each token is sent
// once per socket, edits made while the connection was down are folded in, and
// a reconnect needs no special case. [Config.Sent] tells what was really written.
// [Config.CommandGap] spaces the commands; pongs do not wait for them.
//
// After each write the kernel is asked to acknowledge at once what it receives
// (TCP_QUICKACK, on Linux): from a server that coalesces small writes a frame
// would else arrive up to 40 ms late.
//
// # Liveness
//
// A dead feed shows as silence, often not as an error. Any inbound byte is a
// sign of life. After half of [Config.Liveness] without one the writer pings.
// A server that does not answer makes the connection stale half-way through the
// rest, and is dead at its end: the socket is closed, not shut down politely,
// and dialled anew. The watchdog looks twenty times in the interval, so it may
// be late by a twentieth. The exchange sends a
// one-byte heartbeat about every second when it has no data (Kite
// documentation), so a quiet market is never mistaken for a dead one.
//
// # Backing off
//
// The first dial after a session that lasted [Config.StableAfter] follows
// within MinBackoff; further ones wait a random time between MinBackoff and a
// bound that doubles up to MaxBackoff. A server that accepts and hangs up is
// treated like one that refuses. HTTP 429 waits a minute at least, or as long
// as Retry-After says. 403 waits for [Config.Refresh] to find new credentials,
// 400 ends Run: dialling again would not help. Whatever the sequence of events,
// a connection dials at most [MaxDialsPerMinute] times a minute.
//
// [State] draws what may follow what; anything else is a bug and panics.
//
// # Closing
//
// Whoever ends the session, a Close frame with the right code goes out,
// masked: 1000 when Run is cancelled, the server's own code when it closes
// first, 1002 for a broken rule of RFC 6455, 1007 for text that is not UTF-8,
// 1009 for a message above the limit. Then what the server still sends is read
// for up to a second, because closing a socket with unread bytes resets it and
// can destroy the Close frame on its way. A write that fails does not end the
// session at once either: what the server sent before it went, and its reason,
// are still read, for up to a second. The package writes its frames itself:
// the control handler of gobwas/ws's wsutil answers a faulty Close frame with a
// scrambled one and sends none after protocol errors.
//
// # Secrets
//
// Credentials travel in the handshake's query, so errors of the dial are
// searched for the access token, plain and percent-encoded, before anyone sees
// them, and so is the body of a refusal. Secrets shorter than six characters are
// taken for placeholders of tests and left alone: they would be found inside
// ordinary words.
//
// # Bounds
//
// The answer to a handshake may have 64 KiB, its body is kept up to 512 bytes,
// a message may have [Config.MaxMessage] bytes, and memory for a fragmented one
// grows only as its bytes arrive.
package conn
