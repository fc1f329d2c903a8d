package kiteticker

import "testing"

func TestChoose(t *testing.T) {
	for _, tc := range []struct {
		profile     Profile
		busyPoll    bool
		conns, cpus int
		inline      bool
		pollers     int
		reason      bool // it is less than was asked for
	}{
		{Balanced, false, 3, 1, false, 0, false},
		{Balanced, false, 3, 64, false, 0, false},
		{Balanced, true, 1, 2, false, 1, false},
		{Balanced, true, 3, 8, false, 3, false},
		{Inline, false, 3, 8, true, 0, false},
		{Inline, true, 3, 2, true, 1, true},
		{LowLatency, false, 1, 1, true, 0, true},
		{LowLatency, false, 9, 1, true, 0, true},
		{LowLatency, true, 3, 1, true, 1, true}, // insisted
		{LowLatency, false, 1, 2, true, 1, false},
		{LowLatency, false, 3, 2, true, 1, true},
		{LowLatency, false, 3, 3, true, 2, true},
		{LowLatency, false, 3, 4, true, 3, false},
		{LowLatency, false, 3, 128, true, 3, false},
		{LowLatency, false, 9, 8, true, 7, true},
	} {
		got := choose(tc.profile, tc.busyPoll, tc.conns, tc.cpus, false, true)
		if got.inline != tc.inline || got.pollers != tc.pollers || (got.reason != "") != tc.reason {
			t.Errorf("%v, BusyPoll %v, %d connections on %d CPUs: %+v, want inline %v, %d pollers, a reason %v",
				tc.profile, tc.busyPoll, tc.conns, tc.cpus, got, tc.inline, tc.pollers, tc.reason)
		}
	}
}

// What a machine cannot do is not promised, and what was asked for in vain is
// named.
func TestChooseSaysWhyNot(t *testing.T) {
	for _, tc := range []struct {
		got  plan
		want string
	}{
		{choose(LowLatency, false, 3, 8, false, false), "sockets cannot be polled on this system"},
		{choose(Balanced, true, 3, 8, true, false), "sockets cannot be polled on this system"},
		{choose(LowLatency, false, 1, 1, true, true), "there is one CPU: a goroutine that polls would keep all others from it; no goroutine spins that PinCPUs could bind"},
		{choose(LowLatency, false, 1, 8, true, true), ""},
		{choose(Balanced, false, 1, 8, true, true), ""},
	} {
		if tc.got.reason != tc.want || (tc.want != "" && tc.got.pollers != 0) {
			t.Errorf("%+v, want reason %q", tc.got, tc.want)
		}
	}
}
