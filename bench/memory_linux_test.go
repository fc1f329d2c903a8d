package bench

import (
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkMemory asks what a message of 558 kB costs to copy into a ring's
// memory of 4 MiB: the first time around and later, with pages that are missing
// at first, present from the start, and huge. One iteration is two rounds of
// seven messages; the metrics are per message.
func BenchmarkMemory(b *testing.B) {
	for _, pages := range []string{"missing", "present", "huge"} {
		b.Run("pages="+pages, func(b *testing.B) {
			const size, messages = 4 << 20, 7
			message := make([]byte, 558_002)
			var first, later int64
			for b.Loop() {
				mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
				if err != nil {
					b.Fatal(err)
				}
				advice := unix.MADV_NOHUGEPAGE
				if pages == "huge" {
					advice = unix.MADV_HUGEPAGE
				}
				if err := unix.Madvise(mem, advice); err != nil {
					b.Skip(err)
				}
				if pages != "missing" {
					for i := 0; i < size; i += 4096 {
						mem[i] = 0
					}
				}
				round := func() int64 {
					start := b.Elapsed()
					for i := range messages {
						copy(mem[i*len(message):], message)
					}
					return int64(b.Elapsed() - start)
				}
				first += round()
				later += round()
				if err := unix.Munmap(mem); err != nil {
					b.Fatal(err)
				}
			}
			n := float64(b.N * messages)
			b.ReportMetric(float64(first)/n, "first-ns")
			b.ReportMetric(float64(later)/n, "later-ns")
		})
	}
}
