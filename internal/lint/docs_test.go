package lint

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stdImports are the standard packages that fragments use by name alone; the
// packages of this module are added by their last element.
var stdImports = strings.Fields(`context crypto/tls encoding/json errors fmt io log log/slog
	net net/http net/url os os/signal slices strings sync sync/atomic testing testing/synctest time`)

func TestDocs(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		matches, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, matches...)
	}
	if len(pages) == 0 {
		t.Fatal("no pages found")
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			for _, msg := range checkPage(t, page) {
				t.Error(msg)
			}
		})
	}
}

// The checker itself: a page without faults, and a page where every block has
// the fault that the line before it announces.
func TestCheckPage(t *testing.T) {
	if got := checkPage(t, "testdata/good.md"); len(got) != 0 {
		t.Errorf("faults found in a good page:\n%s", strings.Join(got, "\n"))
	}
	text, err := os.ReadFile("testdata/bad.md")
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^Fault: (.*)$`).FindAllStringSubmatch(string(text), -1)
	got := checkPage(t, "testdata/bad.md")
	if len(got) != len(want) {
		t.Errorf("%d faults found, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range min(len(got), len(want)) {
		if !strings.Contains(got[i], want[i][1]) {
			t.Errorf("fault %d is %q, want %q", i, got[i], want[i][1])
		}
	}
}

// checkPage returns the faults of the blocks of one Markdown page, in order.
func checkPage(t *testing.T, page string) (faults []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocksOf(string(text)) {
		at := fmt.Sprintf("%s:%d", filepath.Base(page), b.line)
		switch b.lang {
		case "go":
			if err := checkGo(t, b); err != nil {
				faults = append(faults, fmt.Sprintf("%s: %v", at, err))
			}
		case "sh", "bash", "shell", "console":
			for _, fault := range checkShell(t, b.text) {
				faults = append(faults, at+": "+fault)
			}
		}
	}
	return faults
}

// block is a fenced code block of a Markdown page.
type block struct {
	lang, text string
	given      string // parameters from a comment <!-- given: ... --> before the fence
	line       int    // of the fence
}

var givenComment = regexp.MustCompile(`^<!-- given: (.*) -->$`)

func blocksOf(markdown string) (blocks []block) {
	var b *block // the one we are in
	var given, indent string
	for i, line := range strings.Split(markdown, "\n") {
		trimmed := strings.TrimSpace(line)
		fence := strings.HasPrefix(trimmed, "```")
		switch {
		case b == nil && fence:
			lang, _, _ := strings.Cut(strings.TrimPrefix(trimmed, "```"), " ")
			b = &block{lang: lang, given: given, line: i + 1}
			indent, _, _ = strings.Cut(line, "`")
		case b != nil && fence:
			blocks = append(blocks, *b)
			b = nil
		case b != nil:
			b.text += strings.TrimPrefix(line, indent) + "\n"
		}
		given = ""
		if m := givenComment.FindStringSubmatch(trimmed); m != nil {
			given = m[1]
		}
	}
	return blocks
}

// checkGo compiles one block as far as the type checker goes.
func checkGo(t *testing.T, b block) error {
	t.Helper()
	fset := token.NewFileSet()
	parse := func(before, after string) (*ast.File, error) {
		return parser.ParseFile(fset, "block", before+b.text+after, parser.AllErrors)
	}
	file, err := parse("", "") // a whole file
	whole := err == nil
	if err != nil {
		file, err = parse("package block\n", "") // declarations
	}
	if err != nil {
		file, err = parse("package block\nfunc _("+b.given+") (_ error) {\n", "\nreturn nil\n}") // statements
	}
	if err != nil {
		return fmt.Errorf("is neither a file, nor declarations, nor statements: %v", err)
	}

	paths := make([]string, 0, len(file.Imports))
	for _, spec := range file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	if !whole {
		added := missingImports(t, file)
		paths = append(paths, added...)
		for _, p := range added {
			file.Decls = append([]ast.Decl{importDecl(p)}, file.Decls...)
		}
	}
	var errs []error
	conf := types.Config{
		GoVersion: "go1.26",
		Importer:  importerFor(t, fset, paths),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); !ok || whole || !e.Soft {
				errs = append(errs, err)
			}
		},
	}
	_, _ = conf.Check("block", fset, []*ast.File{file}, nil) // its error is the first of those given to Error
	if len(errs) > 0 {
		return fmt.Errorf("does not compile: %w", errs[0])
	}
	return nil
}

// missingImports returns the imports for the names that file uses without
// declaring them.
func missingImports(t *testing.T, file *ast.File) (paths []string) {
	t.Helper()
	known := map[string]string{"kiteticker": module}
	for _, p := range stdImports {
		known[p[strings.LastIndex(p, "/")+1:]] = p
	}
	for dir := range law {
		if name := filepath.Base(dir); name != "..." && name != "." && !strings.HasPrefix(dir, "internal/") {
			known[name] = module + "/" + dir
		}
	}
	for _, id := range file.Unresolved {
		if p := known[id.Name]; p != "" && !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

func importDecl(path string) ast.Decl {
	spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: `"` + path + `"`}}
	return &ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{spec}}
}

// exports maps an import path to the file of its export data.
var exports = map[string]string{}

// importerFor returns an importer of paths. It reads the export data that the
// compiler left in the build cache, and has missing ones built.
func importerFor(t *testing.T, fset *token.FileSet, paths []string) types.Importer {
	t.Helper()
	paths = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return exports[p] != "" })
	if len(paths) > 0 {
		args := append([]string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "--"}, paths...)
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", cmd, err)
		}
		for line := range strings.Lines(string(out)) {
			if p, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				exports[p] = file
			}
		}
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no package %q", path)
		}
		return os.Open(exports[path])
	})
}

// checkShell returns the commands of a shell block that do not exist: targets
// of make, and directories that the go command is pointed at.
func checkShell(t *testing.T, text string) (faults []string) {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		for _, command := range regexp.MustCompile(`&&|;|\|`).Split(line, -1) {
			words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(command), "$ "))
			for len(words) > 0 && strings.Contains(words[0], "=") { // VAR=value command
				words = words[1:]
			}
			if len(words) < 2 {
				continue
			}
			for _, arg := range words[1:] {
				dir, isDir := strings.CutPrefix(arg, "./")
				switch {
				case words[0] == "make" && !strings.ContainsAny(arg, "=-"):
					if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(arg) + `:`).Match(makefile) {
						faults = append(faults, "the Makefile has no target "+arg)
					}
				case words[0] == "go" && isDir:
					dir = strings.TrimSuffix(dir, "...")
					if info, err := os.Stat(filepath.Join(root, dir)); err != nil || !info.IsDir() {
						faults = append(faults, "there is no directory "+arg)
					}
				}
			}
		}
	}
	return faults
}
