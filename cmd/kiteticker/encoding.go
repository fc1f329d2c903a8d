package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// encoding is how bytes are written down.
type encoding string

const (
	encodingRaw    encoding = "raw"
	encodingHex    encoding = "hex"
	encodingBase64 encoding = "base64"
)

func (e encoding) String() string { return string(e) }

// decode returns the bytes that input writes down. White space is ignored,
// except in raw input.
func (e encoding) decode(input []byte) ([]byte, error) {
	switch e {
	case encodingHex:
		return decodeHex(input)
	case encodingBase64:
		return decodeBase64(input)
	default:
		return input, nil
	}
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n\v\f", c) >= 0 }

func decodeHex(input []byte) ([]byte, error) {
	out := make([]byte, 0, len(input)/2)
	digits := 0
	for i, c := range input {
		if isSpace(c) {
			continue
		}
		v := strings.IndexByte("0123456789abcdef", c|0x20) // |0x20 is lower case, and leaves digits alone
		if v < 0 || c < '0' {
			return nil, fmt.Errorf("byte %d of the input is %q, want a hex digit", i, c)
		}
		if digits%2 == 0 {
			out = append(out, byte(v)<<4)
		} else {
			out[len(out)-1] |= byte(v)
		}
		digits++
	}
	if digits%2 != 0 {
		return nil, fmt.Errorf("the input has %d hex digits, want an even number", digits)
	}
	return out, nil
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeBase64 takes both alphabets, with or without padding.
func decodeBase64(input []byte) ([]byte, error) {
	text := make([]byte, 0, len(input))
	padded := false
	for i, c := range input {
		switch {
		case isSpace(c):
			continue
		case c == '=':
			padded = true
			continue
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		}
		if padded || strings.IndexByte(base64Alphabet, c) < 0 {
			return nil, fmt.Errorf("byte %d of the input is %q, want a character of base64", i, input[i])
		}
		text = append(text, c)
	}
	out, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil { // only its end can be wrong
		return nil, errors.New("the base64 input ends in the middle of a byte")
	}
	return out, nil
}
