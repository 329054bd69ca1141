package emulate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"topoc/compiler/internal/program"
)

// daemon is a process of a machine.
type daemon struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when the process has ended
}

// start starts a program in the machine's namespace. What it prints goes to a file of its name beside its configuration.
func (m *machine) start(name, program string, args ...string) (*daemon, error) {
	d := &daemon{cmd: exec.Command(program, args...), log: filepath.Join(m.dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Dir = log, log, m.dir
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from a terminal is not for it
	if err := m.ns.do(d.cmd.Start); err != nil {
		return nil, err
	}
	go func() {
		d.cmd.Wait()
		close(d.done)
	}()
	m.daemons[name] = d
	return d, nil
}

// startBIRD starts BIRD and waits until it answers.
func (m *machine) startBIRD(name string, conf []byte, again bool) error {
	file := filepath.Join(m.dir, name+".conf")
	if err := os.WriteFile(file, conf, 0o644); err != nil {
		return err
	}
	args := []string{"-f", "-c", file, "-s", m.socketOf(name)}
	if again {
		args = append(args, "-R") // as Calico starts it
	}
	path, err := birdPath(name)
	if err != nil {
		return err
	}
	d, err := m.start(name, path, args...)
	if err != nil {
		return err
	}
	return d.wait(func() bool { // the socket is there before the configuration is read
		_, err := birdCommand(m.socketOf(name), "show status")
		return err == nil
	})
}

func (m *machine) socketOf(name string) string { return filepath.Join(m.dir, name+".ctl") }

// wait waits until a daemon is ready. The error has the end of what it printed.
func (d *daemon) wait(isReady func() bool) error {
	const most = 30 * time.Second
	for deadline := time.Now().Add(most); !isReady(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-d.done:
			return fmt.Errorf("%s ended: %s", filepath.Base(d.cmd.Path), tail(d.log))
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %s: %s", filepath.Base(d.cmd.Path), most, tail(d.log))
		}
	}
	return nil
}

// tail is the last lines of a file, on one line.
func tail(file string) string {
	const most = 5
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "; ")
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// frrDaemons are the daemons of FRR that every switch runs, in the order of their start.
var frrDaemons = []string{"zebra", "staticd", "bgpd"}

// frrFirst is what daemons of FRR are told before the machine's configuration. zebra writes next hops into routes, not into groups
// of the kernel's: before 8.5.2 it takes a group for whole out of which the kernel took a next hop when a link fell, and so never
// uses that again (FRRouting/frr, pull request 13413).
var frrFirst = map[string]string{"zebra": "no zebra nexthop kernel enable\n"}

// startFRR starts FRR's daemons, and loads the machine's as an operator would.
func (m *machine) startFRR(ctx context.Context) error {
	wanted := frrDaemons
	if hasBFD(m.plan.FRR) {
		wanted = append(wanted[:len(wanted):len(wanted)], "bfdd")
	}
	for _, name := range wanted {
		if err := m.startFRRDaemon(name); err != nil {
			return err
		}
	}
	file := filepath.Join(m.dir, "frr.conf")
	if err := os.WriteFile(file, m.plan.FRR, 0o644); err != nil {
		return err
	}
	out, err := m.vtysh(ctx, "-f", file)
	if err != nil {
		return err
	}
	if err := complaint(string(out)); err != nil {
		return fmt.Errorf("vtysh -f: %w", err)
	}
	return nil
}

// complaint is what FRR says of a command that it does not take.
func complaint(out string) error {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "line ") || strings.Contains(line, "Unknown command") {
			return fmt.Errorf("%s", line)
		}
	}
	return nil
}

func (m *machine) startFRRDaemon(name string) error {
	path, err := programPath(name)
	if err != nil {
		return err
	}
	conf := filepath.Join(m.dir, name+".conf")
	if err := os.WriteFile(conf, []byte(frrFirst[name]), 0o644); err != nil {
		return err
	}
	os.Remove(filepath.Join(m.dir, name+".vty"))
	args := []string{"-f", conf, "-i", filepath.Join(m.dir, name+".pid"), "-z", filepath.Join(m.dir, "zserv.api"),
		"--vty_socket", m.dir, "-u", frrUser, "-g", frrUser, "-A", "127.0.0.1", "-P", "0"}
	d, err := m.start(name, path, args...)
	if err != nil {
		return err
	}
	return d.wait(func() bool { return exists(filepath.Join(m.dir, name+".vty")) })
}

// vtysh runs FRR's shell on the machine's daemons.
func (m *machine) vtysh(ctx context.Context, args ...string) ([]byte, error) {
	path, err := programPath("vtysh")
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, path, append([]string{"--vty_socket", m.dir}, args...)...).CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("vtysh: %w: %s", err, out)
	}
	return out, nil
}

// stopDaemons kills all daemons of the machine and waits for their end.
func (m *machine) stopDaemons() {
	var all sync.WaitGroup
	for name, d := range m.daemons {
		d.cmd.Process.Kill()
		all.Go(func() { <-d.done })
		delete(m.daemons, name)
	}
	all.Wait()
	for _, name := range []string{"bird", "bird6", "bird2", "openbgpd"} {
		os.Remove(m.socketOf(name))
	}
}

// birdPath finds a BIRD: bird, bird6 or bird2.
func birdPath(name string) (string, error) {
	if name == "bird2" {
		return program.Path(name)
	}
	return programPath(name)
}
