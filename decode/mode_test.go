package decode_test

import (
	"testing"

	"github.com/kiteticker/kiteticker/decode"
)

func TestModes(t *testing.T) {
	for _, tt := range []struct {
		mode         decode.Mode
		name         string
		subscribable bool
	}{
		{0, "Mode(0)", false},
		{decode.ModeLTP, "ltp", true},
		{decode.ModeLTPC, "ltpc", false},
		{decode.ModeQuote, "quote", true},
		{decode.ModeFull, "full", true},
		{decode.ModeFull + 1, "Mode(5)", false},
		{255, "Mode(255)", false},
	} {
		if got := tt.mode.String(); got != tt.name {
			t.Errorf("Mode %d is called %q, want %q", uint8(tt.mode), got, tt.name)
		}
		if got := tt.mode.Subscribable(); got != tt.subscribable {
			t.Errorf("%v: Subscribable() = %v, want %v", tt.mode, got, tt.subscribable)
		}
		got, err := decode.ParseMode(tt.name)
		if tt.subscribable && (got != tt.mode || err != nil) {
			t.Errorf("ParseMode(%q) = %v, %v, want %v", tt.name, got, err, tt.mode)
		}
		if !tt.subscribable && err == nil {
			t.Errorf("ParseMode(%q) = %v, want an error", tt.name, got)
		}
	}
}

func TestModeText(t *testing.T) {
	for mode := decode.ModeLTP; mode <= decode.ModeFull; mode++ {
		text, err := mode.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got decode.Mode
		if err := got.UnmarshalText(text); err != nil || got != mode {
			t.Errorf("%v read back from %q is %v, error %v", mode, text, got, err)
		}
	}
	var mode decode.Mode
	for _, text := range []string{"", "FULL", "3", "full "} {
		if err := mode.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) makes %v, want an error", text, mode)
		}
	}
}
