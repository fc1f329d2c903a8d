package lint

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the root of the module, seen from here.
const root = "../.."

// unsafeIn lists the files that may use unsafe for more than the constants
// Sizeof, Offsetof and Alignof, each with the reason.
var unsafeIn = map[string]string{
	"internal/cpu/memory.go":         "sees any slice as bytes, for the kernel's advice",
	"internal/cpu/cpu_linux.go":      "sees where a page begins",
	"internal/cpu/cpu_linux_test.go": "asks the kernel by getcpu, which x/sys does not wrap",
	"internal/sock/peek_linux.go":    "peeks at a socket without allocating an address",
	"ring/words.go":                  "looks at an item as words, so that it can be shared word by word",
	"decode/tick_test.go":            "looks at the memory of a tick, to see every byte of it set",
	"decode/guard_linux_test.go":     "puts a tick beside memory that faults, to see nothing beyond it touched",
}

// systemIn lists single files that may depend on an operating system, each with
// the reason.
var systemIn = map[string]string{
	"decode/guard_linux_test.go": "maps the memory that faults",
	"ring/memory_linux_test.go":  "asks the kernel which pages are present",
	"bench/memory_linux_test.go": "maps memory that no page is present of",
}

func TestSources(t *testing.T) {
	for _, f := range sources(t) {
		for _, msg := range slices.Concat(checkBuild(f), checkUnsafe(f), checkAtomic(f), checkLength(f), checkResults(f)) {
			t.Error(msg)
		}
	}
}

// systems are the names of operating systems in build tags and file names.
var systems = strings.Fields(`aix android darwin dragonfly freebsd hurd illumos ios js linux
	nacl netbsd openbsd plan9 solaris unix wasip1 windows zos`)

// checkBuild returns the build conditions of f that its directory may not
// have: an operating system outside internal/cpu and internal/sock, and the
// race detector anywhere, since a test that runs other code proves nothing.
func checkBuild(f source) (broken []string) {
	name, _, _ := strings.Cut(path.Base(f.path), ".")
	name = strings.TrimSuffix(name, "_test")
	tags := strings.Split(name, "_")[1:]
	tags = tags[max(0, len(tags)-2):] // name_GOOS, name_GOARCH or name_GOOS_GOARCH
	for _, line := range strings.Split(f.text, "\n") {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if expr, err := constraint.Parse(line); err == nil {
			tags = append(tags, tagsOf(expr)...)
		}
	}
	if systemIn[f.path] != "" {
		tags = slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(systems, tag) })
	}
	for _, tag := range tags {
		switch {
		case tag == "race":
			broken = append(broken, f.path+": differs under the race detector")
		case slices.Contains(systems, tag) && path.Dir(f.path) != "internal/cpu" && path.Dir(f.path) != "internal/sock":
			broken = append(broken, f.path+": depends on the operating system "+tag+", which only internal/cpu and internal/sock may")
		}
	}
	return broken
}

// tagsOf returns the tags that a build constraint names.
func tagsOf(expr constraint.Expr) []string {
	switch e := expr.(type) {
	case *constraint.TagExpr:
		return []string{e.Tag}
	case *constraint.NotExpr:
		return tagsOf(e.X)
	case *constraint.AndExpr:
		return append(tagsOf(e.X), tagsOf(e.Y)...)
	case *constraint.OrExpr:
		return append(tagsOf(e.X), tagsOf(e.Y)...)
	}
	return nil
}

// checkUnsafe reports uses of unsafe in a file that is not listed. Asking for
// a size or an offset is always allowed: that is how layouts are proved.
func checkUnsafe(f source) (broken []string) {
	for _, name := range f.uses("unsafe") {
		if name != "Sizeof" && name != "Offsetof" && name != "Alignof" && unsafeIn[f.path] == "" {
			broken = append(broken, f.path+": uses unsafe."+name+"; list the file in source_test.go with the reason, or do without")
		}
	}
	return broken
}

var atomicFunc = regexp.MustCompile(`^(Add|And|CompareAndSwap|Load|Or|Store|Swap)(Int|Uint|Pointer)`)

// checkAtomic reports functions such as atomic.AddInt64: the types cannot be
// misaligned, nor read without an atomic by mistake, and vet sees them copied.
func checkAtomic(f source) (broken []string) {
	for _, name := range f.uses("sync/atomic") {
		if atomicFunc.MatchString(name) {
			broken = append(broken, f.path+": uses atomic."+name+" instead of a type of sync/atomic")
		}
	}
	return broken
}

// Most lines of a Go file. Code beyond it has two ideas, each worth a file; a
// test may need more room for its tables.
const (
	mostLines     = 300
	mostTestLines = 350
)

// checkLength reports a file that is too long to be read at once.
func checkLength(f source) (broken []string) {
	most := mostLines
	if f.isTest() {
		most = mostTestLines
	}
	if n := strings.Count(f.text, "\n"); f.ast != nil && n > most {
		broken = append(broken, fmt.Sprintf("%s: has %d lines, want at most %d: split it by ideas", f.path, n, most))
	}
	return broken
}

