package lint

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// CONTRIBUTING.md shows the law as it is.
func TestPageShowsTheLaw(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Layers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	shown := ""
	for _, b := range blocksOf(section) {
		if b.lang == "text" {
			shown = b.text
		}
	}
	if want := showLaw(law); shown != want {
		t.Errorf("the table of layers in CONTRIBUTING.md is\n%s\nwant\n%s", shown, want)
	}
}

// showLaw prints a law, highest level first. What tests may import as well is
// left out.
func showLaw(law map[string]layer) string {
	name := func(p string) string {
		if p == "." {
			return "kiteticker"
		}
		return strings.TrimPrefix(p, "github.com/")
	}
	dirs := slices.SortedFunc(maps.Keys(law), func(a, b string) int {
		if d := law[b].level - law[a].level; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	for _, dir := range dirs {
		var imports []string
		for _, imp := range law[dir].imports {
			imports = append(imports, name(imp))
		}
		line := fmt.Sprintf("%d  %-22s  %s", law[dir].level, name(dir), strings.Join(imports, " "))
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

func TestShowLaw(t *testing.T) {
	got := showLaw(map[string]layer{
		".":   {level: 1, imports: []string{"low", ws}, tests: []string{gocmp}},
		"cmd": {level: 1, imports: []string{"."}},
		"low": {level: 0},
	})
	want := "1  kiteticker              low gobwas/ws\n1  cmd                     kiteticker\n0  low\n"
	if got != want {
		t.Errorf("shown as\n%s\nwant\n%s", got, want)
	}
}
