// Command engine is a small trading engine, complete from socket to order: one
// goroutine per connection follows two moving averages of every instrument and
// decides, a desk turns decisions into orders, and order updates become
// positions.
//
//	strategy 0 ─ ring ─┐
//	strategy 1 ─ ring ─┼─► desk ─► broker ··► order updates ─► account
//	strategy 2 ─ ring ─┘     ▲
//	               health ───┘
//
// No goroutine that sees ticks shares memory that it writes with another, so
// their path has no lock. What may take its time is behind the rings.
//
// Without credentials it runs against a simulated exchange, which fills each
// order at its price:
//
//	go run ./examples/engine -duration 20s
//
// With KITE_API_KEY and KITE_ACCESS_TOKEN it runs against Kite. There it places
// no orders, but prints those it would place, and the updates of the account's
// own orders.
//
// It shows how to use the library, not how to make money.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strconv"

	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

// listed are INFY, RELIANCE, HDFCBANK, TCS, ICICIBANK and SBIN.
var listed = []uint32{408065, 738561, 341249, 2953217, 1270529, 779521}

func main() {
	duration := flag.Duration("duration", 0, "how long to run; 0 is until Ctrl-C")
	rate := flag.Float64("rate", 20, "updates per second and instrument of the simulated exchange")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: engine [flags] [TOKEN...]\n\nFlags:\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *duration > 0 {
		ctx, stop = context.WithTimeout(ctx, *duration)
		defer stop()
	}
	if err := run(ctx, flag.Args(), *rate, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, rate float64, out io.Writer) error {
	tokens, err := parseTokens(args)
	if err != nil {
		return err
	}
	market, err := feed.Open(kitetest.Config{Instruments: tokens, Rate: rate})
	if err != nil {
		return err
	}
	defer market.Close()
	log := log.New(out, "", log.Ltime|log.Lmicroseconds)
	log.Printf("%d instruments on %v", len(tokens), market)
	place := dryRun
	if market.Exchange != nil {
		place = paper(market.Exchange)
	}
	e, err := newEngine(market.Config, tokens, place, log)
	if err != nil {
		return err
	}
	err = e.run(ctx)
	e.report()
	return err
}

func parseTokens(args []string) ([]uint32, error) {
	if len(args) == 0 {
		return listed, nil
	}
	tokens := make([]uint32, len(args))
	for i, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not an instrument token", arg)
		}
		tokens[i] = uint32(n)
	}
	return tokens, nil
}

// paper returns a broker that fills every order at its price. The update comes
// back as it would from Kite: on every connection.
func paper(exchange *kitetest.Server) func(order) error {
	return func(o order) error {
		kind, quantity := o.transaction()
		return exchange.SendOrder(map[string]any{
			"order_id":         o.id,
			"status":           "COMPLETE",
			"instrument_token": o.token,
			"transaction_type": kind,
			"quantity":         quantity,
			"filled_quantity":  quantity,
			"average_price":    json.Number(o.price),
		})
	}
}

// dryRun places nothing.
func dryRun(order) error { return nil }
