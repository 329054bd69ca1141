package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// handDown lets cmd inherit f, and returns the handle that it has there. done is called once cmd was started.
func handDown(cmd *exec.Cmd, f *os.File) (handle uintptr, done func(), err error) {
	self := windows.CurrentProcess()
	var copied windows.Handle
	if err := windows.DuplicateHandle(self, windows.Handle(f.Fd()), self, &copied, 0, true, windows.DUPLICATE_SAME_ACCESS); err != nil {
		return 0, nil, fmt.Errorf("hand down %s: %w", f.Name(), err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{AdditionalInheritedHandles: []syscall.Handle{syscall.Handle(copied)}}
	return uintptr(copied), func() { _ = windows.CloseHandle(copied) }, nil
}

// inherited returns the standard error that was handed down as that handle. No process that this one starts inherits it.
func inherited(handle uintptr) *os.File {
	_ = windows.SetHandleInformation(windows.Handle(handle), windows.HANDLE_FLAG_INHERIT, 0)
	return os.NewFile(handle, os.Stderr.Name())
}

// endLike does nothing: what ends a process here is all in its exit code.
func endLike(*os.ProcessState) {}
