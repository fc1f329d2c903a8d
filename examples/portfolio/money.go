package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// money is an amount in units of 10^-4 rupees, a hundredth of a paisa. That is
// what average prices come with, so a value, a sum and a difference are exact;
// only the text is rounded. The largest amount is 922 trillion rupees.
type money int64

const (
	moneyDecimals       = 4
	rupee         money = 10_000
	paisa         money = 100
)

// pow10[n] is 10^n.
var pow10 = [...]int64{1, 10, 100, 1000, 10_000}

// price turns a price of a tick into money. decimals is at most 4, which is
// all segments but NSE's currency derivatives.
func price(units int32, decimals uint8) money {
	return money(int64(units) * pow10[moneyDecimals-decimals])
}

// parseMoney reads a positive amount of rupees with at most 4 decimals.
func parseMoney(s string) (money, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > moneyDecimals {
		return 0, fmt.Errorf("%q has more than %d decimals", s, moneyDecimals)
	}
	digits := whole + frac + "0000"[len(frac):]
	n, err := strconv.ParseUint(digits, 10, 63)
	if whole == "" || err != nil || n == 0 {
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("%q is too large", s)
		}
		return 0, fmt.Errorf("%q is not a positive amount such as 1466.5333", s)
	}
	return money(n), nil
}

// String returns m in rupees, rounded to the paisa, half a paisa away from
// zero, with the digits grouped the Indian way: 12,34,567.80.
func (m money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	paise := (m + paisa/2) / paisa
	if paise == 0 {
		sign = ""
	}
	return fmt.Sprintf("%s%s.%02d", sign, group(int64(paise/100)), paise%100)
}

// signed is String with a plus sign for gains.
func (m money) signed() string {
	if s := m.String(); m > 0 && s != "0.00" {
		return "+" + s
	}
	return m.String()
}

// group separates the last three digits, and the others in pairs.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for end := len(s) - 3; end > 0; end -= 2 {
		s = s[:end] + "," + s[end:]
	}
	return s
}

// percent returns what part is of whole. It is a ratio for the eye, so a
// float64 does.
func percent(part, whole money) string {
	if whole == 0 {
		return "-"
	}
	s := fmt.Sprintf("%+.2f%%", 100*float64(part)/float64(whole))
	if s == "+0.00%" || s == "-0.00%" {
		return "0.00%"
	}
	return s
}
