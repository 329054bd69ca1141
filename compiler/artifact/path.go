package artifact

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// ManifestName is the file of a build that lists all others.
	ManifestName = "MANIFEST.json"

	// stageDir holds what a running build is about to put in place. It is gone when a build ends; where one stands, a
	// build was killed.
	stageDir = ".topoc-stage"

	// maxName is how long one name of a path may be, in bytes: the limit of ext4, XFS, Btrfs, APFS and NTFS.
	maxName = 255
)

// PathError says why a path cannot be the path of a generated file.
type PathError struct {
	Path   string
	Other  string // the file of the set that it clashes with; "" where the path alone is bad
	Reason string
}

func (e *PathError) Error() string {
	if e.Other == "" || e.Other == e.Path {
		return fmt.Sprintf("file %q: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("file %q beside %q: %s", e.Path, e.Other, e.Reason)
}

// CheckPath returns a *PathError unless p is relative, clean, made of names that every file system can hold, and stays below
// the directory it is resolved in. Only printable ASCII is allowed: file systems differ in how they normalise the rest.
func CheckPath(p string) error {
	refuse := func(format string, args ...any) error {
		return &PathError{Path: p, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case p == "":
		return refuse("is empty")
	case strings.HasPrefix(p, "/"):
		return refuse("is absolute")
	}
	for name := range strings.SplitSeq(p, "/") {
		if fault := faultOfName(name); fault != "" {
			return refuse("%s", fault)
		}
	}
	if top, _, _ := strings.Cut(p, "/"); strings.EqualFold(top, ManifestName) || strings.EqualFold(top, stageDir) {
		return refuse("%s is topoc's own", top)
	}
	return nil
}

// faultOfName says what is wrong with one name of a path, "" where nothing is. What it refuses beyond "." and ".." is what
// Windows does not keep: https://learn.microsoft.com/windows/win32/fileio/naming-a-file.
func faultOfName(name string) string {
	switch {
	case name == "":
		return "has an empty name in it"
	case name == "." || name == "..":
		return fmt.Sprintf("has the name %q in it", name)
	case len(name) > maxName:
		return fmt.Sprintf("has a name of %d bytes in it; %d are the most", len(name), maxName)
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return fmt.Sprintf("has the name %q in it, whose last character Windows drops", name)
	case isDevice(name):
		return fmt.Sprintf("has the name %q in it, which is a device on Windows", name)
	}
	for _, r := range name {
		switch r {
		case '\\', '<', '>', ':', '"', '|', '?', '*':
			return fmt.Sprintf("has the character %q in it", r)
		}
		if r < ' ' || r > '~' {
			return fmt.Sprintf("has the character %q in it", r)
		}
	}
	return ""
}

// isDevice reports whether Windows takes name for a device: these names with any extension, in any case.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	if stem = strings.TrimRight(stem, " "); len(stem) > len("CONOUT$") {
		return false
	}
	stem = strings.ToUpper(stem)
	if len(stem) == len("COM1") && (stem[:3] == "COM" || stem[:3] == "LPT") {
		return stem[3] >= '0' && stem[3] <= '9'
	}
	return slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, stem)
}

// fold maps the paths that are one path where a file system ignores case to one string.
func fold(p string) string { return strings.ToLower(p) }

// ancestors returns the directories above p from the outermost to the innermost, without the root.
func ancestors(p string) []string {
	var dirs []string
	for i := range len(p) {
		if p[i] == '/' {
			dirs = append(dirs, p[:i])
		}
	}
	return dirs
}
