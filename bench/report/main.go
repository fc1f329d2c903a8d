// Command report puts what was measured into docs/PERFORMANCE.md: each table and
// each number there comes from a file in bench/results, and none is typed.
//
//	make performance        # after make bench, latency, peers or instructions
//
// What is between two such lines it replaces; the words between them name a
// table (tables.go) and what it is of:
//
//	<!-- table: latency single plain -->
//	<!-- end -->
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Relative to the root of the module, where make is.
const (
	page    = "docs/PERFORMANCE.md"
	results = "bench/results"
)

func main() {
	if err := update("."); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// update rewrites the page below root.
func update(root string) error {
	file := filepath.Join(root, page)
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	after, err := fill(before, &measured{dir: filepath.Join(root, results)})
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	return os.WriteFile(file, after, 0o644)
}

var block = regexp.MustCompile(`(?s)(<!-- table: ([^\n]*?) -->\n).*?(<!-- end -->)`)

// fill returns the text of a page with its tables made anew.
func fill(text []byte, m *measured) (filled []byte, err error) {
	if a, b := bytes.Count(text, []byte("<!-- table:")), len(block.FindAll(text, -1)); a != b {
		return nil, fmt.Errorf("%d of %d tables have an end", b, a)
	}
	filled = block.ReplaceAllFunc(text, func(found []byte) []byte {
		part := block.FindSubmatch(found)
		words := strings.Fields(string(part[2]))
		table, problem := m.table(words[0], words[1:])
		if problem != nil && err == nil {
			err = fmt.Errorf("table %s: %w", part[2], problem)
		}
		return bytes.Join([][]byte{part[1], []byte(table), part[3]}, nil)
	})
	return filled, err
}
