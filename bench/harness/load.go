package harness

import (
	"fmt"
	"math"
	"time"
)

// Load is what the exchange sends.
type Load struct {
	Name        string  `json:"name"`
	Conns       int     `json:"conns"`       // sockets
	Instruments int     `json:"instruments"` // over all sockets, each on one, all in full mode
	Packets     int     `json:"packets"`     // of a frame
	Rate        float64 `json:"rate"`        // frames per second and socket; 0 is as fast as the sockets take them
}

// Loads returns the loads that there are, each with what it asks.
func Loads() []Load {
	return []Load{
		{Name: "single", Conns: 1, Instruments: 1, Packets: 1, Rate: 1000},     // what one tick waits, on an idle machine
		{Name: "three", Conns: 3, Instruments: 300, Packets: 100, Rate: 200},   // the same with work to do
		{Name: "design", Conns: 3, Instruments: 9000, Packets: 120, Rate: 100}, // 4 ticks a second of each instrument
		{Name: "burst", Conns: 1, Instruments: 3000, Packets: 3000, Rate: 50},  // the largest message, as after subscribing
		{Name: "endless", Conns: 3, Instruments: 300, Packets: 100, Rate: 0},   // what it cannot keep up with
	}
}

func (l Load) String() string {
	frames := fmt.Sprintf("%g frames/s each", l.Rate)
	if l.Endless() {
		frames = "as fast as they take it"
	}
	return fmt.Sprintf("%s: %s, %s to a frame, %s, %s", l.Name,
		count(l.Conns, "socket"), count(l.Packets, "tick"), frames, count(l.Instruments, "instrument"))
}

// Endless reports whether the sockets alone set the pace.
func (l Load) Endless() bool { return l.Rate == 0 }

// gap returns the time between two frames of all sockets together. Rounded up:
// the last frame would be one too many otherwise.
func (l Load) gap() time.Duration {
	return time.Duration(math.Ceil(float64(time.Second) / (l.Rate * float64(l.Conns))))
}

// expect returns how many frames the load has in d, or a guess if it is
// endless: recorders make room for them beforehand.
func (l Load) expect(d time.Duration) int {
	rate := l.Rate
	if l.Endless() {
		rate = 50_000
	}
	return int(rate*d.Seconds()*float64(l.Conns)) + 1
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
