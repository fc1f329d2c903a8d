// Package feed says where the market of an example comes from: from Kite if
// the environment has credentials, else from a simulated exchange.
package feed

import (
	"errors"
	"os"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
)

// Feed is a market to connect to.
type Feed struct {
	Config   kiteticker.Config // how to connect; the rest of it is the caller's
	Exchange *kitetest.Server  // the simulated exchange, nil if the market is Kite's
}

// Open returns Kite's market if KITE_API_KEY and KITE_ACCESS_TOKEN are set. If
// neither is, it starts the simulated exchange on loopback. One without the
// other is an error: somebody who thinks he watches Kite must not be shown
// invented prices. The caller closes the feed.
func Open(exchange kitetest.Config) (*Feed, error) {
	key, token := os.Getenv("KITE_API_KEY"), os.Getenv("KITE_ACCESS_TOKEN")
	if key != "" && token != "" {
		return &Feed{Config: kiteticker.Config{APIKey: key, AccessToken: token}}, nil
	}
	if key != "" || token != "" {
		return nil, errors.New("one of KITE_API_KEY and KITE_ACCESS_TOKEN is set: set both, or neither for the simulated exchange")
	}
	srv, err := kitetest.Listen(exchange)
	if err != nil {
		return nil, err
	}
	return &Feed{
		Config:   kiteticker.Config{APIKey: "simulated", AccessToken: "simulated", URL: srv.URL()},
		Exchange: srv,
	}, nil
}

// String names the market.
func (f *Feed) String() string {
	if f.Exchange != nil {
		return "simulated exchange at " + f.Exchange.URL()
	}
	return "Kite"
}

// Close stops the simulated exchange.
func (f *Feed) Close() error {
	if f.Exchange == nil {
		return nil
	}
	return f.Exchange.Close()
}
