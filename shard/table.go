package shard

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/kiteticker/kiteticker/decode"
)

const (
	// DefaultCapacity is how many instruments one connection may carry (Kite
	// documentation).
	DefaultCapacity = 3000
	// MaxConns is how many connections a table may have: [decode.Tick.Conn] is
	// a byte.
	MaxConns = 256
)

// Config describes the connections and how tokens are spread over them.
type Config struct {
	Conns    int                    // connections, 1 to MaxConns; their ids are 0 to Conns-1
	Capacity int                    // tokens per connection; 0 means DefaultCapacity
	Policy   Policy                 // zero is LeastLoaded
	Pin      func(token uint32) int // connection of a token: required by Pinned, which alone calls it
}

func (c Config) validate() error {
	var errs []error
	if c.Conns < 1 || c.Conns > MaxConns {
		errs = append(errs, fmt.Errorf("shard: Conns is %d, want 1 to %d", c.Conns, MaxConns))
	}
	if c.Capacity < 0 {
		errs = append(errs, fmt.Errorf("shard: Capacity is %d, want 1 or more, or 0 for %d", c.Capacity, DefaultCapacity))
	}
	if int(c.Policy) >= len(policyNames) {
		errs = append(errs, fmt.Errorf("shard: Policy is %v, which does not exist", c.Policy))
	}
	if pinned := c.Policy == Pinned; pinned && c.Pin == nil {
		errs = append(errs, errors.New("shard: Policy is pinned, but Pin is nil"))
	} else if !pinned && c.Pin != nil {
		errs = append(errs, fmt.Errorf("shard: Pin is set, but Policy is %v, which would ignore it", c.Policy))
	}
	return errors.Join(errs...)
}

// Set is what one connection carries: tokens and their modes.
type Set map[uint32]decode.Mode

// Table is the desired state: which tokens are wanted, in which mode, on which
// connection. It is not safe for concurrent use.
type Table struct {
	cfg  Config
	sets []Set // by connection; a token is in one set at most
	turn int   // RoundRobin: the connection to be asked first
}

// NewTable returns an empty table. The error joins everything that is wrong
// with cfg.
func NewTable(cfg Config) (*Table, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Capacity == 0 {
		cfg.Capacity = DefaultCapacity
	}
	t := &Table{cfg: cfg, sets: make([]Set, cfg.Conns)}
	for conn := range t.sets {
		t.sets[conn] = Set{}
	}
	return t, nil
}

// Subscribe adds the tokens in the given mode. A token the table has already
// stays on its connection and takes the mode; a token given twice counts once.
//
// It is all or nothing: with an error nothing was changed. The error is a
// [*ModeError], a [*TokenError] for token 0, a [*PinError] or a
// [*CapacityError].
func (t *Table) Subscribe(mode decode.Mode, tokens ...uint32) error {
	if !mode.Subscribable() {
		return &ModeError{Mode: mode}
	}
	if i := slices.Index(tokens, 0); i >= 0 {
		return &TokenError{Index: i, Err: ErrZeroToken}
	}
	fresh := t.fresh(tokens)
	conns, err := t.place(fresh)
	if err != nil {
		return err
	}
	// Nothing can fail from here on.
	if len(fresh) < len(tokens) {
		t.setMode(mode, tokens)
	}
	for i, token := range fresh {
		t.sets[conns[i]][token] = mode
	}
	return nil
}

// SetMode gives the tokens another mode. If one of them is not in the table
// nothing is changed and the error is a [*TokenError] that wraps
// [ErrNotSubscribed]; the error is a [*ModeError] if mode cannot be
// subscribed.
func (t *Table) SetMode(mode decode.Mode, tokens ...uint32) error {
	if !mode.Subscribable() {
		return &ModeError{Mode: mode}
	}
	for i, token := range tokens {
		if _, known := t.Conn(token); !known {
			return &TokenError{Token: token, Index: i, Err: ErrNotSubscribed}
		}
	}
	t.setMode(mode, tokens)
	return nil
}

