package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is a program that runs beside the tests and dies with them, however they end.
type child struct {
	command *exec.Cmd
	log     string        // what it prints goes to this file
	done    chan struct{} // closed once it has ended
}

// startChild starts a program with further variables in its environment.
func startChild(program, log string, environment []string, arguments ...string) (*child, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	c := &child{command: exec.Command(program, arguments...), log: log, done: make(chan struct{})}
	c.command.Stdout, c.command.Stderr = out, out
	c.command.Env = append(os.Environ(), environment...)
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		c.command.Wait()
		close(c.done)
	}()
	return c, nil
}

// until waits for a condition; a child that ends before, and a start that takes too long, are errors with the child's last words.
func (c *child) until(ctx context.Context, isReady func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for !isReady() {
		why := ""
		select {
		case <-time.After(50 * time.Millisecond):
			continue
		case <-c.done:
			why = "it ended"
		case <-ctx.Done():
			why = ctx.Err().Error()
		}
		words, _ := os.ReadFile(c.log)
		return fmt.Errorf("%s: %s: %s", c.command.Path, why, lastLines(words, 5))
	}
	return nil
}

// kill ends the child and waits until it has.
func (c *child) kill() {
	c.command.Process.Kill()
	<-c.done
}

// Kubectl runs kubectl on the cluster and returns what it printed on both streams, in their order.
func (s *Server) Kubectl(ctx context.Context, arguments ...string) (string, error) {
	return s.run(ctx, exec.CommandContext(ctx, s.programs.Path("kubectl"), arguments...))
}

// Shell runs a line of a shell in which kubectl is on the PATH and finds the cluster, in a directory.
func (s *Server) Shell(ctx context.Context, dir, line string) (string, error) {
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Dir = dir
	return s.run(ctx, c)
}

func (s *Server) run(ctx context.Context, c *exec.Cmd) (string, error) {
	c.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig, "KUBECACHEDIR="+s.dir+"/kubectl", "PATH="+string(s.programs)+":"+os.Getenv("PATH"))
	c.WaitDelay = time.Second
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	return out.String(), nil
}
