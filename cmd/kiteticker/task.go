package main

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