// setMode gives mode to those tokens that the table has.
func (t *Table) setMode(mode decode.Mode, tokens []uint32) {
	for _, token := range tokens {
		if conn, known := t.Conn(token); known {
			t.sets[conn][token] = mode
		}
	}
}

// Unsubscribe removes the tokens. A token the table does not have is ignored:
// it is already as the caller wants it.
func (t *Table) Unsubscribe(tokens ...uint32) {
	for _, token := range tokens {
		if conn, known := t.Conn(token); known {
			delete(t.sets[conn], token)
		}
	}
}

// fresh returns the tokens that the table does not have, each once, in the
// order given.
func (t *Table) fresh(tokens []uint32) []uint32 {
	fresh := make([]uint32, 0, len(tokens))
	seen := make(map[uint32]struct{}, len(tokens))
	for _, token := range tokens {
		if _, known := t.Conn(token); known {
			continue
		}
		seen[token] = struct{}{}
		if len(seen) > len(fresh) {
			fresh = append(fresh, token)
		}
	}
	return fresh
}

// place chooses a connection for each of the fresh tokens. It changes the
// table's turn, and only when all of them have a place.
func (t *Table) place(fresh []uint32) ([]int, error) {
	load := make([]int, len(t.sets))
	free := 0
	for conn, set := range t.sets {
		load[conn] = len(set)
		free += t.cfg.Capacity - len(set)
	}
	if len(fresh) > free {
		return nil, &CapacityError{Conn: -1, Want: len(fresh), Free: free}
	}
	turn := t.turn
	conns := make([]int, len(fresh))
	for i, token := range fresh {
		conn := 0
		switch t.cfg.Policy {
		case LeastLoaded:
			for other, n := range load {
				if n < load[conn] {
					conn = other
				}
			}
		case RoundRobin:
			for load[turn] == t.cfg.Capacity { // ends: there is room for all of fresh
				turn = (turn + 1) % len(load)
			}
			conn = turn
			turn = (turn + 1) % len(load)
		case Pinned:
			if conn = t.cfg.Pin(token); conn < 0 || conn >= len(load) {
				return nil, &PinError{Token: token, Conn: conn, Conns: len(load)}
			}
		}
		conns[i] = conn
		load[conn]++
	}
	for conn, n := range load { // only pins can ask too much of one connection
		if have := len(t.sets[conn]); n > t.cfg.Capacity {
			return nil, &CapacityError{Conn: conn, Want: n - have, Free: t.cfg.Capacity - have}
		}
	}
	t.turn = turn
	return conns, nil
}

// Conn returns the connection that carries token, and false if none does.
func (t *Table) Conn(token uint32) (int, bool) {
	for conn, set := range t.sets {
		if _, ok := set[token]; ok {
			return conn, true
		}
	}
	return 0, false
}

// Mode returns the mode of token, and false if the table does not have it.
func (t *Table) Mode(token uint32) (decode.Mode, bool) {
	for _, set := range t.sets {
		if mode, ok := set[token]; ok {
			return mode, true
		}
	}
	return 0, false
}

// Len returns how many tokens conn carries. It panics if there is no such
// connection.
func (t *Table) Len(conn int) int { return len(t.sets[conn]) }

// Desired returns what conn should carry. It is the table's own map: it
// follows later changes, and the caller must not write to it. It panics if
// there is no such connection.
func (t *Table) Desired(conn int) Set { return t.sets[conn] }

// All returns all tokens and their modes in ascending order of the tokens, as
// they are when the loop begins: the loop body may change the table.
func (t *Table) All() iter.Seq2[uint32, decode.Mode] {
	return func(yield func(uint32, decode.Mode) bool) {
		all := Set{}
		for _, set := range t.sets {
			maps.Copy(all, set)
		}
		for _, token := range slices.Sorted(maps.Keys(all)) {
			if !yield(token, all[token]) {
				return
			}
		}
	}
}
