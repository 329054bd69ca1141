//go:build !linux

package artifact

import (
	"io"
	"io/fs"
	"os"
)

// createNew creates a file that is not there.
func (t *tree) createNew(p string, perm fs.FileMode) (io.WriteCloser, error) {
	dir, name, err := t.near(p)
	if err != nil {
		return nil, err
	}
	return dir.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

// move renames a file.
func (t *tree) move(from, to string) error { return t.root.Rename(from, to) }

// newDir makes a directory.
func (t *tree) newDir(p string) error {
	above, name, err := t.near(p)
	if err != nil {
		return err
	}
	return above.root.Mkdir(name, dirMode)
}
