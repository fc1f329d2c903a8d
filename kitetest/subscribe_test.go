package kitetest_test

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gobwas/ws"
	"github.com/kiteticker/kiteticker/decode"
	"github.com/kiteticker/kiteticker/kitetest"
)

func TestSnapshotThenChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		steps := []struct {
			send string
			want string // token:length of each packet
		}{
			{`{"a":"subscribe","v":[256265,408065]}`, "408065:44 256265:28"}, // quote until told otherwise
			{`{"a":"mode","v":["full",[408065]]}`, "408065:184"},
			{`{"a":"mode","v":["full",[408065,256265]]}`, "256265:32"}, // only what changed
			{``, "408065:184 256265:32"},
			{`{"a":"mode","v":["ltp",[408065,256265]]}`, "408065:8 256265:8"},
			{`{"a":"subscribe","v":[128083204,128083204]}`, "128083204:44"}, // others stay as they are
			{``, "408065:8 128083204:44 256265:8"},
			{`{"a":"subscribe","v":[408065]}`, "408065:44"}, // a new subscribe means quote again
			{`{"a":"unsubscribe","v":[256265,99]}`, ""},
			{``, "408065:44 128083204:44"},
		}
		for i, step := range steps {
			if step.send == "" {
				s.Step()
			} else {
				c.text(step.send)
			}
			if step.want == "" {
				synctest.Wait()
				continue
			}
			got := ""
			for _, p := range packets(t, c.next(ws.OpBinary)) {
				got += fmt.Sprintf("%d:%d ", token(p), len(p))
			}
			if got != step.want+" " {
				t.Errorf("step %d %s: got %s, want %s", i, step.send, got, step.want)
			}
		}
		want := map[uint32]decode.Mode{408065: decode.ModeQuote, 128083204: decode.ModeQuote}
		if got := s.Conns()[0].Tokens(); !maps.Equal(got, want) {
			t.Errorf("subscribed to %v, want %v", got, want)
		}
	})
}

func TestReceivedByteForByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		texts := []string{
			`{"a":"subscribe","v":[408065]}`,
			"  {\"v\": [ \"ltp\" , [408065] ] ,\n\"a\":\"mode\"} ",
			`not JSON`,
			`{"a":"dance"}`,
			`{"a":"mode","v":[1,[408065]]}`, // a number for a mode: never applied, never answered
			`{"a":"mode","v":["ltpc",[408065]]}`,
			`{"a":"mode","v":["full"]}`,
			``,
		}
		for _, text := range texts {
			c.text(text)
		}
		synctest.Wait()
		conn := s.Conns()[0]
		if got := conn.Received(); !slices.Equal(got, texts) {
			t.Errorf("got %q, want %q", got, texts)
		}
		if mode := conn.Tokens()[408065]; mode != decode.ModeLTP {
			t.Errorf("mode is %v, want ltp", mode)
		}
	})
}

func TestTokensMustBeNumbers(t *testing.T) {
	const want = `{"type":"error","data":"Error parsing instrument tokens."}`
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		for _, text := range []string{
			`{"a":"subscribe","v":["408065"]}`,
			`{"a":"subscribe","v":[1.5]}`,
			`{"a":"subscribe","v":[-1]}`,
			`{"a":"subscribe","v":[408065,4294967296]}`,
			`{"a":"subscribe","v":408065}`,
			`{"a":"subscribe"}`,
			`{"a":"unsubscribe","v":["408065"]}`,
			`{"a":"mode","v":["full",["408065"]]}`,
		} {
			c.text(text)
			if got := c.next(ws.OpText); string(got) != want {
				t.Errorf("%s: got %s, want %s", text, got, want)
			}
		}
		if n := len(s.Conns()[0].Tokens()); n != 0 {
			t.Errorf("%d tokens subscribed, want 0", n)
		}
	})
}

