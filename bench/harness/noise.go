package harness

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// jiffies are the machine's times since it started, over all CPUs, in the unit
// of /proc/stat.
type jiffies struct{ total, idle, steal float64 }

// jiffiesPerSecond is how many jiffies a CPU has in a second: USER_HZ, 100 wherever
// Linux runs Go.
const jiffiesPerSecond = 100

// readJiffies reads /proc/stat; where there is none it returns zeros.
func readJiffies() jiffies {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return jiffies{}
	}
	return parseJiffies(string(text))
}

// parseJiffies takes the first line of /proc/stat: user nice system idle iowait
// irq softirq steal, then guest times, which user and nice already contain
// (proc_stat(5)).
func parseJiffies(stat string) (j jiffies) {
	const idle, iowait, steal = 3, 4, 7
	line, _, _ := strings.Cut(stat, "\n")
	for i, field := range strings.Fields(strings.TrimPrefix(line, "cpu ")) {
		if i > steal {
			break
		}
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return jiffies{}
		}
		j.total += n
		switch i {
		case idle, iowait:
			j.idle += n
		case steal:
			j.steal = n
		}
	}
	return j
}

// noise returns the shares of the machine's time between j and now that were not
// ours: what the hypervisor gave to others while a CPU of this machine wanted to
// run, and what other processes took here, ours having used so much.
func (j jiffies) noise(now jiffies, ours time.Duration) (steal, others float64) {
	total := now.total - j.total
	if total <= 0 {
		return 0, 0
	}
	steal = now.steal - j.steal
	others = total - (now.idle - j.idle) - steal - ours.Seconds()*jiffiesPerSecond
	return steal / total, max(others, 0) / total
}
