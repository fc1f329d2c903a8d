package main

import (
	"math"
	"testing"
)

func TestParseMoney(t *testing.T) {
	for _, tc := range []struct {
		text string
		want money
	}{
		{"1466.5333", 14_665_333},
		{"1466.5", 14_665_000},
		{"1466", 14_660_000},
		{"5.", 50_000},
		{"0.0001", 1},
		{"922337203685477.5807", math.MaxInt64},
	} {
		if got, err := parseMoney(tc.text); err != nil || got != tc.want {
			t.Errorf("parseMoney(%q) is %d, %v, want %d", tc.text, got, err, tc.want)
		}
	}
	for _, text := range []string{"", ".", ".5", "0", "0.0000", "-1", "+1", "1.23456", "1,000", "1e3", "1.2.3", "922337203685477.5808"} {
		if got, err := parseMoney(text); err == nil {
			t.Errorf("parseMoney(%q) is %d, want an error", text, got)
		}
	}
}

func TestMoneyText(t *testing.T) {
	for _, tc := range []struct {
		m            money
		want, signed string
	}{
		{0, "0.00", "0.00"},
		{49, "0.00", "0.00"}, // 0.49 paise
		{-49, "0.00", "0.00"},
		{50, "0.01", "+0.01"},
		{-50, "-0.01", "-0.01"},
		{999_99_49, "999.99", "+999.99"},
		{999_99_50, "1,000.00", "+1,000.00"},
		{99_999 * rupee, "99,999.00", "+99,999.00"},
		{-1_00_000 * rupee, "-1,00,000.00", "-1,00,000.00"},
		{12_34_567*rupee + 89*paisa, "12,34,567.89", "+12,34,567.89"},
		{1_23_45_67_890 * rupee, "1,23,45,67,890.00", "+1,23,45,67,890.00"},
	} {
		if got := tc.m.String(); got != tc.want {
			t.Errorf("%d is %q, want %q", int64(tc.m), got, tc.want)
		}
		if got := tc.m.signed(); got != tc.signed {
			t.Errorf("%d is %q with its sign, want %q", int64(tc.m), got, tc.signed)
		}
	}
}

// No value of a holding within the limits overflows: checked at the corner.
func TestLargestHolding(t *testing.T) {
	highest := price(math.MaxInt32, 2)
	if got, want := highest.String(), "2,14,74,836.47"; got != want {
		t.Errorf("the highest price is %s, want %s", got, want)
	}
	r := row{holding: holding{quantity: maxQuantity, average: maxAverage}, last: highest, close: -highest}
	if r.value() != 85_89_93_45_88_00_000*rupee || r.invested() != r.value() {
		t.Errorf("the largest holding is worth %v and cost %v", r.value(), r.invested())
	}
}

func TestPercent(t *testing.T) {
	for _, tc := range []struct {
		part, whole money
		want        string
	}{
		{1, 0, "-"}, {0, 7, "0.00%"}, {1, 100_000, "0.00%"}, {-1, 100_000, "0.00%"},
		{1234, 100_000, "+1.23%"}, {-5, 10, "-50.00%"},
	} {
		if got := percent(tc.part, tc.whole); got != tc.want {
			t.Errorf("percent(%d, %d) is %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
}
