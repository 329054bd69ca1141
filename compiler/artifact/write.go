package artifact

import "errors"

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
// A *RefusedError says that something stands there that would be lost, or is in the way; then nothing was changed. Nor was it
// after any other error but a *FailedError. After that one, and after the death of the process at any instant, each file is
// whole, old or new, and the next Write ends what this one began. Where nothing differs, nothing is written at all. Two Writes
// into one directory wait for each other.
func Write(dir string, set *Set, opts Options) (Result, error) { return write(dir, set, opts, nil) }

func write(dir string, set *Set, opts Options, around stepper) (result Result, err error) {
	root, made, done, err := openToWrite(dir)
	if err != nil {
		return Result{}, err
	}
	defer done()
	defer func() {
		var failed *FailedError
		if err != nil && !errors.As(err, &failed) {
			unmake(made)
		}
	}()

	s := &store{tree: newTree(dir, root), around: around.oneByOne()}
	defer s.forget()
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
	switch err := b.run(); {
	case err != nil && b.isBegun:
		return Result{}, &FailedError{err}
	case err != nil:
		return Result{}, err
	}
	return b.result(), nil
}
