package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

var demoCommand = &command{
	name:    "demo",
	summary: "receive a simulated exchange and check every tick; needs no account",
	manual: `
Demo starts a simulated exchange on a TCP port of this machine, connects to it
as to the real one, subscribes to instruments of all segments and shows what
arrives. In the end it compares, instrument by instrument, what was sent with
what was received: the number of ticks, their order and their bytes.

It exits 0 if all of it is right, and 1 if not. Ctrl-C ends it early, with the
same check. Latency is measured from the moment the exchange writes a message
to the moment the program that uses the library holds the tick.

With -json it prints nothing but one object at the end. What it counts begins
after the first snapshot of all instruments.

Examples:

	kiteticker demo
	kiteticker demo -instruments 300 -conns 1 -rate 20 -mode quote -duration 30s
	kiteticker demo -rate max
	kiteticker demo -duration 5s -json
`,
	setup: func(f *flags) job {
		d := &demo{conns: kiteticker.MaxConns, rate: 4, mode: kiteticker.ModeFull, duration: 10 * time.Second}
		f.whole(&d.instruments, "instruments", 1, kiteticker.MaxConns*kiteticker.MaxTokensPerConn,
			"subscribe to `N` instruments")
		f.Lookup("instruments").DefValue = "3000 for each connection, the most it takes"
		f.whole(&d.conns, "conns", 1, kiteticker.MaxConns, "`N` connections, 1 to 3")
		f.rate(&d.rate, "rate", rateUsage)
		choice(f, &d.mode, "mode", modeUsage, modes...)
		f.span(&d.duration, "duration", "watch for `DURATION`, counted from the first snapshot")
		choice(f, &d.profile, "profile", "receive ticks by this `PROFILE`: balanced, inline or low-latency", kiteticker.Balanced, kiteticker.Inline, kiteticker.LowLatency)
		f.toggle(&d.json, "json", "print one JSON object at the end and nothing else")
		return d.run
	},
}

// Of flags that several commands have.
const (
	rateUsage = "`R` updates per second of each instrument, or max: as fast as possible"
	modeUsage = "subscribe in this `MODE`: ltp, quote or full"
)

var modes = []kiteticker.Mode{kiteticker.ModeLTP, kiteticker.ModeQuote, kiteticker.ModeFull}

// demo is one run of the command: the exchange, the client of it, and what
// checks the ticks.
type demo struct {
	instruments, conns int
	rate               float64
	mode               kiteticker.Mode
	duration           time.Duration
	profile            kiteticker.Profile
	json               bool

	server    *kitetest.Server
	client    *kiteticker.Client
	consumers []*consumer
}

// patience is how long the demo waits for ticks that are on their way while
// none arrives.
const patience = 10 * time.Second

func (d *demo) run(ctx context.Context, sh *shell, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	most := d.conns * kiteticker.MaxTokensPerConn
	if d.instruments == 0 {
		d.instruments = most
	}
	if d.instruments > most {
		return usagef("-instruments is %d, want at most %d with -conns %d", d.instruments, most, d.conns)
	}
	if err := d.open(); err != nil {
		return err
	}
	defer d.server.Close()
	return d.play(ctx, sh)
}

// play runs a demo that is open.
func (d *demo) play(ctx context.Context, sh *shell) error {
	// What ends the demo does not end the client: it is to receive what was
	// sent until then.
	clientCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var client task
	client.start(func() error { return d.client.Run(clientCtx) })
	for _, c := range d.consumers {
		c.start()
	}
	screen := newScreen(sh, d)
	res, err := d.measure(ctx, screen, &client)
	stop()
	err = errors.Join(err, client.wait())
	for _, c := range d.consumers {
		c.wait()
	}
	if err != nil {
		return err
	}
	res.differences = compare(d.server.Ledger(), d.received())
	return d.report(sh, res)
}

