// Package decode turns the bytes of Kite messages into values: binary messages
// into [Tick], text messages into [Text]. It does no I/O, reads no clock,
// starts no goroutine and uses nothing outside the standard library but
// golang.org/x/sys/cpu, to ask what the processor can do.
//
// # From message to ticks
//
// A binary message is a count and that many packets, one per instrument, all
// numbers big-endian:
//
//	 0      2      4                4+L1   6+L1
//	┌──────┬──────┬────────────────┬──────┬────────────────┬─ ─ ─
//	│ N    │ L1   │ packet 1       │ L2   │ packet 2       │  ...
//	│ u16  │ u16  │ L1 bytes       │ u16  │ L2 bytes       │
//	└──────┴──────┴────────────────┴──────┴────────────────┴─ ─ ─
//
// [Split] walks the packets and [Decoder.Packet] decodes one, into a Tick the
// caller owns: typically a slot of a ring. Neither allocates.
//
//	s := decode.Split(msg)
//	for pkt, ok := s.Next(); ok; pkt, ok = s.Next() {
//		if err := dec.Packet(&tick, pkt); err != nil {
//			unknown++ // tick is as it was; the next packet is unaffected
//			continue
//		}
//		use(&tick)
//	}
//	if s.Err() != nil || s.Trailing() > 0 {
//		damaged++ // the ticks before the damage are good
//	}
//
// A message of one byte is a heartbeat: [IsHeartbeat]. It has no packets, so
// the loop above is right for it too.
//
// Packets carry no type; their length tells what they are, for every segment
// alike ([PacketMode]):
//
//	bytes  mode   of        carries
//	  8    ltp    anything  Token LastPrice
//	 12    ltpc   anything  Token LastPrice Close
//	 28    quote  an index  Token LastPrice High Low Open Close RawChange
//	 32    full   an index  the same and ExchangeTime
//	 44    quote  the rest  Token to Close
//	184    full   the rest  Token to Asks
//
// Everything else is skipped by its length and reported as [ErrPacketLength].
// That includes 164 bytes, the full packet of the first two API versions.
//
// # One field
//
// [Decoder.View] gives a view of a packet instead of a tick. Its methods read
// single fields where they lie in the message and copy nothing, for whoever
// picks packets by their token or needs a last price and no more:
//
//	if p, ok := dec.View(pkt); ok && p.Token() == token {
//		last = p.LastPrice()
//	}
//
// A view and a tick of the same packet agree on every field.
//
// # Totality
//
// No bytes make this package panic, read beyond them, or allocate for them
// without bound. A damaged message loses what comes after the damage and
// nothing else: Next returns every whole packet before it, then Err returns
// [ErrTruncated]. Errors are preallocated values, because a server that sends
// bad packets sends many; the caller knows the connection and the message and
// can tell the story.
//
// # Prices
//
// Prices are the signed integers of the wire. Their unit depends on the
// segment, which is the low byte of the token: [Tick.Decimals] says how many
// decimals they have, 2 for most, 4 for BCD and NCO, 7 for CDS ([Segments]).
// [Tick.Price] gives exact text, [Tick.AppendPrice] the same without
// allocating, and [Tick.Rupees] the nearest float64. [Tick.FromRupees] is the
// way back: compare prices as integers, a stop price too.
//
// Zerodha adds segments without notice, so the table is data: hand changes to
// [NewDecoder]. Ticks of a segment that is not in the table assume paise and
// carry [FlagUnknownSegment]; [Decoder.Knows] tells before the first tick.
//
// Prices are signed: the documentation says int32, and in 2020 crude oil did
// settle below zero on MCX. Quantities, volume, open interest and times are
// unsigned, whatever the documentation says: volumes may pass 2^31.
//
// The "price change" of an index packet is kept as sent ([Tick.RawChange]),
// but nobody knows its unit for sure. [Tick.Change] and [Tick.ChangePercent]
// are computed from LastPrice and Close, in the same way for all modes.
//
// # Times
//
// The wire has Unix seconds; 0 means absent. Only full packets have times.
// [Tick.TradedAt] and [Tick.ExchangeAt] return UTC; t.ExchangeAt().In([IST]) is
// what a clock in Mumbai shows. One second is too coarse to measure latency:
// [Tick.ReceivedAt] is for that, and the caller of Packet sets it.
//
// # Layout of a Tick
//
//	  0  Token  LastPrice  LastQuantity  AveragePrice     ┐
//	 16  Volume  TotalBuyQuantity  TotalSellQuantity      │ quote packet:
//	 28  Open  High  Low  Close                           ┘ bytes 0 to 43
//	 44  LastTradeTime  OI  OIDayHigh  OIDayLow
//	 60  ExchangeTime
//	 64  Bids[0..4]  Quantity Price Orders, 12 bytes each
//	124  Asks[0..4]                                         full packet: to 183
//	184  ReceivedAt  Seq                                    set by the caller
//	200  Conn  Mode  Flags  Decimals                        1 byte each; Conn by the caller
//	204  RawChange
//	208
//
// Why it mirrors the wire: every word of a full packet keeps its offset, so
// decoding is one pass of byte swaps over 184 bytes, two or eight words at a
// time (the 16-bit counts of orders are widened on the way). Why flat and
// without pointers: a ring of thousands is one object that the garbage collector
// does not look into, and a copy is a copy. Why there is no float64 and no
// time.Time: they are larger than what they are made from, and most ticks are
// never looked at.
//
// # Full packets by AVX2
//
// On amd64 the byte swaps of a full packet are done 32 bytes at a time, if the
// processor has AVX2: six loads, shuffles and stores, in packet_amd64.s. Then
// decoding takes 3 % more time than copying the packet into a slot in the cache,
// 10 % more in a ring, and 16 % more with splitting the message; the Go code
// takes 131, 80 and 64 % more (bench/results/decode.txt). Both give the same
// tick for all bytes: TestAVX2SameAsGo and FuzzAVX2 compare them, and
// TestStaysInside puts packet and tick beside memory that cannot be touched.
//
// The build tag purego leaves the assembly out, GODEBUG=cpu.avx2=off passes it
// by, and other processors never see it. What remains is Go without a bounds
// check, and the tests run it too.
//
// Decisions:
//
//   - Only the words of the packet are set in assembly. The tail of the tick is
//     set in Go, in one place for every kind of packet, and so the race
//     detector, which does not see what assembly does, still sees that a slot is
//     written.
//   - Other packets are decoded in Go. Most of the work for a quote is to clear
//     what it does not carry: AVX2 was tried and gained 11 % for one packet in
//     the cache, 4 % for a message of 300, which is no reason for a second piece
//     of assembly.
//   - The assembly is written by hand. It is 24 instructions without a branch,
//     and what needs explaining are the masks, not the registers; a generator
//     would be longer, and a module to keep.
//   - No unsafe: the assembly takes a *Tick and an array of 184 bytes, and go vet
//     holds it to that signature.
//   - ReceivedAt, Seq and Conn are not parameters of Packet. The slot is in the
//     cache by then, so that setting them is a store or two, and who does not
//     need them does not see them.
//
// # Ownership and goroutines
//
// Packets returned by Next are parts of the message, and so is a view: it is
// valid as long as the message is. A Tick refers to nothing: the message may be
// reused as soon as Packet returns. A [Decoder] never changes and may be shared; a [Splitter] is for one goroutine, and so is a
// Tick being written.
//
// A slot may be reused as it is: Packet sets every field, and what the packet
// does not carry becomes zero. Note that this includes ReceivedAt, Seq and
// Conn, so set them after Packet, not before.
//
// # Text messages
//
// Orders, errors and notices come as JSON. [ParseText] turns one message into
// one of a closed set of types, [Text], and never loses any: what it does not
// understand it returns as it came. It allocates; keep it off the path of
// ticks.
package decode
