package feed

import (
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/kitetest"
)

func TestOpen(t *testing.T) {
	for _, tc := range []struct{ name, key, token, want string }{
		{"nothing set", "", "", "simulated exchange at ws://127.0.0.1:"},
		{"both set", "key", "token", "Kite"},
		{"only the key", "key", "", "error"},
		{"only the token", "", "token", "error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("KITE_API_KEY", tc.key)
			t.Setenv("KITE_ACCESS_TOKEN", tc.token)
			f, err := Open(kitetest.Config{})
			if err != nil {
				if tc.want != "error" {
					t.Fatalf("Open: %v", err)
				}
				return
			}
			if got := f.String(); !strings.HasPrefix(got, tc.want) {
				t.Errorf("the market is %q, want %q", got, tc.want)
			}
			if f.Exchange == nil && (f.Config.APIKey != tc.key || f.Config.AccessToken != tc.token || f.Config.URL != "") {
				t.Errorf("credentials are not those of the environment, or the URL is %q", f.Config.URL)
			}
			if f.Exchange != nil && f.Config.URL != f.Exchange.URL() {
				t.Errorf("URL is %q, want %q", f.Config.URL, f.Exchange.URL())
			}
			if err := f.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}
