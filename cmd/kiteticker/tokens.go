package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tokens returns those of the command line and of the file, if any.
func (s *streaming) tokens(args []string) ([]uint32, error) {
	var tokens []uint32
	for _, arg := range args {
		token, err := parseToken(arg)
		switch {
		case err != nil && strings.HasPrefix(arg, "-"):
			return nil, usagef("flag %s comes after a token, want flags first", arg)
		case err != nil:
			return nil, usagef("%v", err)
		}
		tokens = append(tokens, token)
	}
	if s.tokensFile != "" {
		more, err := readTokens(s.tokensFile)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, more...)
	}
	return tokens, nil
}

// readTokens reads a file of tokens. Errors in it are usage errors.
func readTokens(name string) (tokens []uint32, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &usageError{err.Error()}
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	n := 0
	for lines.Scan() {
		n++
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		token, err := parseToken(text)
		if err != nil {
			return nil, usagef("%s:%d: %v", name, n, err)
		}
		tokens = append(tokens, token)
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, usagef("%s:%d: the line is too long, want one token a line", name, n+1)
		}
		return nil, &usageError{err.Error()}
	}
	if len(tokens) == 0 {
		return nil, usagef("%s: no tokens, want one a line", name)
	}
	return tokens, nil
}

func parseToken(s string) (uint32, error) {
	token, err := strconv.ParseUint(s, 10, 32)
	if err != nil || token == 0 {
		return 0, fmt.Errorf("%q is no instrument token, want a whole number from 1 to 4294967295", s)
	}
	return uint32(token), nil
}
