package main

import "time"

// task is a goroutine that somebody waits for.
type task struct {
	done chan struct{} // closed when it has ended
	err  error         // what it returned, once done
}

func (t *task) start(run func() error) {
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		t.err = run()
	}()
}

// wait returns what the task returned.
func (t *task) wait() error {
	<-t.done
	return t.err
}

// over waits for the task as long as it makes progress at least once in the
// given time. It returns false if it did not, and is not over.
func (t *task) over(limit time.Duration, progress func() uint64) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for last := progress(); ; last = progress() {
		select {
		case <-t.done:
			return true
		case <-timer.C:
			if progress() == last {
				return false
			}
			timer.Reset(limit)
		}
	}
}
