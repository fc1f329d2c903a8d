package decode_test

import (
	"os/exec"
	"strings"
	"testing"
)

// compilerSays returns what the compiler reports about this package under a flag.
func compilerSays(t *testing.T, flag string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags="+flag, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build -gcflags=%s: %v\n%s", flag, err, out)
	}
	return string(out)
}

// Every number of a packet is read at an offset that the compiler knows to be
// inside: splitting and decoding check each length once, and no index.
func TestNoBoundsChecks(t *testing.T) {
	report := compilerSays(t, "-d=ssa/check_bce")
	if !strings.Contains(report, "Found Is") {
		t.Fatalf("no bounds check in the whole package: does the flag still work?\n%s", report)
	}
	for line := range strings.Lines(report) {
		if strings.Contains(line, "packet.go:") || strings.Contains(line, "frame.go:") {
			t.Errorf("bounds check left: %s", line)
		}
	}
}

// The loop over a message costs no call but the one that decodes.
func TestInlining(t *testing.T) {
	report := compilerSays(t, "-m")
	for _, name := range []string{"Split", "(*Splitter).Next", "level", "swapped"} {
		if !strings.Contains(report, "can inline "+name+"\n") {
			t.Errorf("%s is not inlined any more", name)
		}
	}
}
