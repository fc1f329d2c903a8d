package harness

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Each run has two processes of its own, made of this program: what is measured
// (the receiver), and its exchange. In one process Go's scheduler would hand a
// frame from the writer to the reader without a wake-up that real traffic needs,
// and the processor time, the memory and the garbage of both would be mixed.
const (
	roleEnv = "KITETICKER_BENCH_ROLE"
	specEnv = "KITETICKER_BENCH_SPEC"
)

// spec is one run, as its processes are told of it.
type spec struct {
	Load       Load          `json:"load"`
	TLS        bool          `json:"tls"`
	Subject    string        `json:"subject"`
	Subscribes bool          `json:"subscribes"`
	Warm       time.Duration `json:"warm"`     // sent before what counts
	Duration   time.Duration `json:"duration"` // of what counts
}

// Child makes this process the exchange or the receiver of a run, if that is
// what it was started for, and does not return then. A program that measures
// calls it first of all.
func Child(subjects []Subject) {
	role := os.Getenv(roleEnv)
	if role == "" {
		return
	}
	if err := playRole(role, subjects); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func playRole(role string, subjects []Subject) error {
	var sp spec
	if err := json.Unmarshal([]byte(os.Getenv(specEnv)), &sp); err != nil {
		return fmt.Errorf("%s: %w", specEnv, err)
	}
	switch role {
	case "exchange":
		return serve(&sp, os.Stdin, os.Stdout)
	case "receiver":
		for i := range subjects {
			if subjects[i].Name == sp.Subject {
				run, err := receive(&sp, &subjects[i])
				if err != nil {
					return err
				}
				return json.NewEncoder(os.Stdout).Encode(run)
			}
		}
		return fmt.Errorf("there is no subject %q", sp.Subject)
	}
	return fmt.Errorf("%s is %q", roleEnv, role)
}

// child is a process that speaks JSON on its standard output and ends with its
// standard input.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err bytes.Buffer // what a receiver and its exchange complain of
}

func startChild(ctx context.Context, role string, sp *spec) (*child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(sp)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, specEnv+"="+string(text))
	c := &child{cmd: cmd}
	if cmd.Stderr = os.Stderr; role == "receiver" {
		cmd.Stderr, cmd.WaitDelay = &c.err, time.Second
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.out = in, bufio.NewReader(out)
	return c, cmd.Start()
}

// hear waits for the child's next word, which is a line. Waiting allocates
// nothing, and what reading it does is little: it counts as the subject's.
func (c *child) hear(v any) error {
	line, err := c.out.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("process %d ended without a word", c.cmd.Process.Pid)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(line, v)
}

// say writes a word, as a line.
func (c *child) say(v any) error { return json.NewEncoder(c.in).Encode(v) }

// stop ends the child and waits for it.
func (c *child) stop() error {
	c.in.Close()
	err := c.cmd.Wait()
	if err != nil && c.err.Len() > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(c.err.Bytes()))
	}
	return err
}
