package decode_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// compilerSays returns what the compiler reports about this package under a
// flag, built as tags say.
func compilerSays(t *testing.T, flag, tags string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags="+flag, "-tags="+tags, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build -gcflags=%s: %v\n%s", flag, err, out)
	}
	return string(out)
}

// builds are the tags to build with: by AVX2 where there is an amd64, and in
// plain Go.
var builds = []string{"", "purego"}

// Every number of a packet is read at an offset that the compiler knows to be
// inside: splitting, decoding and viewing check each length once, and no index.
func TestNoBoundsChecks(t *testing.T) {
	unchecked := []string{"frame.go", "packet.go", "packet_amd64.go", "packet_other.go", "view.go"}
	for _, file := range unchecked {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	for _, tags := range builds {
		report := compilerSays(t, "-d=ssa/check_bce", tags)
		if !strings.Contains(report, "Found Is") {
			t.Fatalf("no bounds check in the whole package: does the flag still work?\n%s", report)
		}
		for line := range strings.Lines(report) {
			file, _, _ := strings.Cut(strings.TrimPrefix(line, "./"), ":")
			if slices.Contains(unchecked, file) {
				t.Errorf("tags %q: bounds check left: %s", tags, line)
			}
		}
	}
}

// The loop over a message costs no call but the one that decodes; a full packet
// costs one more, and a view none.
func TestInlining(t *testing.T) {
	for _, tags := range builds {
		report := compilerSays(t, "-m", tags)
		for _, name := range []string{
			"Split", "(*Splitter).Next", "level", "swapped", "quote", "index", "ltp", "fullAVX2", "(*Tick).finish",
			"(*Decoder).View", "Packet.Token", "Packet.LastPrice", "Packet.Close", "Packet.Mode", "Packet.Flags",
		} {
			if !strings.Contains(report, "can inline "+name+"\n") {
				t.Errorf("tags %q: %s is not inlined any more", tags, name)
			}
		}
	}
}
