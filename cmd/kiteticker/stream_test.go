package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/kitetest"
)

// listen starts an exchange of nine instruments, one of each segment.
func listen(t *testing.T, cfg kitetest.Config) *kitetest.Server {
	t.Helper()
	cfg.Instruments = kitetest.Universe(9)
	s, err := kitetest.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// streamFrom is an invocation of stream with flags and tokens, separated by
// spaces.
func streamFrom(s *kitetest.Server, args string) invocation {
	return invocation{args: append([]string{"stream", "-url", s.URL()}, strings.Fields(args)...)}
}

// Every row is a tick of the exchange, in the format that was asked for, and
// there are as many as asked for.
func TestStreamCount(t *testing.T) {
	s := listen(t, kitetest.Config{Rate: 50})
	for _, tc := range []struct {
		args   string
		header int // lines
		row    string
	}{
		{"-format jsonl -count 25 -conns 1 408065 256265", 0, `"instrument_token":`},
		{"-format csv -count 1 408065", 1, "408065,quote,true,"},
		{"-format csv -count 40 -mode ltp -conns 2 408065 256265", 1, ",ltp,"},
		{"-count 30", 1, " full "}, // a table, of everything
	} {
		o := streamFrom(s, tc.args).run(t.Context())
		o.want(t, exitOK, tc.row, ", 0 lost, 0 reconnects\n")
		if got, want := strings.Count(o.stdout, "\n")-tc.header, countOf(tc.args); got != want {
			t.Errorf("stream %s: %d rows, want %d", tc.args, got, want)
		}
	}
}

func countOf(args string) int {
	f := newFlags("stream")
	n := 0
	f.whole(&n, "count", 0, 1000, "")
	_, rest, _ := strings.Cut(args, "-count ")
	_ = f.parse([]string{"-count", strings.Fields(rest)[0]})
	return n
}

// Without tokens a simulated exchange is subscribed to whole; Kite never is.
func TestStreamWithoutTokens(t *testing.T) {
	s := listen(t, kitetest.Config{})
	o := streamFrom(s, "-mode quote -format jsonl -count 9").run(t.Context())
	o.want(t, exitOK, `"instrument_token":408065,`, "no tokens given: subscribing to the first 3,000 of the simulated exchange")
	env := map[string]string{envAPIKey: "key", envAccessToken: "token"}
	for _, url := range []string{"", "wss://ws.kite.trade", "wss://127.0.0.1:1"} {
		invocation{args: []string{"stream", "-url", url}, env: env}.run(t.Context()).
			want(t, exitUsage, "", "no instruments: want TOKEN... or -tokens FILE")
	}
}

// The credentials come from the environment; invented ones are for servers on
// this machine alone.
func TestStreamCredentials(t *testing.T) {
	s := listen(t, kitetest.Config{APIKey: "key", AccessToken: "canary"})
	in := streamFrom(s, "-count 1 -conns 1 408065")
	in.env = map[string]string{envAPIKey: "key", envAccessToken: "canary"}
	o := in.run(t.Context())
	o.want(t, exitOK, "408065", "live")
	if strings.Contains(o.stdout+o.stderr, "canary") {
		t.Error("the access token is printed")
	}

	for _, tc := range []struct {
		env  map[string]string
		args string
		want string
	}{
		{nil, "abc", `kiteticker stream: "abc" is no instrument token`}, // before the environment
		{nil, "-tokens no/file", "kiteticker stream: open no/file: "},
		{nil, "408065", "kiteticker stream: set KITE_API_KEY and KITE_ACCESS_TOKEN in the environment\n"},
		{map[string]string{envAPIKey: "key"}, "408065", "set KITE_ACCESS_TOKEN in the environment"},
		{map[string]string{envAccessToken: "canary"}, "-url wss://127.0.0.1:1 408065", "set KITE_API_KEY in the environment"},
		{in.env, "-url ws://192.0.2.1 408065", "-url is ws:// to another machine, which would send the access token in the clear, want wss://HOST"},
		{in.env, "-url wss://ws.kite.trade/?access_token=canary 408065", "-url has parameters, want only wss://HOST"},
		{in.env, "-url http://127.0.0.1 408065", "-url is malformed, want wss://HOST, or ws://127.0.0.1:PORT"},
		{in.env, "-url wss://canary\x7f 408065", "-url is malformed"},
	} {
		o := invocation{args: append([]string{"stream"}, strings.Fields(tc.args)...), env: tc.env}.run(t.Context())
		o.want(t, exitUsage, "", tc.want)
		if strings.Contains(o.stderr, "canary") {
			t.Errorf("stderr repeats the access token: %s", o.stderr)
		}
	}
}

func TestStreamRefused(t *testing.T) {
	s := listen(t, kitetest.Config{})
	s.Reject(http.StatusForbidden, nil, "Authentication failed.", 2)
	o := streamFrom(s, "-format jsonl -conns 2 408065").run(t.Context())
	o.want(t, exitFailure, "", "HTTP 403 Forbidden")
	if n := strings.Count(o.stderr, "HTTP 403"); n != 2 {
		t.Errorf("stderr says why %d times, want once for each connection", n)
	}
}

func TestStreamTokens(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := listen(t, kitetest.Config{})
	good := write("good", "# two of them\n\n408065 # INFY\r\n  256265\n408065\n")
	o := streamFrom(s, "-conns 1 -mode quote -format jsonl -count 2 -tokens "+good).run(t.Context())
	o.want(t, exitOK, `"instrument_token":408065,`, "2 ticks")
	o.want(t, exitOK, `"instrument_token":256265,`, "2 ticks")

	for _, tc := range []struct{ args, want string }{
		{"-tokens " + write("bad", "408065\nINFY # by name\n"),
			"bad:2: \"INFY\" is no instrument token, want a whole number from 1 to 4294967295"},
		{"-tokens " + write("zero", "0\n"), "zero:1: \"0\" is no instrument token"},
		{"-tokens " + write("two", "1 2\n"), "two:1: \"1 2\" is no instrument token"},
		{"-tokens " + write("long", "1\n"+strings.Repeat("2", 1<<17)), "long:2: the line is too long"},
		{"-tokens " + write("empty", "# none\n"), "empty: no tokens, want one a line"},
		{"-tokens " + dir + "/gone", "gone: "},
		{"NIFTY", `"NIFTY" is no instrument token`},
		{"4294967296", `"4294967296" is no instrument token`},
		{"408065 -count 5", "flag -count comes after a token, want flags first"},
		{"-conns 1 -tokens " + write("many", manyTokens(3001)), "3001 tokens are too many, want at most 3000 with -conns 1"},
	} {
		streamFrom(s, tc.args).run(t.Context()).want(t, exitUsage, "", tc.want)
	}
}

func manyTokens(n int) string {
	var b strings.Builder
	for _, token := range kitetest.Universe(n) {
		fmt.Fprintln(&b, token)
	}
	return b.String()
}

// What is not a tick goes to standard error, and never as control characters.
func TestStreamEvents(t *testing.T) {
	s := listen(t, kitetest.Config{Hello: true})
	ctx, cancel := context.WithCancel(t.Context())
	in := streamFrom(s, "-conns 1 -mode quote 408065")
	var once sync.Once
	in.onText = func(text string) {
		if strings.Contains(text, " quote ") {
			once.Do(func() {
				s.SendText(`{"type":"error","data":"Lost ticker connection."}`)
				s.SendText(`{"type":"message","data":"\u001b[2J"}`)
				s.SendText("never JSON\n")
			})
		}
		if strings.Contains(text, "never JSON") {
			cancel()
		}
	}
	o := in.run(ctx)
	for _, line := range []string{
		"connection 0: dialing\n",
		"connection 0: live\n",
		`connection 0: the server reports an error: "Lost ticker connection."` + "\n",
		`connection 0: the broker says "\x1b[2J"` + "\n",
		`connection 0: not JSON: "never JSON\n"` + "\n",
	} {
		o.want(t, exitOK, " quote ", "kiteticker stream: "+line)
	}
	if strings.Contains(o.stderr, "instruments_meta") || strings.Contains(o.stderr, "app code") {
		t.Errorf("stderr tells what only programs want to know:\n%s", o.stderr)
	}
}

// Losses are told at once, then at most once a second, and none is forgotten.
func TestStatusLost(t *testing.T) {
	var out capture
	s := &status{out: newLineWriter(&out)}
	s.lost(5)
	s.lost(6)
	s.told = s.told.Add(-time.Second)
	s.lost(1000)
	want := "kiteticker stream: 5 ticks lost: the output is slower than the market\n" +
		"kiteticker stream: 1,006 ticks lost: the output is slower than the market\n"
	if got := out.String(); got != want {
		t.Errorf("stderr is\n%swant\n%s", got, want)
	}
}
