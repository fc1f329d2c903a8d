// Package kitetest simulates the exchange side of the Kite ticker protocol, so
// that programs which use market data can be tested without an account and
// outside market hours. It is to a ticker client what net/http/httptest is to
// an HTTP client.
//
//	func TestEngine(t *testing.T) {
//		exchange := kitetest.NewServer(t, kitetest.Config{Rate: 4})
//		engine := startEngine(exchange.URL(), exchange.Dial)
//		exchange.Trade(408065, 1650_00, 10) // INFY trades 10 at 1,650.00 rupees
//		...
//	}
//
// [NewServer] serves in memory and ends with its test; made inside a
// testing/synctest bubble it lives by the bubble's clock, where a day of
// heartbeats passes at once. [Listen] serves real TCP, with TLS if asked:
// [LoopbackTLS] makes the certificate. Both are the same server behind the same
// HTTP handshake and WebSocket frames.
//
// # What is simulated
//
// A handshake needs an api_key and an access_token in its query: status 400
// without, 403 if they are not those of [Config], 429 beyond [Config.MaxConns]
// sockets per api_key (Kite documentation: three).
//
// The messages subscribe, unsubscribe and mode are obeyed silently, as there
// are no acknowledgements. A subscribe means quote mode until a mode message
// follows, also for a token that was in another mode before. Each token of each
// subscribe counts toward [Config.MaxTokens] (Kite documentation: 3,000), even
// one that is subscribed already; those beyond it are refused with the
// exchange's error text, the others are not. An unsubscribe gives all of a
// token's duplicates back. Tokens must be JSON numbers. A mode message for a
// token that is not subscribed does nothing. Tokens that the exchange does not
// list are accepted and never have data; [Config.Logger] is warned of them.
//
// What was subscribed arrives at once as one message, the snapshot; a change of
// mode brings another, of the tokens whose mode is a new one. After that a token
// is sent when it changes, and a heartbeat of one byte when nothing was sent for
// [Config.Heartbeat].
//
// Where the real exchange is not known - the text of a rejection, whether a
// second subscribe resets the mode, how long a dead socket keeps its slot - the
// server does what asks most of a client, or what is simplest.
//
// # The market
//
// Every instrument has one state, which outlives sockets and is seen by all of
// them. It walks at random, but makes sense: last between best bid and ask,
// books in order, average between low and high, volume never falling, times
// current, prices plausible for their segment. The n-th update of an instrument
// depends on [Config.Seed], the token and n, and on nothing else but the clock.
//
// With [Config.Rate] the instruments take turns, evenly spread over time, and
// every 10 ms each socket gets one message with its instruments that were due.
// What is due is computed from the time since the start: a beat that comes late
// makes up for all that was missed, in a longer message or in several, so rate
// times time is exact within one beat. [Server.Step] updates everything once instead,
// [Server.Trade] one instrument at a price of the test's choice.
//
// A slow client never misses a tick: the market waits for it, for all clients,
// and catches up later. After [Config.WriteTimeout] the client is dropped. With
// an infinite rate the sockets alone set the pace; a bubble's clock stands still
// then.
//
// # Proof of receipt
//
// [Server.Ledger] holds, per instrument, the number of packets that sockets have
// taken and a digest of their bytes in order. A receiver that adds what it got
// to an [Entry] per instrument and ends with equal entries has missed, doubled,
// reordered and altered nothing:
//
//	packet = kitetest.AppendPacket(packet[:0], &tick) // the decoded tick's bytes
//	entry := entries[tick.Token]
//	entry.Add(packet)
//
// [Server.Pause] first, then wait until as many ticks have arrived as
// [Server.Totals] says, then compare. [Config.OnTick] sees each tick as it was
// sent, to write a log that a client in another language can be checked against.
// [Config.Stamp] puts the time of sending into the packets, to measure latency.
//
// # Faults
//
//	server.Reject(429, http.Header{"Retry-After": {"30"}}, "", 2)  // the next two handshakes
//	server.SetFaults(kitetest.Faults{Split: 2, Gap: time.Millisecond}) // every write in two parts
//	conn := server.ConnOf(408065)       // or server.Conns()[0]
//	conn.Stall(true)                    // open, silent, answering pings
//	conn.Freeze(true)                   // open, neither sending nor reading
//	conn.Hangup()                       // cut without a word
//	conn.Drop()                         // the same with a TCP reset
//	conn.CloseWith(1001, "maintenance") // cut politely
//	conn.Send([]byte{0, 1})             // a message that promises a packet and ends
//	conn.SendRaw([]byte("garbage"))     // not even a frame
//
// Nothing of this panics, and [Server.Close] returns at once and leaves no
// goroutine, whatever the clients do.
//
// # Goroutines and ownership
//
// All methods may be called from any goroutine. A handshake is in [Server.Conns]
// before its client has the response; a text message is in [Conn.Received]
// before it is obeyed. What OnTick writes may be read between Pause and Resume.
// Slices handed to a method are copied or written before it returns; what a
// method returns belongs to the caller.
//
// Each connection has one goroutine that reads and one for heartbeats; the
// market has one that writes to all sockets itself, one Write per message. A
// writer per socket would add a wake-up to the latency a client measures, and
// would let the ledger run ahead of the sockets. Locks that are held during a
// write are channels, because waiting for a mutex would stop a bubble's clock.
// In the steady state nothing allocates, so allocations counted in the same
// process are the client's.
//
// Package kitetest knows the wire from its description alone and uses nothing of
// package decode but its types, so that each tests the other.
package kitetest
