package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"topoc/compiler/load"
)

// env is what a run has of the process it runs in.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	stdoutTerminal bool
	stderrTerminal bool

	supervised *supervision // nil: nobody would see why this process crashes
	canBurst   bool         // evaluate in this process what may end it, though it is not supervised
	read       load.Files   // what of topologies was read so far
	begun      int          // how many topologies
}

// newEnv returns the environment of this process. The error is of one that topoc itself started.
func newEnv() (*env, error) {
	e := &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
		stdoutTerminal: isTerminal(os.Stdout), stderrTerminal: isTerminal(os.Stderr),
		read: load.Files{},
	}
	return e, enterSupervision(e)
}

// color reports whether what goes to a terminal is coloured (https://no-color.org).
func (e *env) color(terminal bool) bool {
	return terminal && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// progress shows what is being done on a terminal, one line that each stage replaces; done erases it. In a pipe it shows
// nothing.
func (e *env) progress() (show func(stage string), done func()) {
	if !e.stderrTerminal || e.getenv("TERM") == "dumb" {
		return func(string) {}, func() {}
	}
	const erase = "\r\x1b[K"
	return func(stage string) { fmt.Fprint(e.stderr, erase, stage, " …") }, func() { fmt.Fprint(e.stderr, erase) }
}
