// Package ring moves items from one goroutine to one other: in order, without
// locks, without allocation, in memory that is used again and again.
//
// There are two rings. [New] makes one of slots of a type T; [NewBytes] makes
// one of records of bytes, each of its own length. Both work alike. Each has
// two ends, a producer and a consumer, which are types of their own: what the
// other end may do does not compile.
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
// # Ownership
//
// A slot belongs to the producer until Publish, to the consumer until Release,
// then to the producer again. What Peek returned is a lease: it ends with
// Release, and whoever wants to keep an item copies it. Slots are never cleared,
// so a reserved slot holds an old item; and if T has pointers, what they point
// to stays alive until the slot is overwritten.
//
// Each end is for one goroutine at a time, and may be handed to another by
// anything that synchronises the two. Len and Cap may be called by anyone.
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
//   - Reserve, Commit, Peek and Advance of a slot ring are small enough to be
//     inlined, and a test keeps them so. Claim, Commit and Peek of a byte ring are
//     not: their unit is a message from a socket, for which a call is nothing.
//   - A channel to park on, not a condition variable: it can be selected with
//     done, and a test with a fake clock understands it.
package ring
