package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
)

// sandboxVariable tells topoc that it was started by itself, in a sandbox.
const sandboxVariable = "TOPOC_SANDBOX"

// run starts topoc again in a sandbox, and waits for it; there it emulates.
func (m *emulation) run(e *env, args []string) error {
	c := emulateCommand()
	switch {
	case m.clean && len(args) > 0:
		return c.usagef("emulate --clean takes no TOPOLOGY")
	case m.clean:
		return m.cleanUp(e)
	case len(args) == 0:
		return c.usagef("emulate needs TOPOLOGY")
	case e.getenv(sandboxVariable) == "":
		return m.inSandbox(e, args[0])
	}
	err := m.emulate(e, args[0])
	if !m.keep {
		return err
	}
	status := exitOK
	switch {
	case errors.Is(err, errFound):
		status = exitFound
	case err != nil:
		return err
	}
	return stayUp(e, status)
}

func (m *emulation) cleanUp(e *env) error {
	names, err := emulate.Clean()
	for _, name := range names {
		fmt.Fprintf(e.stdout, "ended the emulation of %s\n", name)
	}
	if err == nil && len(names) == 0 {
		fmt.Fprintln(e.stdout, "no emulation was left up")
	}
	return err
}

// inSandbox runs this very command in a sandbox. Signals end the sandbox, and with it everything in it.
func (m *emulation) inSandbox(e *env, topology string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	p, err := e.itself(context.Background(), supervision{}, write)
	if err != nil {
		return err
	}
	cmd := p.Cmd
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	cmd.Env = append(cmd.Env, sandboxVariable+"=1")
	emulate.Sandbox(cmd)
	if m.keep {
		cmd.SysProcAttr.Setsid = true
	} else {
		runtime.LockOSThread() // the signal comes with the end of the thread that starts the process
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := cmd.Start(); err != nil {
		write.Close()
		if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
			return emulate.NoSandbox(err)
		}
		return fmt.Errorf("start the sandbox: %w", err)
	}
	write.Close()
	go func() {
		<-interrupted
		cmd.Process.Kill()
	}()
	if status, stays := awaitStatus(read); stays {
		if err := emulate.Keep(cmd.Process.Pid, topology); err != nil {
			cmd.Process.Kill()
			return err
		}
		return statusError(status)
	}
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !exit.Exited() {
			return errors.New("the emulation was interrupted; nothing of it is left")
		}
		if p.hasNoMemory() {
			return load.TooMuchMemory(m.input.maxMemory.bytes())
		}
		p.tell(e.stderr)
		return statusError(exit.ExitCode())
	}
	return nil
}

// awaitStatus waits until the sandbox says with which status it stays up; false: it ended.
func awaitStatus(pipe *os.File) (status int, stays bool) {
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		return 0, false
	}
	status, err = strconv.Atoi(strings.TrimSpace(line))
	return status, err == nil
}

// stayUp tells who waits that the emulation stays, lets go of the terminal, and goes on until it is killed.
func stayUp(e *env, status int) error {
	const statusPipe = 3
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	pipe := os.NewFile(statusPipe, "status")
	if _, err := fmt.Fprintln(pipe, status); err != nil {
		return err
	}
	pipe.Close()
	if stderr, ok := e.stderr.(io.Closer); ok {
		stderr.Close()
	}
	for fd := range 3 {
		unix.Dup2(int(null.Fd()), fd)
	}
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	select {}
}

