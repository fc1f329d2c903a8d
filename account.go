package kiteticker

import (
	"context"
	"errors"
	"sync/atomic"
)

// account is one API key's present token, shared by its connections.
type account struct {
	apiKey  string
	token   atomic.Pointer[string]
	refresh func(context.Context) (string, error)
	asking  chan struct{} // capacity 1: held by the connection that asks for a token
}

func newAccount(a Account) *account {
	acc := &account{apiKey: a.APIKey, refresh: a.Refresh, asking: make(chan struct{}, 1)}
	acc.token.Store(&a.AccessToken)
	return acc
}

func (a *account) credentials() (apiKey, accessToken string) { return a.apiKey, *a.token.Load() }

// renew replaces the refused token. The connections of an account are refused
// together: the first to come asks, and the others find its answer.
func (a *account) renew(ctx context.Context, refused string) error {
	select {
	case a.asking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-a.asking }()
	if *a.token.Load() != refused {
		return nil
	}
	token, err := a.refresh(ctx)
	switch {
	case err != nil:
		return err
	case token == "":
		return errors.New("kiteticker: Refresh returned an empty access token")
	case token == refused:
		return errors.New("kiteticker: Refresh returned the access token that the server refused")
	}
	a.token.Store(&token)
	return nil
}
