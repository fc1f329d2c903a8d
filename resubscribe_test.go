package kiteticker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kiteticker/kiteticker"
	"github.com/kiteticker/kiteticker/kitetest"
	"github.com/kiteticker/kiteticker/shard"
)

// A token that is unsubscribed and subscribed again may land on another
// connection: its ticks stay in order in a stream whose reader is late.
func TestResubscriptionElsewhereKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(3)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens})
		cfg := config(srv)
		cfg.Conns = 2
		c := newClient(t, cfg)
		s := ticks(t, c, kiteticker.StreamConfig{})
		subscribe(t, c, kiteticker.ModeLTP, tokens[0]) // on connection 0
		subscribe(t, c, kiteticker.ModeLTP, tokens[1]) // on connection 1
		stop := run(c)
		time.Sleep(time.Second)
		s.Poll(1)
		s.Release() // the next look goes to connection 1 first
		for range 3 {
			srv.Step()
			time.Sleep(time.Second)
		}
		c.Unsubscribe(tokens[0])
		subscribe(t, c, kiteticker.ModeLTP, tokens[2]) // takes the place
		subscribe(t, c, kiteticker.ModeLTP, 12345)
		c.Unsubscribe(tokens[1])
		subscribe(t, c, kiteticker.ModeLTP, tokens[0])
		if id, _ := c.ConnOf(tokens[0]); id != 1 {
			t.Fatalf("the token is on connection %d, this test needs 1", id)
		}
		for range 3 {
			time.Sleep(time.Second)
			srv.Step()
		}
		synctest.Wait()
		stop()
		var last int64
		conns := map[uint8]int{}
		for tick := range s.All(t.Context()) {
			if tick.Token == tokens[0] {
				conns[tick.Conn]++
				if tick.ReceivedAt < last {
					t.Errorf("a tick of connection %d, received at %d, after one received at %d", tick.Conn, tick.ReceivedAt, last)
				}
				last = tick.ReceivedAt
			}
		}
		if conns[0] < 3 || conns[1] < 3 {
			t.Errorf("ticks by connection: %v, want at least 3 of each", conns)
		}
	})
}

// A token that is subscribed anew has no home to return to.
func TestResubscriptionForgetsItsHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(3)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens, Rate: 1})
		cfg := config(srv)
		pin := 0
		cfg.Sharding, cfg.PinToken = shard.Pinned, func(uint32) int { return pin }
		c := newClient(t, cfg)
		subscribe(t, c, kiteticker.ModeLTP, tokens...)
		stop := run(c)
		time.Sleep(20 * time.Second)
		srv.Reject(503, nil, "", 8)
		socketOf(t, srv, tokens[0]).Drop()
		time.Sleep(20 * time.Second)
		c.Unsubscribe(tokens...)
		pin = 2
		subscribe(t, c, kiteticker.ModeLTP, tokens...)
		time.Sleep(5 * time.Minute)
		if id, _ := c.ConnOf(tokens[0]); id != 2 {
			t.Errorf("pinned to 2, which was always live, and on %d", id)
		}
		stop()
	})
}

// Changes made while commands are paced fold into one difference.
func TestPacedChangesFold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := kitetest.Universe(3)
		srv := kitetest.NewServer(t, kitetest.Config{Instruments: tokens})
		cfg := config(srv)
		cfg.Conns, cfg.CommandGap = 1, time.Second
		c := newClient(t, cfg)
		stop := run(c)
		time.Sleep(time.Second)
		for range 500 {
			subscribe(t, c, kiteticker.ModeLTP, tokens[0])
			time.Sleep(50 * time.Millisecond)
			c.Unsubscribe(tokens[0])
			time.Sleep(50 * time.Millisecond)
		}
		subscribe(t, c, kiteticker.ModeLTP, tokens[1])
		time.Sleep(10 * time.Second)
		if got := srv.Conns()[0].Tokens(); len(got) != 1 || got[tokens[1]] != kiteticker.ModeLTP {
			t.Errorf("ten seconds after the last change the server holds %v", got)
		}
		stop()
	})
}
