package artifact

import (
	"errors"
	"fmt"
	"io/fs"
)

// Check returns how dir differs from what Write would leave there, sorted by path: none where Write would do nothing. Files that
// are no concern of Write are none of Check's. It changes nothing, and waits for a Write that is going on in dir.
//
// Force has no effect. A dir that does not exist is compared as an empty one; where none can be, the error is a *RefusedError.
func Check(dir string, set *Set, opts Options) ([]Change, error) {
	if err := CheckDir(dir); err != nil {
		return nil, err
	}
	t, done, err := openTree(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t, done = newTree(dir, nil), func() {}
	case err != nil:
		return nil, err
	}
	defer done()
	c, err := compare(t, set, opts)
	if err != nil {
		return nil, err
	}
	return c.changes, nil
}

// Read returns the files that the MANIFEST.json in dir lists, with the content they have now, which may have been edited, and
// the modes they were written with. It waits for a Write that is going on in dir.
//
// An error wraps fs.ErrNotExist where dir, MANIFEST.json or a listed file does not exist, and ErrUnfinished where a build was
// interrupted.
func Read(dir string) (*Set, error) {
	t, done, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	m, _, fault, err := t.readManifest()
	switch {
	case err != nil:
		return nil, err
	case m == nil && fault == nil:
		return nil, t.failed("read", ManifestName, fs.ErrNotExist)
	case m == nil:
		return nil, t.failed("read", ManifestName, errors.New("it "+fault.Reason))
	case !m.isFinished():
		return nil, t.failed("read", ManifestName, ErrUnfinished)
	}
	set := &Set{}
	for _, e := range m.Files {
		f, err := t.readEntry(e)
		if err != nil {
			return nil, err
		}
		if err := set.Add(f); err != nil {
			return nil, t.failed("read", ManifestName, err)
		}
	}
	return set, nil
}

// ErrUnfinished is what Read wraps where a build was interrupted: the files there belong to no one topology.
var ErrUnfinished = errors.New("the build that wrote it was interrupted; build again")

func (t *tree) readEntry(e entry) (File, error) {
	at, err := t.look(e.Path)
	switch {
	case err != nil:
		return File{}, err
	case at.what == nothing:
		return File{}, t.failed("read", e.Path, fs.ErrNotExist)
	case at.file == nil:
		return File{}, t.failed("read", e.Path, fmt.Errorf("%s is %v", at.at, at.what))
	}
	f := *at.file
	f.Declared = e.Declared
	f.Mode = Plain
	if e.Executable {
		f.Mode = Executable
	}
	return f, nil
}

// openTree opens dir for reading, locked until done is called.
func openTree(dir string) (t *tree, done func(), err error) {
	root, unlock, err := openLocked(dir, shared)
	if err != nil {
		return nil, nil, err
	}
	t = newTree(dir, root)
	return t, func() { t.forget(); unlock() }, nil
}
