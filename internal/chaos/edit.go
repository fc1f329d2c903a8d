package main

import (
	"errors"
	"slices"

	"github.com/kiteticker/kiteticker"
)

// subscribe adds n of the spare instruments, half of them in each mode that
// carries a volume.
func (r *rig) subscribe(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(n)
}

// edit exchanges n of the instruments, and gives n others another mode.
func (r *rig) edit(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := r.take(&r.held, n)
	r.audit.unsubscribed(gone)
	err := r.client.Unsubscribe(gone...)

	mode := kiteticker.ModeFull
	if r.rng.IntN(2) == 0 {
		mode = kiteticker.ModeQuote
	}
	changed := r.take(&r.held, n)
	err = errors.Join(err, r.client.SetMode(mode, changed...), r.add(n))
	r.held = append(r.held, changed...)
	r.spare = append(r.spare, gone...)
	return err
}

// add subscribes. The caller holds r.mu.
func (r *rig) add(n int) error {
	r.fresh = r.take(&r.spare, n)
	r.held = append(r.held, r.fresh...)
	half := len(r.fresh) / 2
	err := errors.Join(
		r.client.Subscribe(kiteticker.ModeFull, r.fresh[:half]...),
		r.client.Subscribe(kiteticker.ModeQuote, r.fresh[half:]...))
	r.audit.subscribed(r.fresh)
	return err
}

// take removes n random elements from list, or all.
func (r *rig) take(list *[]uint32, n int) []uint32 {
	l := *list
	n = min(n, len(l))
	for i := range n {
		j := i + r.rng.IntN(len(l)-i)
		l[i], l[j] = l[j], l[i]
	}
	taken := slices.Clone(l[:n])
	*list = slices.Delete(l, 0, n)
	return taken
}

// subscribed returns the instruments that are desired.
func (r *rig) subscribed() []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.held)
}
