package artifact

import (
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// opened is an open directory. The zero opened is none.
type opened struct {
	dir  string   // its path in the tree
	root *os.Root // nil where only the descriptor is needed

	// The same once more, where its descriptor is needed, which os.Root keeps to itself.
	file       io.Closer
	descriptor int
}

// near returns the directory in which p stands, and p's name there. It follows no link out of the tree. An os.Root opens all directories
// on the way to a path anew with every call. But a build goes through one directory after the other and those in it, and from the stage to
// it and back: so a few stay open.
func (t *tree) near(p string) (*opened, string, error) {
	dir, name := split(p)
	if dir == "" {
		t.top.root = t.root
		return &t.top, name, nil
	}
	o := t.recall(dir)
	if o.root == nil {
		root, err := t.open(dir)
		if err != nil {
			return nil, "", err
		}
		o.dir, o.root = dir, root
	}
	return o, name, nil
}

// split returns the directory in which p stands, "" for the root, and p's name there.
func split(p string) (dir, name string) {
	above, name := path.Split(p)
	return strings.TrimSuffix(above, "/"), name
}

// recall moves dir to the front of t.recent and returns it. Where it is not open that is the zero opened, in place of the directory that was
// last worked in the longest time ago.
func (t *tree) recall(dir string) *opened {
	i := t.remembered(dir)
	if i < 0 {
		i = len(t.recent) - 1
		t.recent[i].close()
		t.recent[i] = opened{}
	}
	now := t.recent[i]
	copy(t.recent[1:i+1], t.recent[:i])
	t.recent[0] = now
	return &t.recent[0]
}

// remembered returns the index of dir in t.recent, -1 where it is not open.
func (t *tree) remembered(dir string) int {
	return slices.IndexFunc(t.recent[:], func(o opened) bool { return o.dir == dir })
}

// open opens a directory, from the one it is in if that is open.
func (t *tree) open(dir string) (*os.Root, error) {
	from, name := t.root, dir
	if above, last := path.Split(dir); above != "" {
		if i := t.remembered(strings.TrimSuffix(above, "/")); i >= 0 && t.recent[i].root != nil {
			from, name = t.recent[i].root, last
		}
	}
	root, err := from.OpenRoot(name)
	if err != nil {
		if info, err := from.Stat(name); err == nil && !info.IsDir() {
			return nil, syscall.ENOTDIR // which OpenRoot says in words
		}
	}
	return root, err
}

// forget closes what near left open. Whoever removes a directory calls it before, and whoever worked in one that is renamed.
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
