package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

const (
	infy     = 408065
	reliance = 128083204
)

var two = []holding{
	{token: infy, symbol: "INFY", quantity: 3, average: 2850_5325},
	{token: reliance, symbol: "RELIANCE.BO", quantity: 1000, average: 2100_0000},
}

// watched runs a portfolio of two on a simulated exchange in memory and returns
// the tables it has drawn. The program is stopped after do.
func watched(t *testing.T, do func(srv *kitetest.Server)) (tables []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: []uint32{infy, reliance}})
		market := &feed.Feed{Exchange: srv, Config: kiteticker.Config{
			APIKey: "key", AccessToken: "token", URL: srv.URL(), Dial: srv.Dial,
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		done := make(chan error, 1)
		go func() {
			done <- watch(ctx, market, []uint32{infy, reliance}, newPortfolio("Test", two), &out, "\f")
		}()
		time.Sleep(500 * time.Millisecond)
		do(srv)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch: %v", err)
		}
		tables = strings.Split(out.String(), "\f")[1:]
	})
	return tables
}

func TestTable(t *testing.T) {
	tables := watched(t, func(srv *kitetest.Server) {
		srv.Trade(infy, 2944_65, 1)     // closed at 2944.95 the day before
		srv.Trade(reliance, 2060_00, 1) // closed at 2059.40
		time.Sleep(time.Second)
	})
	// A synctest bubble begins at midnight UTC.
	const want = `Test, 05:30:01 IST

HOLDING       QUANTITY      AVERAGE         LAST           VALUE           DAY        %            P&L        %
INFY                 3     2,850.53     2,944.65        8,833.95         -0.90   -0.01%        +282.35   +3.30%
RELIANCE.BO       1000     2,100.00     2,060.00    20,60,000.00       +600.00   +0.03%     -40,000.00   -1.90%
TOTAL                                               20,68,833.95       +599.10   +0.03%     -39,717.65   -1.88%
`
	if len(tables) != 1 || tables[0] != want {
		t.Errorf("the tables are\n%q\nwant\n%q", tables, want)
	}
}

func TestOutageMakesPricesDoubtful(t *testing.T) {
	tables := watched(t, func(srv *kitetest.Server) {
		srv.Reject(503, nil, "", 100)
		for _, c := range srv.Conns() {
			if c.Tokens()[infy] != 0 {
				c.Drop()
			}
		}
		time.Sleep(time.Second)
	})
	table := tables[len(tables)-1]
	for _, want := range []string{"2,945.15?", "2,059.65 ", "1 prices marked ? may be old.", "connection 0 is backing off, not live"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestLossMakesPricesDoubtful(t *testing.T) {
	p := newPortfolio("Test", two)
	tick := func(conn uint8, token uint32) kiteticker.Tick {
		return kiteticker.Tick{Conn: conn, Token: token, LastPrice: 100_00, Decimals: 2}
	}
	p.apply([]kiteticker.Tick{tick(0, infy)}, 0)
	p.apply([]kiteticker.Tick{tick(1, reliance)}, 0)
	p.apply([]kiteticker.Tick{tick(0, 999)}, 5)
	if !p.rows[0].doubtful || p.rows[1].doubtful || p.lost != 5 {
		t.Errorf("after a loss on connection 0: %+v, want only its row doubtful", p.rows)
	}
	p.apply([]kiteticker.Tick{tick(0, infy)}, 0)
	if p.rows[0].doubtful {
		t.Error("a row is doubtful after its next tick")
	}
}

func TestBeforeTheFirstTick(t *testing.T) {
	var out bytes.Buffer
	newPortfolio("Test", two).draw(&out, kiteticker.Stats{})
	if want := "2 holdings have no price yet"; !strings.Contains(out.String(), want) {
		t.Errorf("the table lacks %q:\n%s", want, &out)
	}
}

func TestRefusedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kitetest.NewServer(t, kitetest.Config{AccessToken: "another"})
		market := &feed.Feed{Config: kiteticker.Config{APIKey: "key", AccessToken: "old", URL: srv.URL(), Dial: srv.Dial}}
		err := watch(t.Context(), market, []uint32{infy}, newPortfolio("Test", two), &bytes.Buffer{}, "")
		if he, ok := errors.AsType[*kiteticker.HandshakeError](err); !ok || he.StatusCode != 403 {
			t.Errorf("watch: %v, want a HandshakeError with 403", err)
		}
	})
}

func TestReadHoldings(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"empty":          {"", "the first line is not token,symbol,quantity,average_price"},
		"no header":      {"408065,INFY,3,2850\n", "the first line is not"},
		"nothing held":   {header + "\n", "there are no holdings"},
		"missing field":  {header + "\n408065,INFY,3\n", "wrong number of fields"},
		"symbol first":   {header + "\nINFY,INFY,3,2850\n", `INFY: "INFY" is not an instrument token`},
		"an index":       {header + "\n256265,NIFTY 50,3,2850\n", "NIFTY 50: token 256265 is not of NSE or BSE"},
		"no quantity":    {header + "\n408065,INFY,0,2850\n", `INFY: "0" is not a quantity`},
		"too many":       {header + "\n408065,INFY,40000001,2850\n", "is not a quantity from 1 to 40000000"},
		"too exact":      {header + "\n408065,INFY,3,2850.00001\n", "has more than 4 decimals"},
		"too dear":       {header + "\n408065,INFY,3,21474836.48\n", "want at most 2,14,74,836.47"},
		"twice":          {header + "\n408065,A,3,2850\n408065,B,3,2850\n", "B: token 408065 is there twice"},
		"two are faulty": {header + "\n408065,A,x,2850\n408065,B,3,y\n", `B: "y" is not`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readHoldings(strings.NewReader(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("readHoldings: %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// The whole program, over TCP, with the sample.
func TestRun(t *testing.T) {
	t.Setenv("KITE_API_KEY", "")
	t.Setenv("KITE_ACCESS_TOKEN", "")
	ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, nil, &out, "\n"); err != nil {
		t.Fatalf("run: %v", err)
	}
	for _, want := range []string{"simulated exchange at", "RELIANCE.BO         10", "TOTAL"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.csv")
	if err := os.WriteFile(file, []byte("# mine\n"+header+"\n738561, RELIANCE, 5, 2611.10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := open([]string{file})
	if want := (holding{token: 738561, symbol: "RELIANCE", quantity: 5, average: 2611_1000}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("the file has %+v, %v, want %+v", got, err, want)
	}
	for _, args := range [][]string{{file, file}, {file + ".gone"}} {
		if _, err := open(args); err == nil {
			t.Errorf("open(%v) succeeded", args)
		}
	}
}
