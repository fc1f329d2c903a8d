// Package cpu is what this module must know about the machine: how wide a
// cache line is, how to keep a thread on one cpu, and how to have memory present
// before it is needed. It and internal/sock are the only packages with files
// per operating system.
//
// # Padding
//
// A field written by one goroutine and read by another on each pass gets a
// cache line of its own, or each write evicts its neighbours from the other
// core. Put a [Pad] between such fields, and one at both ends of the struct:
// Go aligns an allocation to its size class, not to a cache line, so the words
// next to the struct belong to someone else.
//
//	type shared struct {
//		_       cpu.Pad
//		written atomic.Uint64
//		_       cpu.Pad
//		read    atomic.Uint64
//		_       cpu.Pad
//	}
//
// # Pinning
//
// [Pin] binds a thread, not a goroutine, so the goroutine must hold its thread:
//
//	go func() {
//		runtime.LockOSThread() // no Unlock: the thread, and its binding, end with the goroutine
//		if err := cpu.Pin(2); err != nil && !errors.Is(err, cpu.ErrUnsupported) {
//			return err
//		}
//		...
//	}()
//
// The runtime never clones a new thread from a locked one, so the binding
// spreads to no other thread. A locked goroutine that parks needs another
// thread to wake its own: pin goroutines that spin, not goroutines that wait.
//
// # Measuring
//
// [Used] and [Sleep] are for the tools under bench: what the library itself does
// never sleeps.
//
// # Memory
//
// make gives addresses; memory comes at the first write to each page, from the
// kernel, which takes its time. [Populate] has it brought at once.
package cpu
