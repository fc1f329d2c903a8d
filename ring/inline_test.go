package ring_test

import (
	"math/bits"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The methods called for every item must stay within the compiler's inlining
// budget, and so must those called for every batch as long as they fit.
func TestInlining(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	if bits.UintSize == 32 {
		t.Skip("where 64-bit atomics are calls, nothing that holds one is inlined")
	}
	cmd := exec.Command("go", "build", "-gcflags=-m", "-o", os.DevNull, "./testdata/inline")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	for _, method := range []string{
		"(*Producer[go.shape.[26]uint64]).Reserve",
		"(*Producer[go.shape.[26]uint64]).Commit",
		"(*Producer[go.shape.[26]uint64]).CommitN",
		"(*Producer[go.shape.[26]uint64]).Publish",
		"(*Consumer[go.shape.[26]uint64]).Peek",
		"(*Consumer[go.shape.[26]uint64]).Advance",
		"(*Consumer[go.shape.[26]uint64]).AdvanceN",
		"(*Consumer[go.shape.[26]uint64]).Release",
		"(*ConflatingProducer[go.shape.[26]uint64]).Reserve",
	} {
		found := false
		for line := range strings.Lines(string(out)) {
			found = found || strings.Contains(line, "main.go") &&
				strings.Contains(line, "inlining call to ring."+method+"\n")
		}
		if !found {
			t.Errorf("the call of %s is not inlined", method)
		}
	}
}
