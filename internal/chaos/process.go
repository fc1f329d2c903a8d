package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

// load is what this process holds at one moment.
type load struct {
	Goroutines  int `json:"goroutines"`            // all but toxiproxy's
	Descriptors int `json:"descriptors,omitempty"` // open files and sockets, on Linux
}

// weigh counts what the process holds. Toxiproxy is part of the test bench, and
// leaves a goroutine behind when it closes a connection that still brings data.
func weigh() load {
	var l load
	stacks := make([]byte, 1<<20)
	for n := runtime.Stack(stacks, true); ; n = runtime.Stack(stacks, true) {
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	for g := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if !bytes.Contains(g, []byte("Shopify/toxiproxy")) {
			l.Goroutines++
		}
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		l.Descriptors = len(files) - 1 // without that of the directory
	}
	return l
}

// again weighs until it is as before, or for 5 s: a socket that its client has
// given up lives on at the exchange for a moment.
func (before load) again() load {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if now := weigh(); now == before || time.Now().After(deadline) {
			return now
		}
	}
}

// resident returns the memory of the process in bytes as the system counts it
// (RSS), or where it does not say, as the Go runtime does.
func resident() uint64 {
	const pages = 1 // field of statm: resident pages
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(statm); len(fields) > pages {
			if n, err := strconv.ParseUint(string(fields[pages]), 10, 64); err == nil {
				return n * uint64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}

// memory samples RSS until done is closed, once a second, and returns the
// samples.
func memory(done <-chan struct{}) (samples []uint64) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-done:
			return samples
		case <-every.C:
			samples = append(samples, resident())
		}
	}
}

// mean returns the mean of samples, in MiB.
func mean(samples []uint64) float64 {
	var sum uint64
	for _, s := range samples {
		sum += s
	}
	return float64(sum) / float64(max(len(samples), 1)) / (1 << 20)
}
