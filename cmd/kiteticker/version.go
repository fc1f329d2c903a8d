package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/kiteticker/kiteticker"
)

var versionCommand = &command{
	name:    "version",
	summary: "print the versions of this command and of Go",
	manual: `
Version prints one line: the version of the module, the commit it was built
from if that is known, the version of Go, and the platform.

Example:

	kiteticker version
`,
	setup: func(*flags) job { return printVersion },
}

func printVersion(_ context.Context, sh *shell, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(sh.stdout, "kiteticker %s%s %s %s/%s\n",
		kiteticker.Version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// commit returns the commit the command was built from, in brackets, or nothing
// if the go command did not record it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return ""
	}
	return " (" + revision + modified + ")"
}
