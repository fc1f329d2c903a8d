package ring

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// WaitStrategy is what a goroutine does when a poll found nothing. None of them
// sleeps: a sleep ends when the timer says so, not when there is work.
type WaitStrategy uint8

const (
	// WaitPark spins a little, yields a little, then parks until woken. It is
	// the zero value, and right unless measurements say otherwise.
	WaitPark WaitStrategy = iota

	// WaitYield lets other goroutines run between polls and never parks. It
	// keeps a P busy, but shares it. Not for a goroutine that is locked to its
	// thread: there each yield is two switches of threads.
	WaitYield

	// WaitSpin polls without pause. It needs a P, and a core, for itself.
	WaitSpin
)

var strategyNames = [...]string{WaitPark: "park", WaitYield: "yield", WaitSpin: "spin"}

// String returns "park", "yield" or "spin".
func (s WaitStrategy) String() string {
	if int(s) < len(strategyNames) {
		return strategyNames[s]
	}
	return fmt.Sprintf("WaitStrategy(%d)", uint8(s))
}

// MarshalText returns the name of s. It fails if s is none of the constants.
func (s WaitStrategy) MarshalText() ([]byte, error) {
	if int(s) < len(strategyNames) {
		return []byte(strategyNames[s]), nil
	}
	return nil, fmt.Errorf("ring: no such wait strategy: %d", uint8(s))
}

// UnmarshalText sets s to the strategy named by text.
func (s *WaitStrategy) UnmarshalText(text []byte) error {
	for i, name := range strategyNames {
		if string(text) == name {
			*s = WaitStrategy(i)
			return nil
		}
	}
	return fmt.Errorf("ring: wait strategy is %q, want park, yield or spin", text)
}

// How long WaitPark waits before it parks. A poll with its Idle takes 6 ns, a
// yield 80 ns when nobody else wants the P, and a park with its wake-up 300 ns
// when both goroutines share a P, so the numbers below give up after about a
// quarter of a microsecond: what is spent in vain never exceeds what parking
// costs.
//
//   - Spinning pays only while the other end is running on another P and inside
//     its next batch: a hundred nanoseconds. If both share a P, it delays the
//     very goroutine it waits for: on a ring of 64 slots filled in batches of
//     16, a 208-byte item costs 6 ns with no spin, 9 with 16 polls, 16 with 64,
//     50 with 256.
//   - A yield runs that goroutine at once, and its Publish finds nobody to wake:
//     6 ns an item against 11 for parking at once. More than two gain nothing.
//   - Waiting longer in the hope of the next frame is in vain: frames are
//     milliseconds apart, and a reader that publishes and then blocks in a
//     system call hands its P to the woken goroutine in a microsecond.
//
// The counts were chosen by changing them and streaming between two goroutines,
// with GOMAXPROCS 1 and 2, on two busy virtual cores: medians of 15 runs, whose
// ratios matter more than the values. Bench has BenchmarkPoll and BenchmarkYield;
// a park is half of BenchmarkRoundTrip with both counts at 0.
const (
	spinPolls  = 16
	yieldPolls = 2
	armPoll    = spinPolls + yieldPolls + 1 // the next poll is the re-check, the next Idle parks
)

// restPolls is after how many empty polls WaitSpin lets others run: 6 ms. The
// runtime takes the P from a spinning goroutine every 10 ms anyway, except
// where it has no thread to do so, as on wasm: there the other end would never
// run. Rare, because on a locked thread, where spinning belongs, a yield takes 10
// to 60 µs.
const restPolls = 1 << 20

