package kiteticker

import "github.com/kiteticker/kiteticker/stats"

// orderFilter lets each order update through once. The server sends it on every
// connection of the user, so with three it comes three times. Two updates are
// the same if their data is, to the byte: one that changed anything, be it a
// timestamp, always passes.
type orderFilter struct {
	known    map[string]struct{}
	recent   [rememberedOrders]string // a circle, to forget the oldest
	next     int
	repeated stats.Counter
}

// rememberedOrders is far more than can be on its way on three connections.
const rememberedOrders = 4096

func (f *orderFilter) first(o *Order) bool {
	data := string(o.Data)
	if _, known := f.known[data]; known {
		f.repeated.Add(1)
		return false
	}
	if f.known == nil {
		f.known = make(map[string]struct{})
	}
	delete(f.known, f.recent[f.next])
	f.known[data] = struct{}{}
	f.recent[f.next] = data
	f.next = (f.next + 1) % rememberedOrders
	return true
}
