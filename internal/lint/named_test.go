package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A page that says "shown by TestX" must have a TestX to show.
func TestNamedTestsExist(t *testing.T) {
	have := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil {
				have[fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namesIn(string(text)) {
			if named++; !have[name] {
				t.Errorf("%s names %s, which does not exist", filepath.Base(page), name)
			}
		}
	}
	if named == 0 {
		t.Error("no page names a test: the pattern is wrong")
	}
}

var testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`")

// namesIn returns the tests, fuzz targets and benchmarks that a page names.
func namesIn(markdown string) (names []string) {
	for _, m := range testName.FindAllStringSubmatch(markdown, -1) {
		names = append(names, m[1])
	}
	return names
}

func TestNamesIn(t *testing.T) {
	got := namesIn("| x | `TestA`, `FuzzB` and `BenchmarkC_d` |, not `Testing`, `t.TestE` or TestF")
	if want := []string{"TestA", "FuzzB", "BenchmarkC_d"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if !slices.ContainsFunc(pages(t), func(page string) bool { return strings.Contains(page, "/docs/") }) {
		t.Error("the pages in docs are not looked at")
	}
}
