package cpu_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

// Work takes processor time, and the time used never shrinks.
func TestUsed(t *testing.T) {
	before, err := cpu.Used()
	if errors.Is(err, cpu.ErrUnsupported) {
		if runtime.GOOS == "linux" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	const want = 20 * time.Millisecond
	deadline := time.Now().Add(30 * time.Second)
	for now := before; now-before < want; {
		last := now
		if now, err = cpu.Used(); err != nil {
			t.Fatal(err)
		}
		if now < last {
			t.Fatalf("%v used, after %v", now, last)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v used in 30 s of work", now-before)
		}
	}
}

// Sleep never returns early.
func TestSleep(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, time.Microsecond, 3 * time.Millisecond} {
		start := time.Now()
		cpu.Sleep(d)
		if slept := time.Since(start); slept < d {
			t.Errorf("slept %v, want at least %v", slept, d)
		}
	}
}
