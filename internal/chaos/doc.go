// Command chaos puts every fault it knows between a client and a simulated
// exchange, over real TCP on the loopback interface, and accounts for every
// tick.
//
//	make chaos               # each fault three times, and the table of it
//	make soak SOAK=10m       # random faults at full load, and one JSON object
//	go run . -faults 'black hole' -rounds 10 -seed 42
//	go run . -soak 1m -instruments 3000   # with room for failover
//
// It exits 1 if a fault was not told in time, or not healed in time, if the
// exchange's sockets do not hold what is desired in the end, or if a tick was
// lost unseen, received twice, out of order or altered. It is a module of its
// own because of toxiproxy, which runs in this process.
//
// # What is injected
//
//	faults.go           what a fault is, and the bounds
//	faults_toxic.go     by toxiproxy, on a wire: latency, jitter, bandwidth, slicer,
//	                    reset_peer, limit_data, timeout, slow_close, a wire taken out
//	faults_exchange.go  by kitetest, at the exchange's end: cuts, refusals, odd
//	                    writes, garbage, silence
//
// Each fault has a rig of its own (rig.go): two connections, 300 instruments at
// ten updates a second. It hits one connection; the other must not notice. When
// it was told, ten instruments are exchanged and ten others change their mode, so
// that each reconnect has something to fold in.
//
// A fault is told by the first event that names it: the state change with its
// reason, a message that is damaged, instruments unseen, a change of health. It
// is healed when all connections are live, the exchange's sockets together hold
// exactly what is desired, no instrument twice, and each instrument has ticked
// since. Both are measured; so is that an Outage was told for each break, and
// that what should do no harm changed no state.
//
// A bound that was missed while this process was kept from running for 200 ms
// says nothing about the client: that fault is tried again, twice at most, and
// the table says so. What it says about ticks stands, on however slow a machine.
//
// # How ticks are accounted for
//
// Each packet carries the time its message was sent (kitetest.Config.Stamp),
// which names it: it grows with each message of an instrument. The auditor hears
// of each packet from the exchange (kitetest.Config.OnTick) and of each tick from
// the reader of a stream, and matches them, bytes included (audit.go). What was
// sent between two ticks of an instrument and did not arrive is
//
//	in gaps      if the later one has FlagGap, and an Outage or a Moved event
//	             names the instrument and falls between the two;
//	copies       if the same update came from another socket: around a
//	             hand-over both are subscribed for a moment;
//	unasked      if the user had unsubscribed in between;
//	lost unseen  otherwise, and the run fails.
//
// After an instrument's last tick, an Outage that names it takes the place of
// FlagGap. Only instruments with a volume take part, in the modes that carry it,
// because it numbers their updates.
//
// # The soak
//
// Three connections, 9,000 instruments, 36,000 ticks a second, a random fault
// every few seconds, and four times a second twenty instruments exchanged. The
// connections are full, so none has room for another's instruments: failover has
// a row in the table, and a soak with fewer instruments has it too. In the end sent = received + in gaps + copies
// + unasked, memory has not grown, and goroutines and descriptors are those of
// the beginning. The seed decides which faults come, for how long and what is
// exchanged; when they meet the traffic is up to the machine.
//
// # Non-obvious
//
// Toxiproxy sets SO_LINGER, without which closing is no reset, only on
// connections that open while a reset_peer is in place. An abrupt wire therefore
// has one of toxicity 0, always. Changing its toxicity instead of adding another
// would be a data race in toxiproxy.
//
// Removing a timeout closes the connections that it held. Its own clock starts
// anew with each byte that it swallows.
//
// A toxiproxy that closes a connection may keep a goroutine that still wants to
// pass data on. It is not counted.
package main
