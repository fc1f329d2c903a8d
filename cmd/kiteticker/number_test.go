package main

import "testing"

func TestGroup(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 999: "999", 1000: "1,000", 36000: "36,000", 123456: "123,456", 1234567: "1,234,567",
		18446744073709551615: "18,446,744,073,709,551,615",
	} {
		if got := group(n); got != want {
			t.Errorf("group(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 ticks", 1: "1 tick", 2: "2 ticks", 1001: "1,001 ticks"} {
		if got := count(n, "tick"); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestNanos(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0ns", 999: "999ns", 1000: "1µs", 63_400: "63µs", 999_499: "999µs", 999_500: "1.00ms",
		1_250_000: "1.25ms", 9_994_000: "9.99ms", 9_996_000: "10.0ms", 99_940_000: "99.9ms", 99_960_000: "100ms",
		174_220_000: "174ms", 999_499_999: "999ms", 999_500_000: "1.00s", 2_100_000_000: "2.10s", 61_000_000_000: "61.0s",
	} {
		if got := nanos(ns); got != want {
			t.Errorf("nanos(%d) = %q, want %q", ns, got, want)
		}
	}
}

func TestAlignRight(t *testing.T) {
	for _, tc := range []struct {
		text  string
		width int
		want  string
	}{{"ab", 5, "|   ab"}, {"63 µs", 7, "|  63 µs"}, {"too long", 3, "| too long"}, {"", 2, "|  "}} {
		if got := string(alignRight(append([]byte("|"), tc.text...), 1, tc.width)); got != tc.want {
			t.Errorf("alignRight(%q, %d) = %q, want %q", tc.text, tc.width, got, tc.want)
		}
	}
}