func TestLimitCountsDuplicates(t *testing.T) {
	const refused = `{"type":"error","data":"Can't subscribe to more than 3000 instruments."}`
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		all := kitetest.Universe(3001)
		subscribe := func(tokens []uint32) { c.text(`{"a":"subscribe","v":` + jsonList(tokens) + `}`) }
		snapshot := func(want int) {
			t.Helper()
			if got := len(packets(t, c.next(ws.OpBinary))); got != want {
				t.Errorf("snapshot of %d tokens, want %d", got, want)
			}
		}
		subscribed := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := len(s.Conns()[0].Tokens()); got != want {
				t.Errorf("%d tokens subscribed, want %d", got, want)
			}
		}
		refusal := func() {
			t.Helper()
			if got := c.next(ws.OpText); string(got) != refused {
				t.Errorf("got %s, want %s", got, refused)
			}
		}

		// The same 1,500 twice fill all 3,000.
		subscribe(all[:1500])
		snapshot(1500)
		subscribe(all[:1500])
		snapshot(1500)
		subscribed(1500)
		subscribe(all[1500:1501])
		refusal()
		subscribed(1500)

		// An unsubscribe gives back the duplicates too.
		c.text(`{"a":"unsubscribe","v":` + jsonList(all[:1500]) + `}`)
		subscribed(0)

		// Only the tokens beyond the limit fail.
		subscribe(all[:3001])
		refusal()
		snapshot(3000)
		subscribed(3000)

		// Another socket has its own 3,000.
		c = dial(t, s)
		subscribe(all[:3000])
		snapshot(3000)
	})
}

func TestUnlistedTokenHasNoData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{408065}, MaxTokens: 2, Heartbeat: -1})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[1,408065]}`)
		if got := packets(t, c.next(ws.OpBinary)); len(got) != 1 || token(got[0]) != 408065 {
			t.Errorf("snapshot is %x, want 408065 alone", got)
		}
		c.text(`{"a":"subscribe","v":[2]}`) // it counts all the same
		if got := string(c.next(ws.OpText)); got != `{"type":"error","data":"Can't subscribe to more than 2 instruments."}` {
			t.Errorf("got %s", got)
		}
	})
}

func TestFragmentedCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		parts := []ws.Frame{
			ws.NewFrame(ws.OpText, false, []byte(`{"a":"subs`)),
			ws.NewPingFrame([]byte("between")),
			ws.NewFrame(ws.OpContinuation, false, []byte(`cribe","v":`)),
			ws.NewFrame(ws.OpContinuation, true, []byte(`[408065]}`)),
		}
		for _, f := range parts {
			ws.WriteFrame(c.nc, ws.MaskFrame(f))
		}
		if got := c.next(ws.OpPong); string(got) != "between" {
			t.Errorf("pong with %q", got)
		}
		c.next(ws.OpBinary)
		if got := s.Conns()[0].Received(); len(got) != 1 || got[0] != `{"a":"subscribe","v":[408065]}` {
			t.Errorf("received %q", got)
		}
		c.text(`{"a":"mode","v":["ltp",[408065]]}`) // the next message is a message of its own
		c.next(ws.OpBinary)
	})
}

func TestLongCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		c := dial(t, s)
		for i := range 4 {
			c.text(`{"a":"subscribe","v":` + jsonList(kitetest.Universe(750*i + 750)[750*i:]) + strings.Repeat(" ", 200<<10) + `}`)
			if got := len(packets(t, c.next(ws.OpBinary))); got != 750 {
				t.Errorf("snapshot of %d tokens, want 750", got)
			}
		}
	})
}

// A client that waits for an instrument which the exchange does not list waits
// for ever: the log says so, once for each message.
func TestUnlistedTokensAreWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := kitetest.NewServer(t, kitetest.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		c := dial(t, s)
		c.text(`{"a":"subscribe","v":[408065,99,100,256265]}`)
		c.next(ws.OpBinary)
		c.text(`{"a":"subscribe","v":[408065]}`)
		c.next(ws.OpBinary)
		s.Close()
		warned := regexp.MustCompile(`(?m)level=WARN .*$`).FindAllString(log.String(), -1)
		if len(warned) != 1 || !strings.Contains(warned[0], " conn=0 tokens=2 first=99") {
			t.Errorf("warnings are %q, want one of 2 tokens from 99", warned)
		}
	})
}

func TestConnOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := kitetest.NewServer(t, kitetest.Config{})
		first, second := dial(t, s), dial(t, s)
		second.text(`{"a":"subscribe","v":[408065]}`)
		first.text(`{"a":"subscribe","v":[256265,99]}`)
		synctest.Wait()
		want := func(token uint32, want *kitetest.Conn) {
			t.Helper()
			if got := s.ConnOf(token); got != want {
				t.Errorf("%d is on %p, want %p", token, got, want)
			}
		}
		conns := s.Conns()
		want(408065, conns[1])
		want(256265, conns[0])
		want(99, conns[0]) // not listed, but subscribed
		want(128083204, nil)
		first.text(`{"a":"subscribe","v":[408065]}`) // on both
		synctest.Wait()
		want(408065, conns[0])
		conns[0].Drop()
		synctest.Wait()
		want(408065, conns[1])
		want(256265, nil)
		second.text(`{"a":"unsubscribe","v":[408065]}`)
		synctest.Wait()
		want(408065, nil)
	})
}