// open makes everything that takes part, and starts the exchange with its
// market closed.
func (d *demo) open() (err error) {
	tokens := kitetest.Universe(d.instruments)
	d.server, err = kitetest.Listen(kitetest.Config{Instruments: tokens, Rate: d.rate, Stamp: true})
	if err != nil {
		return err
	}
	d.server.Pause()
	d.client, err = kiteticker.New(kiteticker.Config{
		APIKey: "demo", AccessToken: "demo", URL: d.server.URL(),
		Conns: d.conns, Profile: d.profile, TickRing: d.tickRing(),
	})
	if err == nil {
		err = d.client.Subscribe(d.mode, tokens...)
	}
	for i := 0; i < d.conns && err == nil; i++ {
		var c *consumer
		if c, err = newConsumer(d.client, i); err == nil {
			d.consumers = append(d.consumers, c)
		}
	}
	if err != nil {
		d.server.Close()
	}
	return err
}

// tickRing returns the capacity of the tick rings: the library's default at a
// finite rate. As fast as possible, more than a million ticks a second come
// down each connection, and the exchange does not wait for a consumer: the ring
// must hold what comes while the operating system runs somebody else. This one
// has a fifth of a second, in 55 MB.
func (d *demo) tickRing() int {
	if math.IsInf(d.rate, 1) {
		return 1 << 18
	}
	return 0
}

// measure opens the market after the first snapshot, watches it until the time
// is over or ctx is done, closes it, and waits for what is under way.
func (d *demo) measure(ctx context.Context, screen *screen, client *task) (*result, error) {
	if err := screen.open(); err != nil {
		return nil, err
	}
	// Not ended by ctx: a snapshot that is half received cannot be checked.
	if err := d.wait(client, func() bool { return d.allSubscribed() && d.allReceived() }); err != nil {
		return nil, fmt.Errorf("the first snapshot: %w", err)
	}
	runtime.GC() // what starting up left behind is not the steady state's
	res := &result{begin: d.sample(), memory: readMemory()}
	d.server.Resume()
	err := screen.watch(ctx, res.begin, client)
	d.server.Pause()
	res.closed, res.early = time.Now(), ctx.Err() != nil
	if err == nil {
		err = d.wait(client, d.allReceived)
	}
	if err != nil && !errors.Is(err, errMissing) { // the report tells what is missing, with more detail
		return nil, err
	}
	res.memory = readMemory().since(res.memory)
	res.end = d.sample()
	return res, nil
}

var errMissing = errors.New("ticks are missing")

// wait polls done until it returns true. It gives up when nothing was received
// for a while.
func (d *demo) wait(client *task, done func() bool) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	last, since := d.ticks(), time.Now()
	for !done() {
		select {
		case <-client.done:
			return errEnded
		case now := <-poll.C:
			if n := d.ticks(); n != last {
				last, since = n, now
			} else if now.Sub(since) > patience {
				return fmt.Errorf("%w: %s sent, %s received, and no more for %v",
					errMissing, group(d.server.Totals().Ticks), group(n), patience)
			}
		}
	}
	return nil
}

// errEnded is what the demo makes of a client that ends by itself; the client
// says why.
var errEnded = errors.New("the client has ended")

// allSubscribed reports whether the exchange has each instrument subscribed in
// the wanted mode; the snapshots were sent then.
func (d *demo) allSubscribed() bool {
	n := 0
	for _, c := range d.server.Conns() {
		for _, mode := range c.Tokens() {
			if mode == d.mode {
				n++
			}
		}
	}
	return n == d.instruments
}

// allReceived reports whether every tick sent has reached a consumer, or is
// known to be lost.
func (d *demo) allReceived() bool {
	return d.ticks()+d.lost() >= d.server.Totals().Ticks
}

// ticks returns how many ticks the consumers have checked.
func (d *demo) ticks() (n uint64) {
	for _, c := range d.consumers {
		n += c.ticks.Load()
	}
	return n
}

// lost returns how many ticks the consumers have lost by being too slow.
func (d *demo) lost() (n uint64) {
	for _, c := range d.consumers {
		n += c.stream.Lost()
	}
	return n
}
