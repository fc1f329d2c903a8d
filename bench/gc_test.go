package bench

import (
	"runtime"
	"testing"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// BenchmarkGC is how long a garbage collection takes beside what a client keeps:
//
//	heap=empty     nothing: the floor
//	heap=client    9,000 instruments, last values, three streams: rings and tables without pointers
//	heap=pointers  as many ticks as those rings hold, each an object that a slice points to
func BenchmarkGC(b *testing.B) {
	run := func(name string, keep any) {
		b.Run("heap="+name, func(b *testing.B) {
			for b.Loop() {
				runtime.GC()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB")
			runtime.KeepAlive(keep)
		})
	}
	run("empty", nil)

	client, err := kiteticker.New(kiteticker.Config{APIKey: "key", AccessToken: "token", LastValues: true})
	if err != nil {
		b.Fatal(err)
	}
	if err := client.Subscribe(kiteticker.ModeFull, kitetest.Universe(9000)...); err != nil {
		b.Fatal(err)
	}
	const streams = 3
	for range streams {
		if _, err := client.Ticks(kiteticker.StreamConfig{}); err != nil {
			b.Fatal(err)
		}
	}
	run("client", client)

	ticks := make([]*kiteticker.Tick, streams*client.Conns()*8192)
	for i := range ticks {
		ticks[i] = new(kiteticker.Tick)
	}
	client = nil
	run("pointers", ticks)
}
