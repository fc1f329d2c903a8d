package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestTypesAreDocumented(t *testing.T) {
	for _, f := range sources(t) {
		for _, msg := range checkTypes(f) {
			t.Error(msg)
		}
	}
}

// checkTypes returns the exported types of f that have no comment of their own:
// one for a group of them shows nowhere in the documentation of one.
func checkTypes(f source) (broken []string) {
	if f.ast == nil || f.isTest() {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), f.path, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok || !typ.Name.IsExported() {
				continue
			}
			if typ.Doc == nil && typ.Comment == nil && (group.Lparen.IsValid() || group.Doc == nil) {
				broken = append(broken, f.path+": type "+typ.Name.Name+" has no comment of its own")
			}
		}
	}
	return broken
}

func TestCheckTypes(t *testing.T) {
	for text, want := range map[string][]string{
		"// A is one.\ntype A int": nil,
		"type a int":               nil,
		"type A int":               {"x.go: type A has no comment of its own"},
		"// Two.\ntype (\n\tA int\n\tB int // b\n)": {"x.go: type A has no comment of its own"},
		"type (\n\t// A is one.\n\tA = int\n)":      nil,
	} {
		if got := checkTypes(parse(t, "x.go", "package p\n\n"+text)); !slices.Equal(got, want) {
			t.Errorf("%s\ngives %q, want %q", text, strings.Join(got, "\n"), want)
		}
	}
}
