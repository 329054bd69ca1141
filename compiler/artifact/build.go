package artifact

import (
	"errors"
	"strconv"
	"syscall"
)

// build puts right what a comparison found.
type build struct {
	*store
	*comparison
	layout
	writes  []*File  // sorted by path
	singly  []string // paths of files of trees that were put in place one by one
	isBegun bool     // files were changed
}

// The manifests in the staging directory. What else stands there is numbered as the files in build.writes, a directory as the first of those
// below it.
const (
	stagedUnderway = stageDir + "/underway"
	stagedFinal    = stageDir + "/final"
)

func staged(i int) string { return stageDir + "/" + strconv.Itoa(i) }

// run stages everything before it changes anything, so that a full disk changes nothing; says in MANIFEST.json what it is about
// to do; does it; and says there that it is done.
func (b *build) run() (err error) {
	defer func() {
		// Where an error came before, this only tidies up: the next build removes what is left of the stage.
		if tidied := b.removeAll(stageDir); err == nil {
			err = tidied
		}
	}()
	if b.isLeftOver() {
		return nil
	}
	if err := b.layOut(); err != nil {
		return err
	}
	if err := b.checkAccess(); err != nil {
		return err
	}
	if err := b.stage(); err != nil {
		return err
	}
	if len(b.writes)+len(b.stale) > 0 {
		if err := b.publish(); err != nil {
			return err
		}
	}
	return b.putManifest(stagedFinal)
}

// publish removes the stale files and puts the staged ones in place. The stale ones go first: one of them may stand where a
// directory has to be, or be a file of the set in another case.
func (b *build) publish() error {
	if err := b.putManifest(stagedUnderway); err != nil {
		return err
	}
	for _, p := range b.stale {
		if err := b.removeStale(p); err != nil {
			return err
		}
	}
	if err := b.prune(b.stale); err != nil {
		return err
	}
	for i := range b.pieces {
		if err := b.put(&b.pieces[i]); err != nil {
			return err
		}
	}
	return b.syncDirs()
}

// put puts a piece in place, and makes the directories that it needs above.
func (b *build) put(p *piece) error {
	if err := b.mkdirAll(p.target); err != nil {
		return err
	}
	if !p.isTree {
		return b.rename("replace", p.place, p.target)
	}
	switch err := b.rename("put in place", p.place, p.target); {
	case isImmovable(err):
		return b.putSingly(p)
	case err != nil:
		return err
	}
	b.dirs[p.target] = found{what: directory, at: p.target}
	return nil
}

// isImmovable reports whether a file system says that it renames no directories. gcsfuse, which would have to rename every file below it,
// says EMFILE; layered file systems say EXDEV.
func isImmovable(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.EXDEV)
}

// putSingly puts the files of a tree in place one by one.
func (b *build) putSingly(p *piece) error {
	for i, f := range b.writes {
		if !p.isAbove(f.Path) {
			continue
		}
		if err := b.mkdirAll(f.Path); err != nil {
			return err
		}
		if err := b.rename("replace", b.places[i], f.Path); err != nil {
			return err
		}
		b.singly = append(b.singly, f.Path)
	}
	return nil
}

// removeStale removes a file of an earlier build, if it is still there.
func (b *build) removeStale(p string) error {
	for _, dir := range ancestors(p) {
		if above, err := b.lookDir(dir); err != nil || above.what != directory {
			return err
		}
	}
	at, _, err := b.lstat(p)
	if err != nil || at.what != regular {
		return err
	}
	return b.remove(p)
}

// putManifest replaces MANIFEST.json, and waits until the disk has it: what a manifest says comes before or after the changes
// it speaks of, never between them.
func (b *build) putManifest(place string) error {
	if err := b.rename("replace", place, ManifestName); err != nil {
		return err
	}
	b.isBegun = true
	return b.sync([]string{"."})
}

// syncDirs makes durable which files there are. The directories of a tree are durable since it was staged.
func (b *build) syncDirs() error {
	touched := map[string]bool{".": true}
	mark := func(p string) error {
		for _, dir := range ancestors(p) {
			at, err := b.lookDir(dir)
			if err != nil {
				return err
			}
			touched[dir] = at.what == directory
		}
		return nil
	}
	for _, p := range b.stale {
		if err := mark(p); err != nil {
			return err
		}
	}
	for i := range b.pieces {
		if err := mark(b.pieces[i].target); err != nil {
			return err
		}
	}
	for _, p := range b.singly {
		if err := mark(p); err != nil {
			return err
		}
	}
	var dirs []string
	for _, dir := range sortedKeys(touched) {
		if touched[dir] {
			dirs = append(dirs, dir)
		}
	}
	return b.sync(dirs)
}

// result is what the build did, once it ran.
func (b *build) result() Result {
	r := Result{Unchanged: b.unchanged, Written: make([]string, 0, len(b.writes))}
	for _, f := range b.writes {
		r.Written = append(r.Written, f.Path)
	}
	for _, change := range b.changes {
		if change.Kind == Stale || change.Kind == StaleEdited {
			r.Removed = append(r.Removed, change.Path)
		}
	}
	return r
}
