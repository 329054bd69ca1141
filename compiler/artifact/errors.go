package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// RefusedError says that a directory was left as it is, since what was asked would destroy something topoc did not write or
// cannot be put where something else stands. It is for the user to resolve; every other error of this package is a failure
// of the environment.
type RefusedError struct {
	Dir   string
	Files []Refusal // all of them, sorted by path
}

// Refusal is one file that keeps a build from being written.
type Refusal struct {
	Path   string // relative to Dir, with slashes; ".": Dir itself
	Reason string // reads on after the path: "was edited since topoc wrote it"
	Forced bool   // whether Options.Force overrides it
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	if len(e.Files) == 1 && e.Files[0].Path == "." {
		b.WriteString(e.Dir + " " + e.Files[0].Reason)
	} else {
		fmt.Fprintf(&b, "%s: nothing was written", e.Dir)
		for _, f := range e.Files {
			fmt.Fprintf(&b, "\n  %s %s", f.Path, f.Reason)
		}
	}
	b.WriteString("\n    hint: " + e.hint())
	return b.String()
}

// hint says what the user can do about all of them.
func (e *RefusedError) hint() string {
	if slices.ContainsFunc(e.Files, func(f Refusal) bool { return !f.Forced }) {
		return "move away what is in the way, or write to another directory with -o"
	}
	return "--force overwrites and removes such files"
}

// FailedError is what Write returns where the environment failed it once it had begun to change files: a disk that is full, a
// file system that went away.
type FailedError struct{ Err error }

func (e *FailedError) Error() string { return e.Err.Error() }

func (e *FailedError) Unwrap() error { return e.Err }

// ErrTooLarge is what Write, Check and Read wrap where a file that they have to read cannot be one of topoc's.
var ErrTooLarge = errors.New("it is larger than any file that topoc writes")

// ErrBusy is what Write, Check and Read wrap where another process holds the directory for longer than any build takes.
var ErrBusy = errors.New("another topoc is writing there")

// reason strips what the os package says about a failed call but the cause: the messages here name the file as the user
// knows it, not by its place in the staging directory.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path): // one may be in another
		return reason(path.Err)
	case errors.As(err, &link):
		return reason(link.Err)
	case errors.As(err, &call):
		return call.Err
	}
	return err
}