// Waiter is what one goroutine waits on. Any number of goroutines may wake it,
// so a goroutine that polls several rings needs only one.
//
// Each end of a ring has a Waiter of its own from the start, with WaitPark;
// WaitOn replaces it. In a [testing/synctest] bubble, create the Waiter (and the
// ring) inside: parked, the goroutine then is durably blocked.
type Waiter struct {
	_ cpu.Pad

	// Read by every Wake, so on a line that is written only to park.
	parked atomic.Bool   // whoever turns true into false owes the sleeper a token, or is the sleeper
	token  chan struct{} // capacity 1

	_ cpu.Pad

	// The waiting goroutine's own.
	strategy WaitStrategy
	polls    uint32 // consecutive empty polls; WaitSpin lets it wrap

	_ cpu.Pad
}

const (
	_ = uint(unsafe.Offsetof(Waiter{}.parked) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(Waiter{}.strategy) - unsafe.Offsetof(Waiter{}.token) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(Waiter{}) - unsafe.Offsetof(Waiter{}.polls) - cpu.CacheLine)
)

// NewWaiter returns a Waiter that waits as s says. It panics if s is none of
// the constants.
func NewWaiter(s WaitStrategy) *Waiter {
	if int(s) >= len(strategyNames) {
		panic("ring: no such wait strategy: " + s.String())
	}
	return &Waiter{strategy: s, token: make(chan struct{}, 1)}
}

// Idle is what to do after a poll that found nothing; after it, poll again. It
// may return early, with nothing to be found: the caller's loop is the check.
// It returns false once done is closed: poll one last time, then stop. A nil
// done is never closed.
//
//	for {
//		if pollAll() {
//			w.Reset()
//		} else if !w.Idle(done) {
//			pollAll()
//			return
//		}
//	}
//
// The poll after every Idle is not a courtesy. Idle parks only if the poll
// before it found nothing *and* came after the step that arms the Waiter, so
// a caller that skips polls sleeps through what was published meanwhile.
func (w *Waiter) Idle(done <-chan struct{}) bool {
	w.polls++
	switch w.strategy {
	case WaitPark:
		switch {
		case w.polls <= spinPolls:
		case w.polls < armPoll:
			runtime.Gosched()
		case w.polls == armPoll:
			// Pairs with the Load in Wake: whoever publishes after the poll that
			// follows sees it.
			w.parked.Store(true)
		default:
			return w.park(done)
		}
	case WaitYield:
		runtime.Gosched()
	case WaitSpin:
		if w.polls%restPolls == 0 {
			runtime.Gosched()
		}
	}
	select {
	case <-done:
		w.Reset()
		return false
	default:
		return true
	}
}

// park blocks until there is a token, or done is closed. The token may be left
// over from an earlier sleep that the caller's re-check cut short: then the
// caller polls in vain once, and starts over.
func (w *Waiter) park(done <-chan struct{}) bool {
	select {
	case <-w.token:
		w.Reset()
		return true
	case <-done:
		w.Reset()
		return false
	}
}

// Reset says that a poll found something: the next Idle starts over.
func (w *Waiter) Reset() {
	if w.polls >= armPoll && w.strategy == WaitPark {
		// Disarm. A Wake that was faster leaves its token for the next park.
		w.parked.Store(false)
	}
	w.polls = 0
}

// Wake ends the sleep of the goroutine that waits on w, if it is parked or
// about to park, and reports whether it was; otherwise it is one load. Publish
// and Release call it. Any goroutine may, after storing what it wants the
// sleeper to find.
func (w *Waiter) Wake() bool {
	// Pairs with the Store in Idle.
	return w.parked.Load() && w.wake()
}

func (w *Waiter) wake() bool {
	// Of several wakers one wins, and sends. If a token is there already, the
	// sleeper wakes by that one.
	if !w.parked.CompareAndSwap(true, false) {
		return false
	}
	select {
	case w.token <- struct{}{}:
	default:
	}
	return true
}

// wait idles until ready, and reports the last word of ready once done is
// closed.
func (w *Waiter) wait(done <-chan struct{}, ready func() bool) bool {
	for !ready() {
		if !w.Idle(done) {
			return ready()
		}
	}
	w.Reset()
	return true
}
