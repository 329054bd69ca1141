package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// env is what a run has of the process it runs in.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	stdoutTerminal bool
	stderrTerminal bool
}

func newEnv() *env {
	return &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
		stdoutTerminal: isTerminal(os.Stdout), stderrTerminal: isTerminal(os.Stderr),
	}
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
