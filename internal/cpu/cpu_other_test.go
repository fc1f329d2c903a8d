//go:build !linux

package cpu_test

import (
	"errors"
	"testing"

	"github.com/kiteticker/kiteticker/internal/cpu"
)

func TestUnsupported(t *testing.T) {
	if err := cpu.Pin(0); !errors.Is(err, cpu.ErrUnsupported) {
		t.Errorf("Pin(0) = %v, want ErrUnsupported", err)
	}
	if cpus, err := cpu.Allowed(); cpus != nil || !errors.Is(err, cpu.ErrUnsupported) {
		t.Errorf("Allowed() = %v, %v, want ErrUnsupported", cpus, err)
	}
}
