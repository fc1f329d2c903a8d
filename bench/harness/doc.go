// Package harness measures what receives market data, from end to end. Two
// tools are made of it: bench/latency measures the profiles of the client, and
// bench/peers, a module of its own, other designs of the same thing.
//
// # A run
//
// A [Subject] receives one [Load] from a simulated exchange (package kitetest)
// over real sockets of the loopback interface, plain or with TLS. Exchange and
// subject are processes of their own, made of the program that measures, so that
// each frame needs the wake-up that real traffic needs, and processor time,
// memory and garbage are those of the subject alone. [Child] turns the program
// into them.
//
//	sockets    opened by the subject, as many as the load has; subscriptions too
//	warm-up    frames are sent and not counted
//	duration   frames count: how old each is when its last tick is read
//	the rest   what is under way may still arrive; what does not is missing
//
// # What latency is counted from
//
// From when a frame was due, which its last packet carries, not from when it was
// let out. A subject that makes the exchange wait, because its socket is full,
// pays for each frame that waited meanwhile. Otherwise the slowest moments would
// be measured least (coordinated omission). If the exchange's own timer was
// late, the frame was due when it fired: that is not the subject's doing. See
// pacer.go.
//
// # Floors
//
// [Floors] are read loops that do nothing but find the stamp: one blocks in
// Read, as Go's netpoll does it, one asks its sockets again and again. A subject
// is compared with the floor that it must do as well: what remains is what the
// subject adds, also on a machine that is twice as slow.
//
// # Noise
//
// A [Plan] lets the subjects take turns, so that what drifts drifts for all.
// Around each run it reads from /proc/stat what the hypervisor has stolen, and
// what other processes have taken; a run with too much of it is repeated, and not
// counted if a repetition is quiet.
// Quote medians and ratios. On a virtual machine p99.9 and maximum are weak
// evidence at any rate.
package harness
