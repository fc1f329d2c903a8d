package kiteticker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/kiteticker/kiteticker/conn"
)

// account is one API key's present token, shared by its connections.
type account struct {
	apiKey  string
	token   atomic.Pointer[string]
	refresh func(context.Context) (string, error)
	asking  chan struct{} // capacity 1: held by the connection that asks for a token

	failures atomic.Uint64 // of refresh
	failure  error         // the latest; guarded by asking

	deafSince time.Time // no connection is up since then, zero if one is; guarded by Client.mu
}

func newAccount(a Account) *account {
	acc := &account{apiKey: a.APIKey, refresh: a.Refresh, asking: make(chan struct{}, 1)}
	acc.token.Store(&a.AccessToken)
	return acc
}

func (a *account) credentials() (apiKey, accessToken string) { return a.apiKey, *a.token.Load() }

// RefreshFailed says that Config.Refresh gave no usable access token. It is
// asked again after a while.
type RefreshFailed struct {
	Account int
	Err     error
}

// renew asks the account of connection id for a new access token.
func (c *Client) renew(ctx context.Context, id, account int, refused string) error {
	acc := c.accounts[account]
	err := acc.renew(ctx, refused)
	if err != nil && ctx.Err() == nil {
		c.mu.Lock()
		c.lines[id].life.errors.Refresh++
		c.mu.Unlock()
		c.post(id, time.Now(), &RefreshFailed{Account: account, Err: conn.Redact(err, refused)})
	}
	return err
}

// renew replaces the refused token. The connections of an account are refused
// together: the first to come asks, and the others find its answer.
func (a *account) renew(ctx context.Context, refused string) error {
	before := a.failures.Load()
	select {
	case a.asking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-a.asking }()
	if *a.token.Load() != refused {
		return nil
	}
	if a.failures.Load() != before { // it failed while we waited for our turn: one login, not three
		return a.failure
	}
	token, err := a.refresh(ctx)
	switch {
	case err != nil:
	case token == "":
		err = errors.New("kiteticker: Refresh returned an empty access token")
	case token == refused:
		err = errors.New("kiteticker: Refresh returned the access token that the server refused")
	default:
		a.token.Store(&token)
		return nil
	}
	a.failure = err
	a.failures.Add(1)
	return err
}
