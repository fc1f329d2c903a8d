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
	"slices"
	"strings"
	"testing"
)

// stdImports are the standard packages that fragments use by name alone; the
// packages of this module are added by their last element.
var stdImports = strings.Fields(`context crypto/tls encoding/json errors fmt io log log/slog
	net net/http net/url os os/signal slices strings sync sync/atomic testing testing/synctest time`)

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
