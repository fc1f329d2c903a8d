package cpu

import "errors"

// ErrUnsupported is returned, possibly wrapped, where the operating system
// offers no way to bind a thread to a cpu. A caller for whom pinning is only an
// optimisation may go on without it.
var ErrUnsupported = errors.New("cpu: thread affinity is not supported on this operating system")

// Pin binds the calling thread to cpu, numbered as in [Allowed], until the
// thread ends or Pin is called again. The caller must have called
// [runtime.LockOSThread], or the binding is given to whatever goroutine the
// thread runs next.
//
// It fails if the process may not run on cpu, and with [ErrUnsupported] on
// systems other than Linux, where it does nothing.
func Pin(cpu int) error { return pin(cpu) }

// Allowed returns the cpus that the calling thread may run on, in ascending
// order. On a thread that was never pinned these are the cpus of the process,
// which in a container or under taskset need not start at 0.
//
// It fails with [ErrUnsupported] on systems other than Linux.
func Allowed() ([]int, error) { return allowed() }
