//go:build !windows

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// handDown lets cmd inherit f, and returns the number that it has there. done is called once cmd was started.
func handDown(cmd *exec.Cmd, f *os.File) (number uintptr, done func(), err error) {
	cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	const standard = 3
	return uintptr(standard + len(cmd.ExtraFiles) - 1), func() {}, nil
}

// inherited returns the standard error that was handed down as that number. No process that this one starts inherits it.
func inherited(number uintptr) *os.File {
	syscall.CloseOnExec(int(number))
	return os.NewFile(number, os.Stderr.Name())
}

// endLike ends this process by the signal that ended another one, if one did, or as shells tell of such an end.
func endLike(state *os.ProcessState) {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return
	}
	signal.Reset(status.Signal())
	_ = syscall.Kill(os.Getpid(), status.Signal())
	time.Sleep(100 * time.Millisecond) // it comes at any moment, unless it is one that Go passes over
	os.Exit(128 + int(status.Signal()))
}