// emulate is what happens in the sandbox.
func (m *emulation) emulate(e *env, topology string) error {
	c := emulateCommand()
	result, err := m.prediction.run(e, c, topology)
	if err != nil {
		return err
	}
	own := emulate.Own()
	dir, outside, err := emulate.EnterSandbox() // not before: it hides files
	if err != nil {
		return err
	}
	in := simulate.Input{Fabric: result.Fabric, Objects: result.Objects}
	lab := emulate.NewLab(simulate.Run(emulate.Plain(in)), emulate.Quick, own...)
	var failing []fabric.Device
	for _, name := range m.fail {
		devices, err := devicesOf(c, lab.Predicted, name)
		if err != nil {
			return err
		}
		for _, d := range devices {
			if !slices.Contains(failing, d) {
				failing = append(failing, d)
			}
		}
	}
	if missing := emulate.Missing(lab); len(missing) > 0 {
		return fmt.Errorf("not installed: %s; on Debian: %s", strings.Join(missing, ", "), emulate.InstallLine(missing))
	}
	for _, note := range lab.Notes {
		fmt.Fprintf(e.stderr, "topoc: %s\n", note)
	}
	if emulate.Tunnels(in) {
		fmt.Fprintln(e.stderr, "topoc: pools with IPIP go without: BIRD as distributed has no tunnels")
	}
	running, err := emulate.Start(context.Background(), lab, dir)
	if err != nil {
		return err
	}
	err = m.watch(e, running, failing)
	if m.keep && (err == nil || errors.Is(err, errFound)) {
		printShells(e, running, outside)
	}
	return err
}

// watch waits until the emulation has settled, prints it, and lets devices die.
func (m *emulation) watch(e *env, running *emulate.Running, failing []fabric.Device) error {
	began := time.Now()
	before, err := m.settle(e, running, running.Lab.Predicted)
	if err != nil {
		return err
	}
	text := newEmulationText(e.stdout)
	text.comparisons(before)
	text.summary(before, time.Since(began), m.deadline)
	if err := text.w.Flush(); err != nil {
		return err
	}
	_, _, differences := emulate.Total(before)
	if len(failing) > 0 {
		inAftermath, err := m.watchFailure(e, running, failing, before)
		if err != nil {
			return err
		}
		differences += inAftermath
	}
	if differences > 0 {
		return errFound
	}
	return nil
}

// watchFailure lets devices die, prints what changes, and counts what differs from what is predicted for that.
func (m *emulation) watchFailure(e *env, running *emulate.Running, failing []fabric.Device, before []*emulate.Comparison) (int, error) {
	text := newEmulationText(e.stdout)
	var names []string
	for _, d := range failing {
		names = append(names, d.DeviceName())
		if err := running.FailDevice(d); err != nil {
			return 0, err
		}
	}
	verb := "dies"
	if len(names) > 1 {
		verb = "die"
	}
	fmt.Fprintf(text.w, "\n%s %s (- before, + after)\n\n", strings.Join(names, ", "), verb)
	began := time.Now()
	after, err := m.settle(e, running, running.Lab.Predicted.After(failing, nil))
	if err != nil {
		return 0, err
	}
	text.changes(before, after)
	text.summary(after, time.Since(began), m.deadline)
	_, _, differences := emulate.Total(after)
	if differences > 0 {
		fmt.Fprintln(text.w)
		text.comparisons(slices.DeleteFunc(after, func(c *emulate.Comparison) bool { return c.Differences() == 0 }))
	}
	return differences, text.w.Flush()
}

// settle waits until all is as predicted or the deadline is over.
func (m *emulation) settle(e *env, running *emulate.Running, p emulate.Prediction) ([]*emulate.Comparison, error) {
	ctx, cancel := context.WithTimeout(context.Background(), m.deadline)
	defer cancel()
	show, done := e.progress()
	defer done()
	return running.Await(ctx, p, func(differences int) { show(plural(differences, "difference") + " left") })
}

// printShells says how to get a shell on each device of an emulation whose first process has that number.
func printShells(e *env, running *emulate.Running, process int) {
	fmt.Fprintln(e.stdout, "\nIt stays up; topoc emulate --clean ends it. A shell on a device:")
	for _, machine := range running.Lab.Machines {
		fmt.Fprintf(e.stdout, "  nsenter --target %d %s ip netns exec %s sh\n", process, emulate.EnterFlags(), machine.Name)
	}
}
