package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary is what valgrind runs, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-repeat" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Each path may run as often as one likes.
func TestPaths(t *testing.T) {
	for _, p := range paths() {
		if err := repeatPath(p.name, 1000); err != nil {
			t.Error(err)
		}
	}
	if err := repeatPath("none", 1); err == nil {
		t.Error("a path that there is not has run")
	}
}

func TestCompare(t *testing.T) {
	counts := map[string]float64{"a": 103, "b": 90, "new": 1}
	file := newHead().String() + "\n"
	for _, tc := range []struct{ before, out, err string }{
		{file + "a  100.0  instructions for one packet\nb  100.0  x\ngone  5  x\n", "b takes 90.0 instructions, 10.0 % less than 100.0", ""},
		{file + "a  99.0  x\nb  90.0  x\n", "", "a takes 103.0 instructions, 4.0 % more than 99.0"},
		{strings.Replace(file, "# go:      go", "# go:      older go", 1) + "a 1 x\n", "nothing to compare with", ""},
		{file, "", "nothing to compare with"},
		{file + "a many x\n", "", "invalid syntax"},
	} {
		var out bytes.Buffer
		err := compare(tc.before, counts, 3, &out)
		if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%q: error is %v, want %q", tc.before, err, tc.err)
		}
		if !strings.Contains(out.String(), tc.out) || tc.out == "" && out.Len() > 0 {
			t.Errorf("%q: prints %q, want %q", tc.before, out.String(), tc.out)
		}
	}
}

// Valgrind counts, and more for more.
func TestCollect(t *testing.T) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Skip("no valgrind")
	}
	few, err := collect("wake", 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := collect("wake", 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if once := (many - few) / 19_999; once < 10 || once > 10_000 {
		t.Errorf("%.1f instructions", once)
	}
	if _, err := collect("none", 1); err == nil {
		t.Error("a path that there is not was counted")
	}
}
