package harness

import (
	"os"
	"strconv"
	"strings"
)

// jiffies are the machine's times since it started, over all CPUs.
type jiffies struct{ total, steal float64 }

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
	const steal = 7
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
		if i == steal {
			j.steal = n
		}
	}
	return j
}

// stolen returns the share of the machine's time since j that the hypervisor
// gave to others while a CPU of this machine wanted to run.
func (j jiffies) stolen() float64 {
	now := readJiffies()
	if now.total <= j.total {
		return 0
	}
	return (now.steal - j.steal) / (now.total - j.total)
}
