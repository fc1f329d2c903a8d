package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// A picture for each load and transport, in well-formed XML, with the name of
// each subject, and small.
func TestDraw(t *testing.T) {
	load := harness.Loads()[0]
	var r harness.Report
	for _, transport := range []string{harness.Plain, harness.TLS} {
		for _, subject := range []string{harness.Bare, "balanced"} {
			c := harness.Cell{Load: load, Transport: transport, Subject: subject}
			c.Median.Latency.Frames = 1000
			for i := range 41 {
				c.Median.Latency.Curve = append(c.Median.Latency.Curve, time.Duration(i+20)*time.Microsecond)
			}
			r.Cells = append(r.Cells, c)
		}
	}
	dir := t.TempDir()
	if err := harness.Write(filepath.Join(dir, "r.json"), r); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run([]string{"-in", filepath.Join(dir, "r.json"), "-out", dir}, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	for _, transport := range []string{harness.Plain, harness.TLS} {
		text, err := os.ReadFile(filepath.Join(dir, "latency-single-"+transport+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(text)); err == nil; {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", transport, err)
		}
		if !strings.Contains(string(text), ">balanced<") || len(text) > 20_000 {
			t.Errorf("%s: %d bytes, with the subjects: %v", transport, len(text), strings.Contains(string(text), ">balanced<"))
		}
	}
}

// A curve ends where there are no frames beyond it.
func TestPoints(t *testing.T) {
	c := harness.Cell{}
	c.Median.Latency.Curve = make([]time.Duration, 41)
	for frames, want := range map[int]int{1: 1, 10: 11, 1000: 31, 5_000_000: 41} {
		c.Median.Latency.Frames = frames
		if got := len(points(&c)); got != want {
			t.Errorf("%d frames: %d points, want %d", frames, got, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for args, want := range map[string]int{"-h": 0, "-none": 2, "-in /none": 1} {
		var stderr bytes.Buffer
		if code := run(strings.Fields(args), &stderr); code != want || stderr.Len() == 0 {
			t.Errorf("%s: exit code %d, want %d", args, code, want)
		}
	}
}
