package main

import (
	"os/exec"
	"syscall"
)

// endTogether has the kernel end a process with this one.
func endTogether(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
