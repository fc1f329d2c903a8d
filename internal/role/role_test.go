package role_test

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/kiteticker/kiteticker/internal/role"
)

func profile(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDo(t *testing.T) {
	ran := false
	role.Do("parser", 7, func() {
		ran = true
		if p := profile(t); !strings.Contains(p, `labels: {"conn":"7", "role":"parser"}`) {
			t.Errorf("no labels in\n%s", p)
		}
		role.Do("events", role.Common, func() {
			if p := profile(t); !strings.Contains(p, `labels: {"role":"events"}`) {
				t.Errorf("the inner role is not in\n%s", p)
			}
		})
	})
	if p := profile(t); !ran || strings.Contains(p, `"role"`) {
		t.Errorf("ran: %v, labels stay:\n%s", ran, p)
	}
}
