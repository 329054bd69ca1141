package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/debug"
	"syscall"

	"topoc/compiler/load"
)

// Where memory ends at one single step of CUE's, the Go runtime ends the process, in its own words and with exit code 2: nothing in
// that process can keep it from that. So what may come to it runs in a process of its own, with one beside it that says what happened
// in one line. Most topologies cannot (load.ErrBurst), and pay for none of this.

// supervisedVariable tells topoc that it was started by itself, by a process that supervises it, and how: see supervision.
const supervisedVariable = "TOPOC_SUPERVISED"

// supervision is what a supervised process knows of its being that. Its standard error is where the Go runtime writes when it
// crashes, which the supervisor reads; it also has a zero byte for each topology that was begun.
type supervision struct {
	stderr  uintptr // the file or handle that the user sees what goes wrong on
	known   int     // which topology, counted from 1, is known to take too much memory; 0: none
	hasRead bool    // standard input has the load.Files that the supervisor has read
}

func (s supervision) String() string { return fmt.Sprint(s.stderr, s.known, s.hasRead) }

// enterSupervision makes e the environment of a supervised process, if this is one.
func enterSupervision(e *env) error {
	text := e.getenv(supervisedVariable)
	if text == "" {
		return nil
	}
	s := &supervision{}
	if _, err := fmt.Sscan(text, &s.stderr, &s.known, &s.hasRead); err != nil {
		return fmt.Errorf("%s is for topoc's own use: unset it", supervisedVariable)
	}
	stderr := inherited(s.stderr)
	e.supervised, e.stderr, e.stderrTerminal = s, stderr, isTerminal(stderr)
	if !s.hasRead {
		return nil
	}
	if err := gob.NewDecoder(e.stdin).Decode(&e.read); err != nil {
		return fmt.Errorf("start in a process of its own: %w", err)
	}
	return nil
}

// begin tells the supervisor that a topology is begun. It returns an error where that is known to take more than limit bytes.
func (s *supervision) begin(began int, limit uint64) error {
	if began == s.known {
		return load.TooMuchMemory(limit)
	}
	_, err := os.Stderr.Write([]byte{0})
	return err
}

// process is topoc in a process that this one supervises.
type process struct {
	*exec.Cmd
	said    bytes.Buffer   // what it wrote to its own standard error, which is not the user's
	started func()         // lets go of what it was handed
	signals chan os.Signal // that are passed on to it; nil: none
}

// itself returns the very command that this process was started with, to run once more under supervision. files are its open
// files behind the three standard ones.
func (e *env) itself(ctx context.Context, s supervision, files ...*os.File) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	stderr, ok := e.stderr.(*os.File)
	if !ok {
		return nil, errors.New("standard error is no file")
	}
	p := &process{Cmd: exec.CommandContext(ctx, program, os.Args[1:]...)}
	p.ExtraFiles = files
	if s.stderr, p.started, err = handDown(p.Cmd, stderr); err != nil {
		return nil, err
	}
	p.Stderr = &p.said
	p.Env = append(os.Environ(), supervisedVariable+"="+s.String())
	return p, nil
}

// start starts the process, and gives it what was read so far.
func (p *process) start(read load.Files) error {
	defer p.started()
	stdin, err := p.StdinPipe()
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	_ = gob.NewEncoder(stdin).Encode(read) // where that fails, the process has ended, and ProcessState says how
	_ = stdin.Close()
	return nil
}

// wait waits until the process has ended, however it ends: ProcessState says.
func (p *process) wait() {
	done := make(chan struct{})
	go func() {
		_ = p.Wait()
		close(done)
	}()
	for {
		select {
		case s := <-p.signals:
			_ = p.Process.Signal(s) // it may have ended by itself, or have got it too
		case <-done:
			return
		}
	}
}

// crash is how the Go runtime says that it got no memory.
const crash = `(?m)^\x00*fatal error: .*(out of memory|cannot allocate memory|failed to commit pages|failed to reserve page summary memory)`

// hasNoMemory reports whether the process, which has ended, ended because it got no memory.
func (p *process) hasNoMemory() bool {
	return !p.ProcessState.Success() && regexp.MustCompile(crash).Match(p.said.Bytes())
}

// begun returns how many topologies the process has begun.
func (p *process) begun() int { return bytes.Count(p.said.Bytes(), []byte{0}) }

// tell prints what the process said that is not for its supervisor: of another crash.
func (p *process) tell(w io.Writer) {
	_, _ = w.Write(bytes.ReplaceAll(p.said.Bytes(), []byte{0}, nil))
}

// runItself runs this very command in supervised processes until one ends otherwise than for want of memory: the next one knows at
// which topology that was. prepare is called for each before it starts. The error is that one could not be started.
func (e *env) runItself(ctx context.Context, prepare func(*process)) (*process, error) {
	for known := 0; ; {
		p, err := e.itself(ctx, supervision{known: known, hasRead: true})
		if err != nil {
			return nil, err
		}
		prepare(p)
		if err := p.start(e.read); err != nil {
			return nil, err
		}
		p.wait()
		if known = p.begun(); !p.hasNoMemory() || known == 0 {
			p.tell(e.stderr)
			return p, nil
		}
	}
}

// supervise runs this very command, which has printed nothing so far, in a process of its own, and returns what ends this one like
// that. Where no process can be started, the command runs in this one: then Go's own words are all that there is when memory ends.
func supervise(e *env, args []string) error {
	debug.FreeOSMemory()
	runtime.LockOSThread() // the kernel ends the process with the thread that started it
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	p, err := e.runItself(context.Background(), func(p *process) {
		p.Stdout, p.signals = e.stdout, signals
		endTogether(p.Cmd)
	})
	if err != nil {
		e.canBurst = true
		return dispatch(e, args)
	}
	endLike(p.ProcessState)
	return statusError(p.ProcessState.ExitCode())
}
