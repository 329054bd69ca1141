package artifact

import (
	"bytes"
	"fmt"
	"io/fs"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
)

// Change is one difference between a directory and what a build would leave there.
type Change struct {
	Path   string // relative to the directory, with slashes
	Kind   Kind
	Reason string // reads on after the path: "was edited since topoc wrote it"
	Old    *File  // what stands there, without Declared; nil where no file does
	New    *File  // what the build would put there; nil for a file that it would remove
}

// Kind is how a file differs.
type Kind string

const (
	Missing     Kind = "missing"      // no file stands there
	Outdated    Kind = "outdated"     // as topoc wrote it, from another topology
	ModeChanged Kind = "mode"         // the content is right, the executable bit is not
	LineEnds    Kind = "line-ends"    // the content is right, but for line ends of Windows, which somebody's Git made
	Edited      Kind = "edited"       // topoc wrote the file, and not what it now holds
	Foreign     Kind = "foreign"      // topoc did not write the file
	Stale       Kind = "stale"        // an earlier build wrote it, this one has no such file
	StaleEdited Kind = "stale-edited" // the same, and somebody edited it
	Blocked     Kind = "blocked"      // what stands there is no regular file, or is a directory's place
	Interrupted Kind = "interrupted"  // what a build left that did not end
)

// reasons are the usual ones; Blocked has its own each time.
var reasons = map[Kind]string{
	Missing:     "is missing",
	Outdated:    "is not what the topology makes now",
	ModeChanged: "has the wrong executable bit",
	LineEnds:    `has the line ends of Windows, as Git makes them where no .gitattributes has "* -text" for it`,
	Edited:      "was edited since topoc wrote it",
	Foreign:     "was not written by topoc",
	Stale:       "is not part of the topology any more",
	StaleEdited: "is not part of the topology any more, and was edited since topoc wrote it",
	Interrupted: "is left of a build that was interrupted",
}

func (c Change) String() string { return c.Path + " " + c.Reason }

// refusal says why Write would not make the change; false where it would. Links and directories are in the way with Force
// too; but a stale file that became one is then given up.
func (c *Change) refusal(isForced bool) (Refusal, bool) {
	isForceable := true
	switch c.Kind {
	case Edited, Foreign, StaleEdited:
	case Blocked:
		isForceable = c.New == nil
	default:
		return Refusal{}, false
	}
	return Refusal{Path: c.Path, Reason: c.Reason, Forced: isForceable}, !isForced || !isForceable
}

// Diff returns the change as a unified diff from what stands in the directory to what a build would put there, with Git's
// lines for modes; nil where there is nothing to compare. Line ends of Windows that topoc did not write are no difference in it: one
// would see every line twice.
func (c Change) Diff() []byte {
	var b bytes.Buffer
	var before, after []byte
	oldName, newName := "/dev/null", "/dev/null"
	if c.Old != nil {
		before, oldName = c.Old.Data, "a/"+c.Path
	}
	if c.New != nil && !bytes.Contains(c.New.Data, []byte("\r\n")) {
		before = unixLines(before)
	}
	if c.New != nil {
		after, newName = c.New.Data, "b/"+c.Path
	}
	if c.Old == nil && c.New == nil || c.Kind == Blocked {
		return nil
	}
	if c.Old != nil && c.New != nil && c.Old.Mode != c.New.Mode {
		fmt.Fprintf(&b, "diff a/%s b/%s\nold mode %s\nnew mode %s\n", c.Path, c.Path, gitMode(c.Old.Mode), gitMode(c.New.Mode))
	}
	if isText(before) && isText(after) {
		b.Write(diff.Diff(oldName, before, newName, after))
	} else if !bytes.Equal(before, after) {
		fmt.Fprintf(&b, "binary files %s and %s differ\n", oldName, newName)
	}
	return b.Bytes()
}

func gitMode(mode fs.FileMode) string { return fmt.Sprintf("100%03o", mode.Perm()) }

// unixLines returns data with the line ends that topoc writes.
func unixLines(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) }

func isText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }
