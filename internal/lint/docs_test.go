package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDocs(t *testing.T) {
	pages := pages(t)
	if !slices.Contains(pages, filepath.Join(root, "README.md")) {
		t.Error("there is no README.md")
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			for _, msg := range checkPage(t, page) {
				t.Error(msg)
			}
		})
	}
}

// pages returns the Markdown pages that the rules hold for.
func pages(t *testing.T) (list []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		matches, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, matches...)
	}
	return list
}

// The checker itself: a page without faults, and a page with the faults that
// its lines announce.
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

// checkPage returns the faults of one Markdown page: those of its blocks in
// order, then those of its prose.
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
	for i, line := range proseOf(string(text)) {
		at := fmt.Sprintf("%s:%d", filepath.Base(page), i+1)
		for _, m := range inlineMake.FindAllStringSubmatch(line, -1) {
			for _, fault := range checkShell(t, m[1]) {
				faults = append(faults, at+": "+fault)
			}
		}
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if strings.Contains(m[1], ":") || m[1] == "" { // another site, or a heading of this page
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				faults = append(faults, at+": there is no "+m[1]+" to link to")
			}
		}
	}
	return faults
}

var (
	inlineMake = regexp.MustCompile("`(make [^`]+)`")
	link       = regexp.MustCompile(`\]\(([^)#]*)[^)]*\)`)
)

// proseOf returns the lines of a page, with those of its blocks empty.
func proseOf(markdown string) []string {
	lines := strings.Split(markdown, "\n")
	inside := false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if inside || fence {
			lines[i] = ""
		}
		inside = inside != fence
	}
	return lines
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
