// Kiteticker receives the market data of Kite Connect, or of a simulated
// exchange that it brings along.
//
// Usage:
//
//	kiteticker demo      receive a simulated exchange and check every tick; needs no account
//	kiteticker sim       run the simulated exchange alone, for any client in any language
//	kiteticker stream    print the ticks of instruments as a table, JSON lines or CSV
//	kiteticker decode    print the ticks in the bytes of a message as JSON
//	kiteticker version   print the versions of this command and of Go
//
// "kiteticker help COMMAND" explains each command, its flags and examples. Flags
// come before other arguments.
//
// # Exit codes
//
//   - 0: all is well. Also when Ctrl-C or SIGTERM ended the command, and when
//     the program that read its output had enough, as head has.
//   - 1: the job could not be done, or what was checked is wrong.
//   - 2: the command line or the environment is wrong. One line on standard
//     error says what, and what was expected.
//
// The first Ctrl-C ends a command in good order, with its summary; the second
// ends it at once. Who reads the output cannot hold up the end: what a stream
// could not write within a second of it is given up, and the exit code is 1.
//
// # Demo
//
// Demo is the whole path of a tick in one process: the simulated exchange
// writes to TCP sockets of this machine, a client with one connection for each
// 3,000 instruments reads them, and one consumer for each connection encodes
// every tick again and adds it to a ledger, as the exchange did. Two equal
// ledgers mean that every tick came, in order for each instrument, with the
// same bytes. Anything else makes it exit 1.
//
// It counts from the end of the first snapshot, when the market opens. The
// latency is that from the exchange's write to the consumer; ltp packets have
// no room for the time of the write, and packets of indices neither, so these
// are not timed. What the process allocates is counted as a whole, exchange,
// checks and screen included.
//
// With -rate max the exchange sends as fast as the sockets take it. Then
// nothing waits for a consumer that is too slow; should its ring of a fifth of
// a second overflow, the demo says how much was lost and exits 1.
//
// With -json, standard output is one object and nothing else:
//
//	connections    number of connections
//	instruments    number of instruments subscribed
//	duration_s     seconds that the market was open
//	ticks_sent     ticks that the exchange sent
//	ticks_received ticks that reached a consumer
//	ticks_lost     the difference
//	frames         binary messages received, heartbeats included
//	bytes          bytes read from the sockets
//	latency_us     p50, p99, p999 and max in microseconds; null if no tick was timed
//	allocs_per_tick heap objects allocated by the process for each tick; null if there was none
//	gc_cycles      cycles of the garbage collector
//	reconnects     connections opened again
//
// # Stream
//
// The credentials come from the environment variables KITE_API_KEY and
// KITE_ACCESS_TOKEN, and from nowhere else. For a ws:// URL of this machine they
// may be missing, since the simulated exchange takes any.
//
// -format jsonl writes one JSON object a line with the keys of the official
// Python client:
//
//	tradable mode instrument_token last_price
//	last_traded_quantity average_traded_price volume_traded
//	total_buy_quantity total_sell_quantity
//	ohlc{open high low close} change
//	last_trade_time oi oi_day_high oi_day_low
//	exchange_timestamp
//	depth{buy[{quantity price orders}] sell[{quantity price orders}]}
//
// followed by conn, the number of the connection, and received_at. A key is
// there if and only if the packet carries it: an ltp packet ends with
// last_price; a packet of an index has no quantities, open interest, last trade
// time or depth; a quote has no times, open interest or depth. Mode is that of
// the packet: after subscribing in full mode, the first one may still be a
// quote.
//
// Prices are JSON numbers that give the exact decimal value in rupees, with all
// decimals of the segment. Change is last_price against the previous close in
// percent, 0 without a close. Times are RFC 3339 at +05:30, those of the
// exchange in whole seconds; one that the packet has room for, but leaves
// empty, is null.
//
// -format csv writes a header and the same values in a fixed set of columns,
// which are empty where JSON has no key. Level 1 of a side of the depth is the
// best: buy1_price is the best bid.
//
// -format table is for people, and may change.
//
// Ticks that arrive faster than the output takes them are lost, the newest
// first, and counted on standard error.
//
// Standard error has a line for each change of a connection's state, for each
// interval without data and its instruments, for instruments that do not tick,
// that move to another connection, or whose order updates may be missing, and
// when all connections together become healthy or unhealthy. Times of day are
// those of the exchange. With -duration the exit code is 1 if no connection was
// ever live.
//
// # Sim and decode
//
// Sim -log and decode write the same JSON. Where no client has received a tick
// there is no received_at, and in decode no conn. Sim ends when its output or
// its log takes no more.
package main
