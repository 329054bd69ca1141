//go:build !linux

package main

import "os/exec"

// endTogether does nothing: only Linux ends a process with the one that started it. Signals are passed on; of what kills the supervisor
// the other one, which ends by itself, hears nothing.
func endTogether(*exec.Cmd) {}
