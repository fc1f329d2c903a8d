// Package ring moves items from one goroutine to one other: in order, without
// locks, without allocation, in memory that is used again and again.
//
// There are two rings. [New] makes one of slots of a type T; [NewBytes] makes
// one of records of bytes, each of its own length. Both work alike. Each has
// two ends, a producer and a consumer, which are types of their own: what the
// other end may do does not compile.
//
// A ring that is full makes its producer wait, or lose the newest item. Where
// items have keys and only the newest of a key matters, there are two shapes that
// are never full, with memory for each key: [NewConflating] hands over the newest
// item of each key that has one, and [Latest] keeps the last of each to be looked
// up by anyone.
//
// # Use
//
// The producer fills the ring's own memory in three steps. Only the third is
// seen by the consumer, so a batch costs one of it:
//
//	for frame := range frames {
//		for packet := range frame.packets() {
//			if !p.Wait(done) { // until a slot is free; false: time to stop
//				return
//			}
//			slot, _ := p.Reserve()
//			if decode(slot, packet) == nil {
//				p.Commit() // else nothing to undo: the slot is reserved again next time
//			}
//		}
//		p.Publish()
//	}
//
// The consumer mirrors it:
//
//	for c.Wait(done) { // until there is an item; false: done is closed and all is read
//		for item, ok := c.Peek(); ok; item, ok = c.Peek() {
//			use(item)
//			c.Advance()
//		}
//		c.Release()
//	}
//
// ReserveN, CommitN, PeekN and AdvanceN do the same with slices of slots. The
// byte ring says Claim for Reserve, because its caller asks for a length, and
// may still shrink the record when it commits. TryEnqueue and TryDequeue do all
// three steps, for tests and cold paths.
//
// To end a stream, publish and then close done: the consumer's Wait returns
// false only after the last item.
//
// A conflating ring is used alike, but its Reserve always has a slot, Commit names
// a key, and the consumer takes copies, which are its own:
//
//	for c.Wait(done) {
//		for u, ok := c.Take(&item); ok; u, ok = c.Take(&item) {
//			use(u.Key, &item)
//		}
//	}
//
// # Ownership
//
// A slot belongs to the producer until Publish, to the consumer until Release,
// then to the producer again. What Peek returned is a lease: it ends with
// Release, and whoever wants to keep an item copies it. Slots are never cleared,
// so a reserved slot holds an old item; and if T has pointers, what they point
// to stays alive until the slot is overwritten.
//
// Each end is for one goroutine at a time, and may be handed to another by
// anything that synchronises the two. Len, Cap and Grow may be called by anyone.
// Publish before any call that may block, or the consumer waits for you to come
// back (the producer's own Wait does it for you). Misuse that can be seen, such
// as Commit without Reserve, panics.
//
// # Memory model
//
// A ring is shared through two cursors. Positions only grow, and at 2^64 they
// would wrap after centuries; an index is position & (capacity - 1).
//
//	              read <= readPos <= written <= writePos <= read + capacity
//	consumer's cursor    consumer's     producer's   producer's
//	         (shared)    own (plain)     (shared)    own (plain)
//
// All sharing goes through sync/atomic, whose operations behave as if in one
// total order, and where a Load that sees a Store also sees everything before
// that Store:
//
//	Store                          Load it pairs with             what it hands over
//	written, in Publish            written, in Peek, PeekN, Wait  the slots before it are complete
//	read, in Release               read, in Reserve, ReserveN,    the slots before it are free:
//	                               Claim, Wait                    every access to them is over
//	parked = true, in Idle         parked, in Wake                from here on I may sleep
//	parked = false, in Reset       parked, in Wake                I am awake, save yourself the token
//	parked true->false, in Wake    parked, in other Wakes         I send the token
//
// The producer writes a slot only at positions in [writePos, read+capacity), by
// a read it has loaded; the consumer touches only [readPos, written), by a
// written it has loaded. Cursors only grow, so an old value of the other end's
// cursor is always safe: it can only make the ring look fuller to the
// producer and emptier to the consumer than it is. That is why each end may keep
// a copy (readCache, writeCache) and look again only when the copy says no. The
// two ranges never overlap, hence no access to a slot races with another.
//
// Len loads both cursors and hands nothing over: it is for gauges.
//
// # Waiting
//
// A goroutine that finds nothing calls [Waiter.Idle] and polls again. What Idle
// does is the [WaitStrategy]: spin, yield, or (the default) a little of both
// and then park on a channel until a Publish or Release wakes it. Parking has
// three steps, and the second is the caller's:
//
//	Idle:  parked.Store(true)            Publish:  written.Store(pos)
//	poll:  written.Load()                Wake:     if parked.Load() && CAS(true, false)
//	Idle:  receive from token, or done                 send to token, unless it holds one
//
// No wake-up is lost. Take a Publish that the poll did not see: its Store comes
// after the poll's Load in the total order, and so its Load of parked comes
// after the Store of true. It finds true, or false because since then another
// Wake has won the CAS, for the sleeper itself writes false only when it is
// awake. Either way some Wake wins the CAS after the Store of true, and then
// sends; and if it does not send, that is because the channel holds a token.
// So there is a token for the receive, and nobody else takes tokens. The
// argument never counts wakers: any number may publish to different rings.
//
// Tokens may be left over: a Wake wins the CAS, but the poll has seen its item
// and the goroutine goes on. The channel keeps at most one, and it ends a
// later sleep early, once: one poll in vain. A Wake that finds the channel full
// loses nothing, by the argument above: before the goroutine sleeps again it
// arms and polls again. If done is closed, before or during the sleep, the
// receive ends and the caller polls once more.
//
// One goroutine that serves several rings gives them all one Waiter:
//
//	w := ring.NewWaiter(ring.WaitPark)
//	for _, c := range consumers {
//		c.WaitOn(w) // before the ring is in use
//	}
//	for {
//		if poll(consumers) {
//			w.Reset()
//		} else if !w.Idle(done) {
//			poll(consumers)
//			return
//		}
//	}
//
// WaitSpin and WaitYield keep a P busy. In a [testing/synctest] bubble use
// WaitPark: time does not advance there while any goroutine runs.
//
// # Conflation
//
// All slots are alike: one per key, one per producer, one for the consumer. A
// slot belongs to a key or to an end, and to hand an item over is to exchange
// slots. Each key has a state word, {count, marks, slot}, and is clean while its
// count is 0. A producer fills its own slot, and Commit exchanges it for the key's,
// adds 1 to the count and ORs the marks. Take exchanges the consumer's slot for the
// key's, leaves count and marks 0, and then copies the item at leisure: the slot is
// the consumer's alone.
//
// So that the consumer need not search, a key that was clean goes into a batch.
// Batches are lists through the keys themselves, and inbox and sweep are stacks of
// batches. A key is in one batch while it is not clean, and otherwise in none:
//
//	    Commit                Publish               Take, when the sweep is over
//	key   ->   producer's batch  ->  producer's inbox  ->  consumer's sweep
//	           (own, plain)          (shared)              (own, plain)
//
//	Store                             Load it pairs with         what it hands over
//	state, in Commit (CAS or Store)   state, in Take (Swap)      the item in the slot is complete
//	state, in Take (Swap)             state, in Commit           the slot left there is free, and the links
//	inbox, in Publish (CAS or Store)  inbox, in Take and Wait    the batches in it, and that their keys have items
//	chunks, in Grow and Commit        chunks, everywhere         the new keys and their slots are there
//
// Why this is right:
//
//   - No tear, no item twice: at any moment a slot is in one state word or is one
//     end's, because slots are only exchanged, and only its owner touches it.
//   - No step back: the slot in a state word has the newest item of its key, for a
//     key has one producer at a time. Take leaves the count 0, so what it leaves
//     behind is never taken.
//   - No loss: the count says how many items the one taken stands for. So for
//     each key, committed = taken + replaced + waiting. (Replaced stops at 2^32-2.)
//   - No wait: Commit's CAS fails only if Take came between, since the key has no
//     other producer. But then the key is clean, and Take never touches a key that
//     is in no batch, so Commit stores. It is the same with the CAS of Publish, which
//     fails only if the consumer has emptied the inbox, and an empty inbox it
//     leaves alone. Take loops over the producers and, once per sweep, over what they
//     have published since.
//   - No starving: a sweep is all that waited when it began, each key once, and a key
//     taken from it can wait again only for the next.
//   - No lost wake-up: a key that is not clean is in a batch, so a further Commit for
//     it need not wake anyone. While that batch is a producer's own, its Publish
//     is to come: it stores the inbox and then calls Wake; a consumer about to
//     sleep arms and then polls every inbox. It is the argument of "Waiting" with
//     inbox for written.
//
// A key that changes producers stays in the batch it is in: if that is not yet
// published, the consumer learns of the key when the former producer publishes. So
// publish before handing a key over, and the case does not arise.
//
// # Last values
//
// A [Latest] has for each key a version and the item, word by word, all atomic. It
// is a seqlock: Store makes the version odd, writes the words that differ, and makes
// the version even again. Load copies the words between two loads of the version.
//
//	Store                          Load it pairs with            what it says
//	version = odd, in Store        version, second in Load       words may be newer than the version you saw
//	word, in Store                 word, in Load                 the value
//	version = even, in Store       version, first in Load        the words are all at least as new
//
// If both loads see the same even version, every word is of that version. It is no
// older, for the words were stored before the version. It is no newer, for the odd
// version of a later Store comes before its words, and the second load would have
// seen it, or what came after. Store never waits. Load starts over if it met a
// Store, and yields after some tries: the writer may have lost its processor
// between the two versions.
//
// # Decisions
//
//   - Batches. Go has no store with release order alone: an atomic Store is an
//     XCHG on amd64, which waits until the store buffer is drained. It costs
//     several times the rest of an item's way through the ring, so it is a step
//     of its own, to be taken once per batch.
//   - Own position plain, other position cached. A cursor that both ends touch
//     for every item moves its cache line between the cores each time. With the
//     copies, a batch moves it once.
//   - Padding between the cursors, and at both ends of every struct: Go cannot
//     align an allocation to a cache line, so the neighbours may be anyone's. The
//     distances are checked at compile time.
//   - Items in the slots, not pointers to items: the ring is the pool. A
//     pointer costs a cache miss at the other end, and its memory has to find
//     a way back.
//   - Power-of-two capacities, so that an index is one AND. All slots are usable:
//     positions tell full from empty.
//   - Memory that is present from the start, and Go's own: memory.go.
//   - Reserve, Commit, Peek and Advance of a slot ring are small enough to be
//     inlined, and a test keeps them so. Claim, Commit and Peek of a byte ring are
//     not: their unit is a message from a socket, for which a call is nothing.
//   - A conflating ring finds its work by links, not by a bitmap that is searched:
//     a poll of nothing is one load per producer however many keys there are, a key
//     that waits already costs Commit one CAS and no second shared word, and items
//     come in the order in which their keys began to wait.
//   - Keys and cells are in chunks of 64 that never move, so room is made while
//     others go on.
//   - Last values are words, not slots to exchange: with any number of readers,
//     none can own a slot. Words that did not change are not stored, because each
//     store is an XCHG, and most of a tick is often as it was.
//   - A channel to park on, not a condition variable: it can be selected with
//     done, and a test with a fake clock understands it.
package ring
