// Package fuzz feeds arbitrary bytes and arbitrary sequences of calls to the
// library's public doors. It has fuzz targets and their corpora but no API;
// nothing imports it.
//
// # What is here
//
// The black-box targets: whatever eats bytes that came from a network, and
// whatever keeps state that a user can bring into an odd order. A target that
// needs the inside of a package is beside its code. One file per package,
// named after it: decode_test.go, ring_test.go, and so on.
//
// # Laws
//
// The first line of a target's comment states the law it tests, which is more
// than "does not panic":
//
//	// Law: what kitetest.AppendPacket writes, decode reads back; other bytes
//	// give an error, never a panic.
//	func FuzzPacket(f *testing.F) { ... }
//
// Good laws are a round trip through an encoder that shares no code with the
// decoder, the equality with a slow and obvious model, and an invariant of
// every state. Targets must be deterministic: no clock, no goroutine that is
// not waited for, no random number that is not made from the input. A target
// must be fast, too: work that grows with the input is bounded, and input
// beyond the bound is cut, not skipped.
//
// # How to run
//
//	make fuzz                 # every target in the module for 10 seconds
//	make fuzz FUZZTIME=5m
//	go test ./fuzz -run='^$' -fuzz='^FuzzPacket$' -fuzztime=1m
//
// Without -fuzz a target is a test of its seeds and corpus, so plain go test
// repeats every failure ever found.
//
// # Corpora
//
// Seeds are added with f.Add in the target where they can be said in a line,
// and come from testdata where they are files. What a run finds is written to
// testdata/fuzz/<target>; such a file is committed with the fix, under a name
// that says what it shows, such as count_beyond_end.
package fuzz
