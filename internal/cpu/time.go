package cpu

import "time"

// Used returns the processor time that this process has used on all its
// threads, in user and kernel mode together. It fails with [ErrUnsupported] on
// systems other than Linux.
func Used() (time.Duration, error) { return used() }

// Sleep puts the calling thread to sleep for d, in the kernel. The runtime's
// timers wake an idle process on whole milliseconds; this wakes it within some
// ten microseconds after d, at the price of a thread. On systems other than
// Linux it is [time.Sleep].
func Sleep(d time.Duration) { sleep(d) }
