// Command portfolio watches what shares are worth: value, change of the day and
// profit of each holding, redrawn once a second.
//
//	go run ./examples/portfolio
//	go run ./examples/portfolio my-holdings.csv
//
// The file has a line per holding, like the sample in holdings.csv. Without
// credentials the prices are those of a simulated exchange; with KITE_API_KEY
// and KITE_ACCESS_TOKEN they are Kite's.
//
// One stream brings the ticks of all connections to one goroutine, which owns
// the table and draws it: there is nothing to lock.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

//go:embed holdings.csv
var sample []byte

// maxSilence is how old the last sign of life of a connection may be.
const maxSilence = 3 * time.Second

func main() {
	duration := flag.Duration("duration", 0, "how long to run; 0 is until Ctrl-C")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: portfolio [flags] [FILE]\n\nFlags:\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *duration > 0 {
		ctx, stop = context.WithTimeout(ctx, *duration)
		defer stop()
	}
	if err := run(ctx, flag.Args(), os.Stdout, clearScreen(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "portfolio:", err)
		os.Exit(1)
	}
}

// clearScreen returns what to write before a table: on a terminal each is drawn
// over the last one, elsewhere below it.
func clearScreen(out *os.File) string {
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return "\x1b[H\x1b[2J"
	}
	return "\n"
}

func run(ctx context.Context, args []string, out io.Writer, before string) error {
	holdings, err := open(args)
	if err != nil {
		return err
	}
	tokens := make([]uint32, len(holdings))
	for i, h := range holdings {
		tokens[i] = h.token
	}
	market, err := feed.Open(kitetest.Config{Instruments: tokens, Rate: 4})
	if err != nil {
		return err
	}
	defer market.Close()
	return watch(ctx, market, tokens, newPortfolio(market.String(), holdings), out, before)
}

func open(args []string) ([]holding, error) {
	switch len(args) {
	case 0:
		return readHoldings(bytes.NewReader(sample))
	case 1:
		file, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer file.Close()
		holdings, err := readHoldings(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", args[0], err)
		}
		return holdings, nil
	}
	return nil, fmt.Errorf("there are %d files, want one", len(args))
}

// watch draws p once a second until ctx is done or the client gives up.
func watch(ctx context.Context, market *feed.Feed, tokens []uint32, p *portfolio, out io.Writer, before string) error {
	client, err := kiteticker.New(market.Config)
	if err != nil {
		return err
	}
	if err := client.Subscribe(kiteticker.ModeQuote, tokens...); err != nil {
		return err
	}
	stream, err := client.Ticks(kiteticker.StreamConfig{Name: "portfolio"})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		result <- client.Run(ctx)
		cancel() // it may have ended by itself: refused credentials
	}()
	var table bytes.Buffer // written at once, so that the screen does not flicker
	for {
		// Leaving the loop when the second is over loses nothing: what has not
		// been read waits for the next one.
		second, done := context.WithTimeout(ctx, time.Second)
		for ticks, lost := range stream.Batches(second) {
			p.apply(ticks, lost)
		}
		done()
		if ctx.Err() != nil {
			break // the last table stays, without the stop in it
		}
		table.Reset()
		table.WriteString(before)
		p.draw(&table, client.Stats())
		if _, err := table.WriteTo(out); err != nil {
			return err
		}
	}
	return <-result
}
