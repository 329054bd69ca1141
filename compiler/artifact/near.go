package artifact

import (
	"os"
	"path"
	"strings"
	"syscall"
)

// opened is an open directory. The zero opened is none.
type opened struct {
	dir  string // its path in the tree
	root *os.Root

	// The same once more, where its descriptor is needed, which os.Root keeps to itself.
	file       *os.File
	descriptor int
}

// near returns the directory in which p stands, and p's name there. It follows no link out of the tree. An os.Root opens all directories
// on the way to a path anew with every call. But a build goes through one directory after the other, and from the stage to it and back:
// so two stay open.
func (t *tree) near(p string) (*opened, string, error) {
	dir, name := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	switch dir {
	case "":
		t.top.root = t.root
		return &t.top, name, nil
	case t.recent[0].dir:
	case t.recent[1].dir:
		t.recent[0], t.recent[1] = t.recent[1], t.recent[0]
	default:
		root, err := t.root.OpenRoot(dir)
		if err != nil {
			if info, err := t.root.Stat(dir); err == nil && !info.IsDir() {
				return nil, "", syscall.ENOTDIR // which OpenRoot says in words
			}
			return nil, "", err
		}
		t.recent[1].close()
		t.recent[0], t.recent[1] = opened{dir: dir, root: root}, t.recent[0]
	}
	return &t.recent[0], name, nil
}

// forget closes what near left open. Whoever removes a directory calls it before.
func (t *tree) forget() {
	for i := range t.recent {
		t.recent[i].close()
		t.recent[i] = opened{}
	}
	t.top.root = nil // whoever made the tree closes it
	t.top.close()
	t.top = opened{}
}

// close closes a directory, if any.
func (o *opened) close() {
	if o.root != nil {
		o.root.Close()
	}
	if o.file != nil {
		o.file.Close()
	}
}

// read returns the content of a file.
func (t *tree) read(p string) ([]byte, error) {
	dir, name, err := t.near(p)
	if err != nil {
		return nil, err
	}
	return dir.root.ReadFile(name)
}
