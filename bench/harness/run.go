package harness

import (
	"math"
	"slices"
	"time"
)

// Run is what one run of a subject under a load took. What is counted is
// counted from the end of the warm-up to the last frame, over the whole process
// of the subject.
type Run struct {
	Latency Latency       `json:"latency"`
	Handled int           `json:"handled"` // frames received in Seconds, for which the processor time and the garbage are
	Missing uint64        `json:"missing"` // frames sent that did not arrive
	Lost    uint64        `json:"lost"`    // ticks that the subject knows it has lost
	Late    uint64        `json:"late"`    // frames that the exchange could not send when they were due
	Seconds float64       `json:"seconds"`
	CPU     time.Duration `json:"cpu"`
	Allocs  uint64        `json:"allocs"` // objects
	GCs     uint64        `json:"gcs"`    // cycles of the garbage collector
	RSS     uint64        `json:"rss"`    // bytes at the end
	Steal   float64       `json:"steal"`  // share of the machine's time that the hypervisor kept, 0 to 1
	Others  float64       `json:"others"` // and what other processes took
	Noisy   bool          `json:"noisy,omitempty"`
}

// Latency is how long frames took, from when they were due to when the receiver
// had their last tick.
type Latency struct {
	Frames int             `json:"frames"`
	P50    time.Duration   `json:"p50"`
	P99    time.Duration   `json:"p99"`
	P999   time.Duration   `json:"p999"`
	Max    time.Duration   `json:"max"`
	Curve  []time.Duration `json:"curve,omitempty"` // at CurvePoint(0), CurvePoint(1)...
}

// curvePoints ends the curve at 99.99 %.
const curvePoints = 41

// CurvePoint returns the i-th quantile of a curve: each ten steps bring another
// nine.
func CurvePoint(i int) float64 { return 1 - math.Pow(10, -float64(i)/10) }

// latencyOf sorts samples.
func latencyOf(samples []time.Duration) Latency {
	slices.Sort(samples)
	l := Latency{Frames: len(samples)}
	if l.Frames == 0 {
		return l
	}
	at := func(q float64) time.Duration { // the smallest sample that q of all do not exceed
		return samples[max(int(math.Ceil(q*float64(len(samples)))), 1)-1]
	}
	l.P50, l.P99, l.P999, l.Max = at(0.5), at(0.99), at(0.999), at(1)
	for i := range curvePoints {
		l.Curve = append(l.Curve, at(CurvePoint(i)))
	}
	return l
}

// median returns a run whose every figure is the median of those of runs, of
// which there is at least one.
func median(runs []Run) Run {
	m := Run{
		Latency: Latency{
			Frames: int(middle(runs, func(r *Run) float64 { return float64(r.Latency.Frames) })),
			P50:    middleTime(runs, func(r *Run) time.Duration { return r.Latency.P50 }),
			P99:    middleTime(runs, func(r *Run) time.Duration { return r.Latency.P99 }),
			P999:   middleTime(runs, func(r *Run) time.Duration { return r.Latency.P999 }),
			Max:    middleTime(runs, func(r *Run) time.Duration { return r.Latency.Max }),
		},
		Handled: int(middle(runs, func(r *Run) float64 { return float64(r.Handled) })),
		Missing: uint64(middle(runs, func(r *Run) float64 { return float64(r.Missing) })),
		Lost:    uint64(middle(runs, func(r *Run) float64 { return float64(r.Lost) })),
		Late:    uint64(middle(runs, func(r *Run) float64 { return float64(r.Late) })),
		Seconds: middle(runs, func(r *Run) float64 { return r.Seconds }),
		CPU:     middleTime(runs, func(r *Run) time.Duration { return r.CPU }),
		Allocs:  uint64(middle(runs, func(r *Run) float64 { return float64(r.Allocs) })),
		GCs:     uint64(middle(runs, func(r *Run) float64 { return float64(r.GCs) })),
		RSS:     uint64(middle(runs, func(r *Run) float64 { return float64(r.RSS) })),
		Steal:   middle(runs, func(r *Run) float64 { return r.Steal }),
		Others:  middle(runs, func(r *Run) float64 { return r.Others }),
	}
	for i := range runs[0].Latency.Curve {
		m.Latency.Curve = append(m.Latency.Curve, middleTime(runs, func(r *Run) time.Duration { return r.Latency.Curve[i] }))
	}
	return m
}

// middle returns the median of a figure, of two in the middle their mean.
func middle(runs []Run, figure func(*Run) float64) float64 {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = figure(&runs[i])
	}
	return Median(values)
}

func middleTime(runs []Run, figure func(*Run) time.Duration) time.Duration {
	return time.Duration(middle(runs, func(r *Run) float64 { return float64(figure(r)) }))
}

// Median returns the median of values, which it sorts; 0 if there are none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// CPUPerFrame returns the processor time of one frame, in nanoseconds.
func (r *Run) CPUPerFrame() float64 { return float64(r.CPU) / float64(max(r.Handled, 1)) }

// AllocsPerFrame returns the objects allocated for one frame. The harness itself
// makes some twenty in a run.
func (r *Run) AllocsPerFrame() float64 { return float64(r.Allocs) / float64(max(r.Handled, 1)) }
