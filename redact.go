package kiteticker

import (
	"fmt"
)

const redacted = "[redacted]"

// Format prints c like any struct, access tokens and API keys left out.
func (c Config) Format(f fmt.State, verb rune) {
	type plain Config // without methods, so that printing does not come back here
	c.APIKey, c.AccessToken = hide(c.APIKey), hide(c.AccessToken)
	fmt.Fprintf(f, fmt.FormatString(f, verb), plain(c))
}

// Format prints a like any struct, its access token and API key left out.
func (a Account) Format(f fmt.State, verb rune) {
	type plain Account
	a.APIKey, a.AccessToken = hide(a.APIKey), hide(a.AccessToken)
	fmt.Fprintf(f, fmt.FormatString(f, verb), plain(a))
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}
