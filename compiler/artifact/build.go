package artifact

import (
	"strconv"
)

// build puts right what a comparison found.
type build struct {
	*store
	*comparison
	writes  []File
	isBegun bool // files were changed
}

// The manifests in the staging directory. The files there are numbered as in build.writes.
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

// stage writes both manifests and all files to the staging directory, and waits until the disk has them.
func (b *build) stage() error {
	at, err := b.look(stageDir)
	if err != nil {
		return err
	}
	if at.what != nothing {
		if err := b.removeAll(stageDir); err != nil {
			return err
		}
	}
	if err := b.mkdir(stageDir); err != nil {
		return err
	}
	var places []string
	create := func(place string, f File) error {
		places = append(places, place)
		return b.create(place, f)
	}
	if err := create(stagedUnderway, File{Path: ManifestName, Mode: Plain, Data: b.underway.encode()}); err != nil {
		return err
	}
	if err := create(stagedFinal, File{Path: ManifestName, Mode: Plain, Data: b.finalText}); err != nil {
		return err
	}
	for i, f := range b.writes {
		if err := create(staged(i), f); err != nil {
			return err
		}
	}
	return b.sync(places)
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
	for i, f := range b.writes {
		if err := b.mkdirAll(f.Path); err != nil {
			return err
		}
		if err := b.rename(staged(i), f.Path); err != nil {
			return err
		}
	}
	return b.syncDirs()
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
	if err := b.rename(place, ManifestName); err != nil {
		return err
	}
	b.isBegun = true
	return b.sync([]string{"."})
}

// syncDirs makes durable which files there are.
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
	for _, f := range b.writes {
		if err := mark(f.Path); err != nil {
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
	r := Result{Unchanged: b.unchanged}
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