func TestCheckLength(t *testing.T) {
	for _, tc := range []struct {
		path  string
		lines int
		want  string
	}{
		{"ring/spsc.go", 300, ""},
		{"ring/spsc.go", 301, "ring/spsc.go: has 301 lines, want at most 300"},
		{"ring/spsc_test.go", 350, ""},
		{"ring/spsc_test.go", 351, "ring/spsc_test.go: has 351 lines, want at most 350"},
		{"ring/copy_amd64.s", 1000, ""},
	} {
		f := parse(t, tc.path, "package ring"+strings.Repeat("\n", tc.lines))
		got := strings.Join(checkLength(f), "\n")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s with %d lines: %q, want %q", tc.path, tc.lines, got, tc.want)
		}
	}
}

var resultFile = regexp.MustCompile(`bench/results/[\w.-]*\w`)

// checkResults reports results that f speaks of and nobody has.
func checkResults(f source) (broken []string) {
	for _, name := range resultFile.FindAllString(f.text, -1) {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			broken = append(broken, f.path+": names "+name+", which does not exist")
		}
	}
	return broken
}

func TestCheckResults(t *testing.T) {
	for text, want := range map[string]string{
		"// see bench/results/decode.txt.":    "",
		"// Results are in bench/results, as": "",
		"// see bench/results/" + "none.txt":  "ring/spsc.go: names bench/results/" + "none.txt, which does not exist",
	} {
		if got := strings.Join(checkResults(source{path: "ring/spsc.go", text: text}), "\n"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCheckSource(t *testing.T) {
	for _, tc := range []struct{ path, text, want string }{
		{"ring/spsc.go", "package ring", ""},
		{"ring/spsc_linux.go", "package ring", "operating system linux"},
		{"ring/spsc_windows_arm64_test.go", "package ring", "operating system windows"},
		{"ring/linux.go", "package ring", ""},
		{"ring/copy_amd64.s", "TEXT", ""},
		{"ring/copy_darwin_arm64.s", "TEXT", "operating system darwin"},
		{"ring/spsc.go", "//go:build !linux && amd64\n\npackage ring", "operating system linux"},
		{"ring/spsc.go", "//go:build amd64 || unix\n\npackage ring", "operating system unix"},
		{"ring/spsc.go", "//go:build amd64 && !purego\n\npackage ring", ""},
		{"decode/guard_linux_test.go", "//go:build linux\n\npackage decode", ""},
		{"internal/cpu/cpu_linux.go", "//go:build linux\n\npackage cpu", ""},
		{"internal/cpu/cpu.go", "//go:build !race\n\npackage cpu", "race detector"},
		{"ring/spsc_race_test.go", "package ring", "race detector"},
		{"ring/spsc.go", `package ring; import "unsafe"; const n = unsafe.Sizeof(0)`, ""},
		{"ring/spsc.go", `package ring; import "unsafe"; var p unsafe.Pointer`, "uses unsafe.Pointer"},
		{"ring/spsc_test.go", `package ring; import u "unsafe"; func f(b *byte) []byte { return u.Slice(b, 9) }`, "uses unsafe.Slice"},
		{"ring/spsc.go", `package ring; import "sync/atomic"; func f(p *int64) { atomic.AddInt64(p, 1) }`, "uses atomic.AddInt64"},
		{"ring/spsc.go", `package ring; import a "sync/atomic"; var f = a.LoadUint32`, "uses atomic.LoadUint32"},
		{"ring/spsc.go", `package ring; import "sync/atomic"; var v atomic.Int64; var p atomic.Pointer[int]; func f() { v.Add(1) }`, ""},
		{"ring/spsc.go", `package ring; import "x/atomic"; var f = atomic.LoadUint32`, ""},
	} {
		f := parse(t, tc.path, tc.text)
		got := strings.Join(slices.Concat(checkBuild(f), checkUnsafe(f), checkAtomic(f)), "\n")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s, %q: %q, want %q", tc.path, tc.text, got, tc.want)
		}
	}
}

// source is one Go or assembly file of the module.
type source struct {
	path string // relative to the root, with slashes
	text string
	ast  *ast.File // nil for assembly
}

func (f source) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

func (f source) imports() (paths []string) {
	if f.ast == nil {
		return nil
	}
	for _, spec := range f.ast.Imports {
		p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
		paths = append(paths, p)
	}
	return paths
}

// uses returns what f takes from the imported package, as often as it does.
func (f source) uses(pkg string) (names []string) {
	if !slices.Contains(f.imports(), pkg) {
		return nil
	}
	local := path.Base(pkg)
	for _, spec := range f.ast.Imports {
		if spec.Name != nil && spec.Path.Value == strconv.Quote(pkg) {
			local = spec.Name.Name
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
				names = append(names, sel.Sel.Name)
			}
		}
		return true
	})
	return names
}

// parse makes a source of a file's path and text.
func parse(t *testing.T, path, text string) source {
	t.Helper()
	f := source{path: path, text: text}
	if strings.HasSuffix(path, ".go") {
		var err error
		f.ast, err = parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// sources returns every Go and assembly file of this module, for whatever
// platform. Nested modules are not part of it.
func sources(t *testing.T) (files []source) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p == root {
				return nil
			}
			_, nested := os.Stat(filepath.Join(p, "go.mod"))
			if nested == nil || name == "testdata" || name == "node_modules" || name[0] == '.' || name[0] == '_' {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(name); ext != ".go" && ext != ".s" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		files = append(files, parse(t, filepath.ToSlash(rel), string(text)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no source files found")
	}
	return files
}
