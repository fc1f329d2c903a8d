// Package lint holds the tests that keep this repository to its own rules. It
// has no code of its own; `go test ./internal/lint` runs it, and so does
// `make test`.
//
//   - layers_test.go: which package may import what. Imports point down only,
//     and the list is explicit: a new import or a new package needs a line
//     there, with the reason in its doc.go. page_test.go holds the table in
//     CONTRIBUTING.md to it: a failure prints the table to paste.
//   - source_test.go: rules on single files. Operating systems are told apart
//     in internal/cpu, internal/sock and the files listed there only, unsafe is
//     used where it is listed, shared memory is touched through the types of
//     sync/atomic, no code differs under the race detector, no file is too
//     long, and results of benchmarks that are named exist.
//   - documented_test.go: every exported type has a comment of its own.
//   - docs_test.go and gocode_test.go: the Go code in README.md and the other
//     pages compiles, and the commands and linked files there exist.
//   - named_test.go: so do the tests and benchmarks that the pages name.
//
// Nested modules, such as bench/peers and internal/chaos, are not held to this.
//
// # Go code in documents
//
// A block fenced as go is one of three, tried in this order:
//
//   - a whole file, if it begins with a package clause. It is checked as it
//     stands;
//
//   - declarations. A package clause and the imports are added;
//
//   - statements: the body of a function that returns an error. What it uses
//     without declaring is said in a comment on the line before the fence,
//     which readers of the page do not see:
//
//     <!-- given: ctx context.Context, client *kiteticker.Client -->
//
// Statements may leave a variable unused; nothing else that the compiler
// refuses is let through. Blocks in other languages, and signatures shown on
// their own, are fenced as text.
//
// The check is go/types, the compiler's own type checker, on the export data
// that the go command has in its cache: a page takes milliseconds.
package lint
