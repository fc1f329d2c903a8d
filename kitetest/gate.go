package kitetest

// gate is a lock that may be held while waiting for a peer. Waiting for it is
// a channel operation, so it does not stop the clock of a synctest bubble as
// waiting for a sync.Mutex does. Waiters get it in order.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) lock()   { g <- struct{}{} }
func (g gate) unlock() { <-g }
