package ring

import "encoding/binary"

// Kind says what a record is. The user of a byte ring chooses the kinds; 0 is
// reserved for padding.
type Kind uint8

const kindPadding Kind = 0

// Record is one record of a byte ring.
type Record struct {
	Kind Kind
	At   int64  // what Commit was given: a time, as a rule
	Data []byte // in the ring's memory: valid until Release
}

// How a record lies in memory. It starts at a multiple of 16, so its data does
// too, and ends where the next one starts.
//
//	0       4    5         8                16                16+length
//	+-------+----+---------+----------------+- - - - - - - - -+- - - - - -+
//	| length|kind| unused  | at             | data            | 0 to 15   |
//	| uint32| u8 | 3 bytes | int64          | length bytes    | unused    |
//	+-------+----+---------+----------------+- - - - - - - - -+- - - - - -+
//
// Numbers are in the machine's byte order. length counts the data alone. The
// unused bytes are whatever was there.
//
// A record is contiguous. One that does not fit between the write position
// and the end of memory starts at index 0 instead, and the gap is filled with
// one padding record: a header with kind 0, whose data nobody reads. The gap
// is a multiple of 16, so it always has room for the header.
//
//	index 0                             write position         capacity
//	+----------------+-- - - - - - - - - - --+-----------------+
//	| the new record |  older records        | padding, kind 0 |
//	+----------------+-- - - - - - - - - - --+-----------------+
const (
	lengthOffset = 0
	kindOffset   = 4
	atOffset     = 8
	headerSize   = 16
	recordAlign  = 16
)

// The capacity is a power of two of at least minBytes, so that positions stay
// aligned when they wrap, and at most maxBytes, so that length fits any int.
const (
	minBytes = 64
	maxBytes = 1 << 30
)

// recordSize returns how many bytes a record with n bytes of data takes.
func recordSize(n int) uint64 {
	return (uint64(n) + headerSize + recordAlign - 1) &^ (recordAlign - 1)
}

// maxRecord returns how many bytes of data a record may have in a ring of
// capacity bytes: a quarter.
//
// The law: an empty ring takes a record of any allowed size, wherever its
// positions stand. Let the record take r = headerSize + capacity/4 bytes (both
// are multiples of 16). It needs padding only if the gap at the end is smaller
// than r, so record and padding together take at most 2r - 16, that is
// capacity/2 + 16, which is no more than the capacity from 32 bytes on. So a
// producer that waits for room waits for the consumer only, never for a
// better position. Half of the ring less the padding would obey the law too; a
// quarter leaves room for the producer to work while the consumer holds a
// record of the largest size.
func maxRecord(capacity int) int { return capacity / 4 }

func putHeader(b []byte, n int, kind Kind, at int64) {
	_ = b[headerSize-1]
	binary.NativeEndian.PutUint32(b[lengthOffset:], uint32(n))
	b[kindOffset] = byte(kind)
	binary.NativeEndian.PutUint64(b[atOffset:], uint64(at))
}

func header(b []byte) (n int, kind Kind, at int64) {
	_ = b[headerSize-1]
	n = int(binary.NativeEndian.Uint32(b[lengthOffset:]))
	kind = Kind(b[kindOffset])
	at = int64(binary.NativeEndian.Uint64(b[atOffset:]))
	return n, kind, at
}
