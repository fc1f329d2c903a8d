// Package kiteticker receives Zerodha Kite market data for trading engines: up
// to three WebSocket connections per API key, 9,000 instruments, decoded in
// order, without allocating on the hot path and with nothing lost silently.
//
//	client, err := kiteticker.New(kiteticker.Config{APIKey: key, AccessToken: token})
//	stream, err := client.Ticks(kiteticker.StreamConfig{})
//	err = client.Subscribe(kiteticker.ModeFull, 408065, 884737)
//	go client.Run(ctx)
//	for ticks, lost := range stream.Batches(ctx) {
//		// ticks is lent for this iteration
//	}
//
// # The path of a tick
//
//	socket ─► conn ─────► ring.Bytes ─► pipeline ───► ring.SPSC[Tick] ─► TickStream
//	          reader       raw messages  parser        one per stream     your goroutine
//	          goroutine    4 MiB         goroutine     and connection     reads []Tick
//
// One connection, its rings and its parser share nothing with the others. The
// payload is read from the socket into the byte ring and decoded from there
// into a slot of the stream's ring: the slots are the pool. You read the slots
// themselves, so a tick is written once and copied only for each further
// stream. In the [Inline] profile the reader decodes, and the byte ring is a
// plain buffer. In [LowLatency] nobody waits for a socket: it is polled, by
// your goroutine if its stream's Wait spins, and then the whole way is on one
// goroutine.
//
// # Goroutines and ownership
//
// A [Client]'s methods may be called from any goroutine at any time. A stream
// is read by one goroutine at a time; a second one that comes while the first is
// in a loop, or has not released what Poll lent it, panics: a ring with two
// consumers would hand out corrupted ticks. Slices and ticks that a stream
// yields are lent for the loop body, or until Release: copy what you keep.
//
// Run owns per connection a reader, a writer, a watchdog and a parser, and two
// goroutines for all: one decodes texts, one supervises; and pollers, if sockets
// are polled. In profiles of runtime/pprof they have the labels role and conn. They end from the
// socket inwards: connections, parsers, events, streams. When Run returns none
// is left, provided that your Dial and Refresh return when their context ends.
//
// # Order
//
// Ticks of one connection reach each stream in the order the server sent them;
// in one that conflates, those of one instrument.
// An instrument is on one connection at a time; when it moves to another, its
// ticks of the new one follow those of the old one in every stream. Between
// instruments of different connections there is no order. Events of one
// connection are in order among themselves, also with its changes of state;
// only that it goes stale, and recovers, is told past the others.
//
// # Loss
//
// Nothing is dropped between the socket and the parser: when a byte ring is
// full its reader waits, and TCP pushes back on the server, since order updates
// ride the same socket. A tick ring that is full loses the newest tick, for
// that stream alone, unless the stream asked for another [Overflow]. The loss is
// exact and told in band: the batch that follows it comes with the number, the
// tick after it has [FlagLost], and [Tick.Seq] counts what the stream was owed,
// lost or not. [EventStream] never drops anything; it buffers without bound.
//
// What the server sent while a connection was down is gone for good: the
// server replays nothing. An [Outage] gives the interval and the instruments,
// and the first tick of each after it has [FlagGap]. Volume that jumped
// meanwhile is left as it came.
//
// # Streams at their own pace
//
// Any number of streams hang off a client, attached and closed while ticks
// flow. What one does is no matter to the others, with one exception:
//
//   - [DropNewest], the default: a ring of its own, which loses what it has no
//     room for.
//   - [Conflate]: one slot per instrument, which the newest tick takes over. All
//     connections share them, so an instrument may move between connections.
//     What a tick replaced is told by [TickStream.ReplacedBy]. FlagGap and
//     FlagLost of a replaced tick are kept.
//   - [Block]: the exception. It is for who would rather stop the feed than lose
//     a tick. The parser lets go of everything while it waits, so that Subscribe,
//     Close and the others do not wait with it, and decides anew for each packet
//     whose it is. [Stats.Check] tells of a wait that lasts.
//
// A [Filter] is asked before anything is copied, and before the tick is counted:
// what it keeps out is not owed. [Client.Workers] splits a stream by token.
//
// Config.LastValues keeps each instrument's last tick, for [Client.Latest] from
// anywhere, and for streams that begin with a snapshot.
//
// # When a connection breaks
//
// It is noticed by an error or by silence (Config.Liveness), told, and dialled
// anew: soon at first, then after random waits that double, and never more than
// [conn.MaxDialsPerMinute] times a minute. What the server refuses for good ends
// the connection, except that an expired token is renewed through
// Config.Refresh. If a connection stays down for Config.FailoverAfter its
// instruments move to connections that have room, and return when it has been
// live for as long.
//
// While a token moves its old parser drops what still comes for it, so nothing
// is delivered twice ([ConnStats.Superseded] counts), and a stream holds the new
// connection's ticks back until it has handed out the old one's.
//
// # Desired state
//
// [Client.Subscribe] and its siblings edit a table; they do not send. Each
// connection compares the table with what it has told the server on this
// socket and sends the difference. A reconnect starts with nothing told, so
// everything is sent again, once, with the edits made meanwhile folded in.
//
// # Errors
//
// errors.go lists everything that can go wrong. States are sentinels, facts are
// types; no caller ever has to match a text. Network trouble is not an error of
// any call: it is retried, shown in [Stats], reported as an event and logged.
// Only what retrying cannot mend ends [Client.Run].
//
// # Where things are
//
//	kiteticker.go  Client: New, Subscribe and its siblings
//	run.go         Run: who works when, and how it ends
//	attach.go      attaching and detaching streams
//	config.go      Config: every knob and its default; validate.go: its bounds
//	profile.go     how sockets are read, where ticks are decoded
//	poller.go      polling sockets, and who does it
//	redact.go      how a Config prints
//	line.go        one connection and what belongs to it
//	pipeline.go    its parser; parse.go: from message to streams
//	output.go      the parser's end of a stream; overflow.go: its policies
//	filter.go      which ticks a stream is owed
//	latest.go      last values and snapshots
//	stages.go      where time goes, if asked
//	inline.go      the sink of profiles whose reader decodes
//	stream.go      TickStream; conflate.go: of a conflating one, the reader's side
//	inlet.go       what TickStream and FrameStream share
//	frames.go      FrameStream: raw messages
//	event.go       Event and EventStream; hub.go: what feeds it
//	orders.go      each order update once
//	outage.go      what the client remembers of a connection across its sockets
//	instruments.go each instrument's number, and which connection delivers it
//	failover.go    moving instruments away from a connection that is down
//	supervise.go   health, and instruments that do not tick
//	stats.go       Stats; check.go: Check; print.go: how they print
//	errors.go      every error
//	account.go     credentials and their renewal
//
// and beneath, importing only downwards: conn (sockets), shard (which token on
// which connection), ring (the queues), decode (bytes to ticks), stats
// (counters and histograms), internal/cpu and internal/sock (what depends on
// the machine), internal/role (names of goroutines).
// kitetest is a simulated exchange to test engines with.
//
// # Non-obvious
//
// The parser decodes into the first stream that has room (or into memory of its
// own, for last values), and copies from there. Were all rings full it would not
// decode at all: the ticks are counted from their lengths.
//
// A tick's Mode is that of the packet, not of the subscription: right after
// subscribing, a full-mode token can arrive as a quote.
//
// After subscribing the server sends a snapshot of every token in one message,
// and again after a change of mode. A tick ring smaller than that loses ticks
// at every reconnect.
//
// When the client stops, a stream's done channel closes after the last publish,
// and a wait that sees it polls once more: that is why draining cannot miss
// anything.
//
// Instruments are numbered densely, in the order first subscribed, for the life
// of the client; the number is the key of conflating rings and last values. A
// token that the server sends without being asked has one, too, up to a bound; past it
// such ticks reach queueing streams only, and count as lost in the others.
//
// A snapshot for a new stream is taken while every parser stands between two
// messages, or waits between two packets: that is what makes it join on to the
// ticks that follow.
//
// A polled socket has no reader of its own. Whoever polls takes a turn (a
// mutex that is only ever tried), reads what there is and gives the turn back,
// so a stream's reader never waits for its own help: where the frame ring is full
// it just comes again. Block is refused where whoever reads decodes, since
// that could be the very reader that the stream waits for.
//
// Most of the way of a lone tick is waking goroutines, and most of that is waking
// the thread for one: Balanced takes 1.65 times as long as a bare read loop on two
// Ps and 1.35 times on one, where the woken reader runs on the P it was woken on
// (BenchmarkPipeline with -cpu 1,2). So LowLatency wakes nobody, if it can. What
// was tried for the others and dropped, since it gained less than the noise: a
// reader that decodes short messages itself while the parser is idle.
//
// A poller is not bound to its thread by itself, although a bound one sees a
// frame sooner (17.5 µs against 20.3): it would wake a parked reader of a stream
// in 115 µs, not in 33. Nor does a reader that spins get a poller beside it: on two
// CPUs they and the network's own work are one too many, and a tick took 27 µs
// with a tail of a millisecond.
//
// Changes of state travel through the byte ring as records without a message:
// otherwise "live" could overtake the orders of the socket before.
package kiteticker
