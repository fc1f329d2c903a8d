// Command pace gives one feed to four consumers, each at its own pace, and then
// proves that the books of all of them balance.
//
//	            ┌─ fast        keeps up
//	exchange ───┼─ dropping    1 ms for each tick; what does not fit its ring is lost, and told
//	            ├─ conflating  1 ms for each tick, too, but always the newest of an instrument
//	            └─ blocking    a recorder that must have every tick, and stands still for 2 s of every 4
//
// Each second has a line for each stream: how many ticks it received, lost and
// replaced in that second, how many wait now, and how old the oldest was that it
// read. That last column is the difference between dropping and conflating: both
// skip most ticks, but what the first one reads has waited behind a full ring.
//
//	go run ./examples/pace
//
// A stream that blocks disturbs the others once its ring is full, and not
// before. Here the ring is deep: it holds several times what comes while the
// recorder stands still, so nobody else notices. See what happens with one that
// does not: the connections wait, and with them everybody.
//
//	go run ./examples/pace -ring 512
//
// In the end the market closes, every stream is read empty, and each instrument
// of each stream is compared with what the exchange sent: its bytes, its order,
// and that what is missing was told, tick by tick. The exit code is 1 if
// anything is not as it should be. That takes an exchange that keeps a record,
// so pace always runs on the simulated one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/kiteticker/kiteticker/examples/internal/feed"
	"github.com/kiteticker/kiteticker/kitetest"
)

// options are what the command line says.
type options struct {
	duration    time.Duration
	instruments int
	rate        float64 // updates per second and instrument
	ring        int     // of the stream that blocks: ticks for each connection
}

func main() {
	var opt options
	flag.DurationVar(&opt.duration, "duration", 10*time.Second, "how long the market is open; Ctrl-C closes it early")
	flag.IntVar(&opt.instruments, "instruments", 300, "how many instruments, 1 to 9000")
	flag.Float64Var(&opt.rate, "rate", 10, "updates per second and instrument")
	flag.IntVar(&opt.ring, "ring", 8192, "ring of the stream that blocks, in ticks for each connection")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, opt, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pace:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, opt options, out io.Writer) error {
	if opt.instruments < 1 || opt.instruments > 9000 {
		return fmt.Errorf("-instruments is %d, want 1 to 9000", opt.instruments)
	}
	if !(opt.rate > 0 && opt.rate <= 1000) { // NaN neither
		return fmt.Errorf("-rate is %v, want more than 0 and at most 1000", opt.rate)
	}
	sent := newTape()
	market, err := feed.Open(opt.exchange(sent))
	if err != nil {
		return err
	}
	defer market.Close()
	if market.Exchange == nil {
		return errors.New("there is no record of what Kite sends to compare with: unset KITE_API_KEY and KITE_ACCESS_TOKEN")
	}
	return play(ctx, opt, market, sent, out)
}

// exchange returns an exchange that puts what it sends on a tape.
func (opt options) exchange(sent *tape) kitetest.Config {
	return kitetest.Config{Instruments: kitetest.Universe(opt.instruments), Rate: opt.rate, OnTick: sent.add}
}
