package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Options of Write and Check.
type Options struct {
	// Force overwrites and removes also what topoc did not write, and what was edited since. Links, and directories where
	// a file belongs, it leaves alone.
	Force bool

	// Only limits what is compared, written and removed to the paths it holds for, those of the set and those of earlier
	// builds alike; nil is all. What MANIFEST.json says about the others stays as it is.
	Only func(path string) bool
}

func (o Options) includes(path string) bool { return o.Only == nil || o.Only(path) }

// Result is what a Write did, each list sorted, MANIFEST.json in none.
type Result struct {
	Written   []string // files created and replaced
	Removed   []string // files of earlier builds
	Unchanged int      // files that stood there as they should
}

// Write makes dir hold the files of set, and none of an earlier build that the set lacks; every other file stays as it is. It
// creates dir where there is none.
//
// A *RefusedError says that something stands there that would be lost, or is in the way; then nothing was changed. After any
// other error, and after the death of the process at any instant, each file is whole, old or new, and the next Write ends what
// this one began. Where nothing differs, nothing is written at all. Two Writes into one directory wait for each other.
func Write(dir string, set *Set, opts Options) (Result, error) { return write(dir, set, opts, nil) }

func write(dir string, set *Set, opts Options, around stepper) (Result, error) {
	root, err := openOrCreate(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	unlock, err := lock(root, exclusive)
	if err != nil {
		return Result{}, fmt.Errorf("lock %s: %w", dir, reason(err))
	}
	defer unlock()

	s := &store{tree: newTree(dir, root), around: around}
	c, err := compare(s.tree, set, opts)
	if err != nil {
		return Result{}, err
	}
	if refusals := c.refusals(opts.Force); len(refusals) > 0 {
		return Result{}, &RefusedError{Dir: dir, Files: refusals}
	}
	if c.isDone() {
		return Result{Unchanged: c.unchanged}, nil
	}
	b := &build{store: s, comparison: c, writes: c.writes()}
	if err := b.run(); err != nil {
		return Result{}, err
	}
	return b.result(), nil
}

// openOrCreate opens dir, which may be a link to a directory: whoever names it means where it leads.
func openOrCreate(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("create %s: %w", dir, reason(err))
		}
	case err == nil && !info.IsDir():
		return nil, &RefusedError{Dir: dir, Files: []Refusal{{Path: ".", Reason: "is no directory"}}}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, reason(err))
	}
	return root, nil
}
