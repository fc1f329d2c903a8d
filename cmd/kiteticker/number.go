package main

import (
	"strconv"
	"unicode/utf8"
)

// appendGroup appends n with a comma between groups of three digits.
func appendGroup(dst []byte, n uint64) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for i, digit := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, digit)
	}
	return dst
}

func group(n uint64) string { return string(appendGroup(nil, n)) }

// count returns n and what is counted, in the plural unless n is 1.
func count(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return group(n) + " " + noun
}

// appendNanos appends a duration in three digits and the unit that people read
// it in: 850ns, 63µs, 1.25ms, 2.10s.
func appendNanos(dst []byte, ns int64) []byte {
	switch {
	case ns < 1e3:
		return append(strconv.AppendInt(dst, ns, 10), "ns"...)
	case ns < 999_500:
		return append(strconv.AppendInt(dst, (ns+500)/1e3, 10), "µs"...)
	case ns < 999_500_000:
		return append(appendThree(dst, float64(ns)/1e6), "ms"...)
	default:
		return append(appendThree(dst, float64(ns)/1e9), "s"...)
	}
}

// appendThree appends x with as many decimals as make three digits.
func appendThree(dst []byte, x float64) []byte {
	switch {
	case x < 9.995:
		return strconv.AppendFloat(dst, x, 'f', 2, 64)
	case x < 99.95:
		return strconv.AppendFloat(dst, x, 'f', 1, 64)
	default:
		return strconv.AppendFloat(dst, x, 'f', 0, 64)
	}
}

func nanos(ns int64) string { return string(appendNanos(nil, ns)) }

// alignRight moves what was appended to dst after position start to the right
// end of a column of width characters, and at least by a space.
func alignRight(dst []byte, start, width int) []byte {
	n := max(width-utf8.RuneCount(dst[start:]), 1)
	end := len(dst)
	for range n {
		dst = append(dst, ' ')
	}
	copy(dst[start+n:], dst[start:end])
	for i := range n {
		dst[start+i] = ' '
	}
	return dst
}
