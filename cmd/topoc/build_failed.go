package main

import (
	"errors"
	"fmt"
	"syscall"

	"topoc/compiler/artifact"
)

// buildError is a failure of the environment that kept a build from its directory, with what the user can do.
type buildError struct {
	err  error
	hint string
}

func (e *buildError) Error() string { return e.err.Error() + "\n    hint: " + e.hint }

func (e *buildError) Unwrap() error { return e.err }

// remedies are what can be done about the causes that a directory's file system gives.
var remedies = []struct {
	cause  error
	remedy string
}{
	{artifact.ErrBusy, "let it end, or end it"},
	{artifact.ErrTooLarge, "move it away"},
	{syscall.ENOSPC, "make room there (df and df -i tell)"},
	{syscall.EDQUOT, "make room within the quota there"},
	{syscall.EROFS, "mount it for writing, or choose another directory with -o"},
	{syscall.EACCES, "get the right to that place, or choose another directory with -o"},
	{syscall.EPERM, "get the right to that place, or choose another directory with -o"},
	{syscall.EIO, "the disk, or the way to it, is faulty: the system's log tells"},
	{syscall.ENAMETOOLONG, "choose a shorter path with -o"},
	{syscall.ELOOP, "mend the links, or choose another directory with -o"},
}

// failed gives an error of the artifact package its hint: a remedy, and what has become of the directory.
func (b *build) failed(err error) error {
	var refused *artifact.RefusedError
	if errors.As(err, &refused) {
		return err
	}
	hint := "build again"
	for _, r := range remedies {
		if errors.Is(err, r.cause) {
			hint = r.remedy + ", and " + hint
			break
		}
	}
	var begun *artifact.FailedError
	switch {
	case b.isCheck:
	case errors.As(err, &begun):
		hint += fmt.Sprintf(": that ends what this build began; each file in %s is whole, old or new", b.dir)
	default:
		hint += fmt.Sprintf("; nothing in %s was changed", b.dir)
	}
	return &buildError{err: err, hint: hint}
}
