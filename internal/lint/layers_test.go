package lint

import (
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kiteticker/kiteticker"

// layer says what one package may import, besides the standard library.
type layer struct {
	level   int
	imports []string // packages of this module by directory, others by path
	tests   []string // what its test files may import as well
}

const (
	ws      = "github.com/gobwas/ws"
	pool    = "github.com/valyala/bytebufferpool"
	hrtime  = "github.com/loov/hrtime"
	gocmp   = "github.com/google/go-cmp/cmp"
	sysUnix = "golang.org/x/sys/unix"
	sysCPU  = "golang.org/x/sys/cpu"
)

// law is the layer law: what is not listed is forbidden. "x/..." stands for
// every package below x. A package may import only packages of lower levels;
// TestLawPointsDown holds the table itself to that.
var law = map[string]layer{
	"internal/cpu":  {level: 0, imports: []string{sysUnix}},
	"internal/sock": {level: 0, imports: []string{sysUnix}},
	"internal/role": {level: 0},
	"ring":          {level: 1, imports: []string{"internal/cpu"}},
	"decode":        {level: 1, imports: []string{sysCPU}, tests: []string{"kitetest", gocmp}},
	"stats":         {level: 1, imports: []string{"internal/cpu"}},
	"shard":         {level: 2, imports: []string{"decode"}, tests: []string{gocmp}},
	"kitetest":      {level: 2, imports: []string{"decode", ws}, tests: []string{ws + "/wsutil", gocmp}},
	"conn":          {level: 3, imports: []string{"internal/cpu", "internal/sock", "internal/role", "ring", "decode", "stats", "shard", ws, pool}, tests: []string{"kitetest", gocmp}},
	".":             {level: 4, imports: []string{"internal/cpu", "internal/role", "internal/sock", "ring", "decode", "stats", "shard", "conn"}, tests: []string{"kitetest", gocmp}},
	"bench":         {level: 5, imports: []string{"internal/cpu", "internal/sock", "ring", "decode", "stats", "shard", "conn", ".", "kitetest", ws, hrtime}, tests: []string{sysUnix}},
	"bench/harness": {level: 5, imports: []string{"internal/cpu", "ring", "decode", "stats", ".", "kitetest", ws, hrtime}},
	"bench/...":     {level: 6, imports: []string{"internal/cpu", "ring", "decode", "stats", "shard", "conn", ".", "kitetest", "bench/harness", ws, hrtime}},
	"fuzz":          {level: 5, imports: []string{"ring", "decode", "stats", "shard", "conn", ".", "kitetest", ws}, tests: []string{gocmp}},
	"gokite/models": {level: 2, imports: []string{"decode"}, tests: []string{gocmp}},
	"gokite":        {level: 3, imports: []string{"gokite/models"}},
	"gokite/ticker": {level: 5, imports: []string{".", "gokite", "gokite/models"}, tests: []string{"kitetest", gocmp}},
	"cmd/...":       {level: 5, imports: []string{"ring", "decode", "stats", "shard", ".", "kitetest"}, tests: []string{gocmp}},
	"examples/...":  {level: 6, imports: []string{"ring", "decode", "stats", "shard", ".", "kitetest", "examples/internal/feed"}},
	"internal/lint": {level: 5},

	"examples/internal/feed": {level: 5, imports: []string{".", "kitetest"}},
}

func TestLayers(t *testing.T) {
	for _, f := range sources(t) {
		for _, msg := range checkImports(f) {
			t.Error(msg)
		}
	}
}

// The table cannot allow what the law forbids: an import that does not point
// down. Test files may also use packages of their own level or above, as long
// as Go finds no cycle.
func TestLawPointsDown(t *testing.T) {
	for dir, l := range law {
		for _, imp := range l.imports {
			if strings.Contains(imp, ".com/") || strings.Contains(imp, ".org/") {
				continue
			}
			below, ok := law[imp]
			if !ok {
				t.Errorf("%s may import %s, which has no layer", dir, imp)
			} else if below.level >= l.level {
				t.Errorf("%s (level %d) may import %s (level %d): imports point down", dir, l.level, imp, below.level)
			}
		}
	}
}

// checkImports returns what f imports against the law.
func checkImports(f source) (broken []string) {
	dir := path.Dir(f.path)
	l, ok := layerOf(dir)
	if !ok {
		return []string{f.path + ": the package has no layer; give it one in layers_test.go"}
	}
	for _, imp := range f.imports() {
		first, _, _ := strings.Cut(imp, "/")
		if !strings.Contains(first, ".") { // the standard library
			continue
		}
		if imp == module {
			imp = "."
		}
		imp = strings.TrimPrefix(imp, module+"/")
		switch {
		case slices.Contains(l.imports, imp):
		case f.isTest() && (imp == dir || slices.Contains(l.tests, imp)):
		case slices.Contains(l.tests, imp):
			broken = append(broken, f.path+": imports "+imp+", which only tests may")
		default:
			broken = append(broken, f.path+": may not import "+imp)
		}
	}
	return broken
}

// layerOf returns the layer of the package in dir: the closest entry of law.
func layerOf(dir string) (layer, bool) {
	if l, ok := law[dir]; ok {
		return l, true
	}
	for up := dir; up != "."; up = path.Dir(up) {
		if l, ok := law[path.Dir(up)+"/..."]; ok {
			return l, true
		}
	}
	return layer{}, false
}

func TestCheckImports(t *testing.T) {
	for _, tc := range []struct{ path, imports, want string }{
		{"ring/spsc.go", module + "/internal/cpu", ""},
		{"ring/spsc.go", "sync/atomic", ""},
		{"ring/spsc.go", module + "/decode", "may not import decode"},
		{"ring/spsc_test.go", module + "/ring", ""},
		{"ring/spsc_test.go", module + "/decode", "may not import decode"},
		{"conn/read.go", ws, ""},
		{"conn/read.go", ws + "/wsutil", "may not import " + ws + "/wsutil"},
		{"conn/read.go", module, "may not import ."},
		{"conn/read.go", gocmp, "only tests may"},
		{"conn/read_test.go", gocmp, ""},
		{"conn/read_test.go", hrtime, "may not import " + hrtime},
		{"kitetest/server.go", module + "/conn", "may not import conn"},
		{"stream.go", module + "/conn", ""},
		{"stream.go", module + "/kitetest", "only tests may"},
		{"stream.go", module + "/examples/engine", "may not import examples/engine"},
		{"bench/latency/main.go", hrtime, ""},
		{"examples/engine/main.go", module, ""},
		{"examples/engine/main.go", module + "/conn", "may not import conn"},
		{"queue/queue.go", "fmt", "has no layer"},
	} {
		got := strings.Join(checkImports(parse(t, tc.path, "package p; import _ \""+tc.imports+"\"")), "\n")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s importing %s: %q, want %q", tc.path, tc.imports, got, tc.want)
		}
	}
}
