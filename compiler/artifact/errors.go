package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	Path   string // relative to Dir, with slashes
	Reason string // reads on after the path: "was edited since topoc wrote it"
	Forced bool   // whether Options.Force overrides it
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: nothing was written", e.Dir)
	isForced := true
	for _, f := range e.Files {
		fmt.Fprintf(&b, "\n  %s %s", f.Path, f.Reason)
		isForced = isForced && f.Forced
	}
	if isForced {
		b.WriteString("\n--force overwrites and removes such files")
	}
	return b.String()
}

// reason strips what the os package says about a failed call but the cause: the messages here name the file as the user
// knows it, not by its place in the staging directory.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
