package cpu

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxCPUs is how many cpus a unix.CPUSet can name. The set ignores larger
// numbers without a word, and panics on negative ones.
const maxCPUs = int(unsafe.Sizeof(unix.CPUSet{})) * 8

func pin(cpu int) error {
	if cpu < 0 || cpu >= maxCPUs {
		return fmt.Errorf("cpu: cannot pin to cpu %d: want 0 to %d", cpu, maxCPUs-1)
	}
	var set unix.CPUSet
	set.Set(cpu)
	// 0 is the calling thread.
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cpu: cannot pin to cpu %d: %w", cpu, err)
	}
	return nil
}

func allowed() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("cpu: cannot read the thread's cpus: %w", err)
	}
	cpus := make([]int, 0, set.Count())
	for cpu := range maxCPUs {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// hugePages asks for huge pages beneath b. Refusal is no error: b works either
// way.
func hugePages(b []byte) {
	page := uintptr(os.Getpagesize())
	lead := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (page - 1))
	if len(b) >= lead+int(page) {
		_ = unix.Madvise(b[lead:len(b)-(len(b)-lead)%int(page)], unix.MADV_HUGEPAGE)
	}
}
