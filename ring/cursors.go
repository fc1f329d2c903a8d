package ring

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// cursors is everything the two ends of a ring share, apart from the slots.
// Positions only grow; position & mask is an index. Always
//
//	read <= written <= read + capacity
//
// and the slots in [read, written) belong to the consumer, the others to the
// producer.
type cursors struct {
	_       cpu.Pad
	written atomic.Uint64 // end of what is published; stored by the producer alone
	_       cpu.Pad
	read    atomic.Uint64 // end of what is released; stored by the consumer alone
	_       cpu.Pad

	// Constant once the ring is in use, so on a line that nobody writes.
	producer *Waiter // woken by Release
	consumer *Waiter // woken by Publish
	_        cpu.Pad
}

// A negative constant does not fit uint: these lines compile only while each
// cursor has its cache line for itself.
const (
	_ = uint(unsafe.Offsetof(cursors{}.written) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(cursors{}.read) - unsafe.Offsetof(cursors{}.written) - cpu.CacheLine)
	_ = uint(unsafe.Offsetof(cursors{}.producer) - unsafe.Offsetof(cursors{}.read) - cpu.CacheLine)
	_ = uint(unsafe.Sizeof(cursors{}) - unsafe.Offsetof(cursors{}.consumer) - cpu.CacheLine)
)

func newCursors() *cursors {
	return &cursors{producer: NewWaiter(WaitPark), consumer: NewWaiter(WaitPark)}
}

// lag returns written - read, from any goroutine. The two loads are not one
// instant. read comes first because it never passes written: the difference
// cannot be negative, only too large when both moved in between.
func (s *cursors) lag(capacity uint64) int {
	read := s.read.Load()
	return int(min(s.written.Load()-read, capacity))
}

// roundUp returns the power of two at or above capacity. Like make, it panics
// when there is no such ring.
func roundUp(capacity, largest int) int {
	if capacity < 1 || capacity > largest {
		panic(fmt.Sprintf("ring: capacity is %d, want 1 to %d", capacity, largest))
	}
	return 1 << bits.Len(uint(capacity-1))
}
