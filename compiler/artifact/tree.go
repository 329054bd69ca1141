package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"syscall"
)

// tree reads a directory. Below it no symbolic link is followed, neither out of it nor within it: topoc makes none, so one
// that stands there is somebody's, and so is what it leads to.
type tree struct {
	dir  string           // as the user named it, for messages
	root *os.Root         // nil where the directory does not exist: it reads as empty
	dirs map[string]found // what stands at the ancestors of the files looked at

	top    opened    // root, where near was asked for it
	recent [4]opened // the directories last worked in, the latest first
}

func newTree(dir string, root *os.Root) *tree {
	return &tree{dir: dir, root: root, dirs: map[string]found{}}
}

// found is what stands at a path.
type found struct {
	what what
	at   string // the path, or the outermost of its ancestors that is no directory
	file *File  // its content where what is regular and at is the path; without Declared
}

type what uint8

const (
	nothing what = iota
	regular
	directory
	link
	special // a device, a pipe, a socket
)

func (w what) String() string {
	return [...]string{"nothing", "a file", "a directory", "a symbolic link", "no regular file"}[w]
}

// maxFile is how large a file may be that is read, in bytes: more than a build makes of the largest site.
const maxFile = 1 << 30

// look reads what stands at p.
func (t *tree) look(p string) (found, error) {
	if t.root == nil {
		return found{at: p}, nil
	}
	if !t.isInDirectory(p) {
		for _, dir := range ancestors(p) {
			above, err := t.lookDir(dir)
			if err != nil || above.what != directory {
				return above, err
			}
		}
	}
	at, info, err := t.lstat(p)
	if err != nil || at.what != regular {
		return at, err
	}
	if info.Size() > maxFile {
		return at, t.failed("read", p, ErrTooLarge)
	}
	data, err := t.read(p)
	if err != nil {
		return at, t.failed("read", p, err)
	}
	at.file = &File{Path: p, Mode: modeOf(info), Data: data}
	return at, nil
}

// isInDirectory reports whether what is above p is known to be a directory: so is all above that then.
func (t *tree) isInDirectory(p string) bool {
	return t.dirs[path.Dir(p)].what == directory
}

// lookDir is lstat, remembered.
func (t *tree) lookDir(dir string) (found, error) {
	if at, ok := t.dirs[dir]; ok {
		return at, nil
	}
	at, _, err := t.lstat(dir)
	if err == nil {
		t.dirs[dir] = at
	}
	return at, err
}

// lstat finds out what stands at p, which no link leads to. The info is nil where nothing does.
func (t *tree) lstat(p string) (found, fs.FileInfo, error) {
	dir, name, err := t.near(p)
	var info fs.FileInfo
	if err == nil {
		info, err = dir.root.Lstat(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return found{at: p}, nil, nil
	case err != nil:
		return found{}, nil, t.failed("look at", p, err)
	}
	return found{what: whatIs(info.Mode()), at: p}, info, nil
}

func whatIs(mode fs.FileMode) what {
	switch {
	case mode.IsRegular():
		return regular
	case mode.IsDir():
		return directory
	case mode&fs.ModeSymlink != 0:
		return link
	}
	return special
}

// modeOf returns the mode that a file was generated with: all that the umask leaves of it to compare is whether the owner may
// execute it.
func modeOf(info fs.FileInfo) fs.FileMode {
	if info.Mode()&0o100 != 0 {
		return Executable
	}
	return Plain
}

// sameMode reports whether two files agree on the executable bit, where the system has one.
func sameMode(a, b *File) bool { return a.Mode == b.Mode || runtime.GOOS == "windows" }

// list returns what stands in dir, which is a directory.
func (t *tree) list(dir string) ([]fs.DirEntry, error) {
	f, err := t.root.Open(dir)
	if err != nil {
		return nil, t.failed("list", dir, err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, t.failed("list", dir, err)
	}
	return entries, nil
}

// isEmpty reports whether nothing stands in dir, which is a directory.
func (t *tree) isEmpty(dir string) (bool, error) {
	f, err := t.root.Open(dir)
	if err != nil {
		return false, t.failed("list", dir, err)
	}
	defer f.Close()
	_, err = f.ReadDir(1)
	if err != nil && err != io.EOF {
		return false, t.failed("list", dir, err)
	}
	return err == io.EOF, nil
}

// readManifest reads MANIFEST.json. m is nil where it cannot be used, file where there is none; then, unless there is nothing at
// all, and where somebody edited it, fault says so.
func (t *tree) readManifest() (m *manifest, file *File, fault *Change, err error) {
	at, err := t.look(ManifestName)
	switch {
	case err != nil || at.what == nothing:
		return nil, nil, nil, err
	case at.file == nil:
		return nil, nil, &Change{Kind: Blocked, Reason: "is " + at.what.String()}, nil
	}
	m, err = decode(at.file.Data)
	switch {
	case errors.Is(err, errNewer):
		return nil, at.file, &Change{Kind: Blocked, Reason: "was " + err.Error()}, nil
	case err != nil:
		return nil, at.file, &Change{Kind: Edited, Reason: "was not written by topoc, or was edited since: " + err.Error()}, nil
	}
	switch written := m.encode(); {
	case bytes.Equal(written, at.file.Data):
		return m, at.file, nil, nil
	case bytes.Equal(written, unixLines(at.file.Data)):
		return m, at.file, &Change{Kind: LineEnds, Reason: reasons[LineEnds]}, nil
	}
	return m, at.file, &Change{Kind: Edited, Reason: reasons[Edited]}, nil
}

// failed says what could not be done to a file of the directory.
func (t *tree) failed(doing, p string, err error) error {
	return fmt.Errorf("%s %s: %w", doing, filepath.Join(t.dir, filepath.FromSlash(p)), reason(err))
}
