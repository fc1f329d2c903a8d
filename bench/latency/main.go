// Command latency measures a whole client from end to end: from the write of a
// simulated exchange, in a process of its own and over real loopback sockets, to
// the goroutine that reads the ticks. See package harness for how.
//
//	make latency                       # all profiles, loads and transports, and the report
//	go run ./bench/latency -h
//	go run ./bench/latency -loads single,burst -transports plain -rounds 9
package main

import (
	"os"

	"github.com/kiteticker/kiteticker/bench/harness"
)

func main() {
	subjects := append(harness.Floors(), harness.Clients()...)
	harness.Child(subjects)
	tool := harness.Tool{
		Name: "go run ./bench/latency",
		Usage: `latency [flags]

Measures each profile of the client, and the floors: read loops that do nothing
but find the stamp.`,
		Subjects: subjects,
	}
	os.Exit(tool.Main(os.Args[1:], os.Stdout, os.Stderr))
}
