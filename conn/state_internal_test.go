package conn

import "testing"

// The transitions are an internal rule; from outside only a bug could break it.
func TestTransitionsAreEnforced(t *testing.T) {
	states := []State{StateIdle, StateDialing, StateLive, StateStale, StateBackingOff, StateRefused, StateStopped}
	legal := map[[2]State]bool{
		{StateIdle, StateDialing}: true, {StateIdle, StateRefused}: true, {StateIdle, StateStopped}: true,
		{StateDialing, StateLive}: true, {StateDialing, StateBackingOff}: true, {StateDialing, StateRefused}: true, {StateDialing, StateStopped}: true,
		{StateLive, StateStale}: true, {StateLive, StateBackingOff}: true, {StateLive, StateStopped}: true,
		{StateStale, StateLive}: true, {StateStale, StateBackingOff}: true, {StateStale, StateStopped}: true,
		{StateBackingOff, StateDialing}: true, {StateBackingOff, StateStopped}: true,
		{StateRefused, StateBackingOff}: true, {StateRefused, StateDialing}: true, {StateRefused, StateStopped}: true,
	}
	for _, from := range states {
		for _, to := range states {
			c := &Conn{cfg: Config{Notify: func(Transition) {}}, log: discard}
			c.state.Store(uint32(from))
			panicked := func() (p bool) {
				defer func() { p = recover() != nil }()
				c.to(to, nil, 0)
				return false
			}()
			if panicked == legal[[2]State{from, to}] {
				t.Errorf("%v to %v: panicked is %v", from, to, panicked)
			}
		}
	}
}
