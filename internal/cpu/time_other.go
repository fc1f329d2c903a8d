//go:build !linux

package cpu

import "time"

func used() (time.Duration, error) { return 0, ErrUnsupported }

func sleep(d time.Duration) { time.Sleep(d) }
