// Package bench measures what this library claims. It has benchmarks and tools
// but no API; nothing imports it.
//
// # What is where
//
// One file per package that is measured, named after it: decode_test.go,
// ring_test.go, stats_test.go, and so on. Such a file is a room. pipeline_test.go
// measures a whole client, from a socket to a consumer; scaling_test.go what a
// tick costs as there are more of everything. Below are tools:
//
//	harness       how a client is measured from end to end
//	latency       the profiles of the client, and floors
//	peers         other designs of the same thing; a module of its own
//	instructions  counts of instructions, which no neighbour can disturb
//	report        puts results into docs/PERFORMANCE.md
//	plot          draws them; a module of its own
//
// Only here may hrtime read the clock, and what is compared or drawn with is in a
// module of its own, so that neither enters the library.
//
// A budget that must not be broken is not here but a test beside the code: the
// allocations of a hot path, the size of a type.
//
// # How to run
//
//	make bench                         # all rooms, 10 times, into bench/results
//	make bench ROOMS='ring stats' COUNT=20
//	make bench BENCH=Histogram         # what matches, into bench.out
//	make benchcmp ROOMS=decode         # again, compared with bench/results
//	make latency                       # from end to end
//	make measure                       # everything, on a machine that does nothing else
//
// A single number is an anecdote. Compare two versions with benchstat, at
// least ten runs of each, taken in turns on an idle machine: on a shared one
// the difference between two minutes is larger than most changes.
//
// # Names
//
// The part of a name after the function is a query: key=value, separated by
// slashes, so that benchstat can make a column or a row of it:
//
//	BenchmarkCounter/write=add
//	BenchmarkDecodePacket/kind=full
//
//	go tool -modfile=tools/go.mod benchstat -col /write bench.out
//
// A benchmark loops with b.Loop, and one iteration is the unit that its name
// or its comment gives: a packet, a frame, a batch. Where a trader would ask
// for the tail, it reports one with b.ReportMetric in a unit that ends in -ns,
// such as p99-ns. The comment of a benchmark says what question it answers,
// and against which floor: a plain copy, a bare read loop.
//
// # Results
//
// A number in a document or comment comes from a raw result in bench/results,
// or can be had again by one command. Such a file is what make bench printed,
// unedited: a head of comment lines with the command, the commit, the date, the
// Go version and the machine, then the lines of go test, which name the
// processor. It is named after what it measures, and a newer result replaces
// it: git keeps the old one. The tools write JSON with the same head. After either,
// make performance makes docs/PERFORMANCE.md of it, and a test of package report
// fails until then.
//
// On a virtual machine quote medians and ratios. The neighbours' load shows
// as steal in /proc/stat; a run with more than 1.5 % of it is no evidence, and
// neither is a p99.9 or a maximum from any run there.
package bench
