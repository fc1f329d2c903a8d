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

func TestNanos(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ns", 999: "999 ns", 1000: "1 µs", 63_400: "63 µs", 999_499: "999 µs", 999_500: "1.00 ms",
		1_250_000: "1.25 ms", 9_994_000: "9.99 ms", 9_996_000: "10.0 ms", 99_940_000: "99.9 ms", 99_960_000: "100 ms",
		174_220_000: "174 ms", 999_499_999: "999 ms", 999_500_000: "1.00 s", 2_100_000_000: "2.10 s", 61_000_000_000: "61.0 s",
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
