package artifact

import (
	"bytes"
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// comparison is how a directory differs from what a build would leave there, and the manifests that lead from one to the
// other.
type comparison struct {
	changes   []Change // sorted by path
	unchanged int      // files that stand there as they should
	stale     []string // files of earlier builds that go, sorted; some may be gone already, and their directories empty

	final     manifest // what MANIFEST.json is to say after the build
	finalText []byte   // encoded
	underway  manifest // what it is to say during the build
}

// comparer makes a comparison.
type comparer struct {
	*tree
	set    *Set
	files  []File   // of the set that are in scope, sorted by path
	sums   []string // their hashes
	scope  Options
	before *manifest
	known  map[string][]*entry // what topoc wrote, by folded path; see writtenAt
	intact map[string]string   // hash by path, of the files that are as topoc wrote them
	going  map[string]bool     // the stale files that stand there
	pruned map[string]bool     // the directories that go where nothing else is in them: those above all stale files
	result comparison
}

// compare compares what t reads with set. An error is a failure of the environment.
func compare(t *tree, set *Set, opts Options) (*comparison, error) {
	before, own, fault, err := t.readManifest()
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = &manifest{}
	}
	c := &comparer{
		tree: t, set: set, scope: opts, before: before, files: set.Files(),
		intact: map[string]string{}, going: map[string]bool{}, pruned: map[string]bool{},
	}
	if opts.Only != nil {
		c.files = slices.DeleteFunc(c.files, func(f File) bool { return !opts.includes(f.Path) })
	}
	if err := c.compareStale(); err != nil {
		return nil, err
	}
	if err := c.compareSet(); err != nil {
		return nil, err
	}
	c.plan()
	c.compareOwn(own, fault)
	if err := c.findLeftovers(); err != nil {
		return nil, err
	}
	slices.SortFunc(c.result.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return &c.result, nil
}

// compareStale looks at the files of earlier builds that are not in the set.
func (c *comparer) compareStale() error {
	stale := map[string]bool{}
	for e := range c.before.all() {
		if _, isMade := c.set.Lookup(e.Path); !isMade && c.scope.includes(e.Path) {
			stale[e.Path] = true
		}
	}
	for _, p := range sortedKeys(stale) {
		at, err := c.look(p)
		if err != nil {
			return err
		}
		switch {
		case at.file != nil && c.wrote(at.file):
			c.going[p] = true
			c.report(Stale, at.file, nil)
		case at.file != nil:
			c.going[p] = true
			c.report(StaleEdited, at.file, nil)
		case at.what == link || at.what == special:
			c.block(p, at, nil)
			continue
		}
		// A directory in the file's place, or a file in its directory's: the file itself is gone.
		c.result.stale = append(c.result.stale, p)
		for _, dir := range ancestors(p) {
			c.pruned[dir] = true
		}
	}
	return nil
}

// compareSet looks at the places of the files of the set.
func (c *comparer) compareSet() error {
	respelled := map[string]bool{}
	for p := range c.going {
		respelled[fold(p)] = true
	}
	standing, err := c.lookAtAll()
	if err != nil {
		return err
	}
	if len(c.before.Files) == 0 {
		c.result.changes = slices.Grow(c.result.changes, len(c.files)+1) // as a rule nothing is there
	}
	for i := range c.files {
		f, at := &c.files[i], standing[i]
		isClear, err := c.isCleared(at)
		switch {
		case err != nil:
			return err
		case isClear:
			c.report(Missing, nil, f)
		case at.file == nil:
			c.block(f.Path, at, f)
		default:
			c.compareFile(at.file, f, respelled[fold(f.Path)])
		}
	}
	return nil
}

// lookAtAll hashes the files of the set, and returns what stands at their places.
func (c *comparer) lookAtAll() ([]found, error) {
	c.sums = make([]string, len(c.files))
	standing := make([]found, len(c.files))
	err := inBatches(len(c.files), func(number int) (work func(i int) error, done func()) {
		own := c.tree
		if number > 0 {
			own = newTree(c.dir, c.root)
		}
		work = func(i int) (err error) {
			f := &c.files[i]
			c.sums[i] = hash(f.Data)
			standing[i], err = own.look(f.Path)
			if old := standing[i].file; old != nil && bytes.Equal(old.Data, f.Data) {
				old.Data = f.Data // once is enough in memory
			}
			return err
		}
		return work, func() {
			if number > 0 {
				own.forget()
				maps.Copy(c.dirs, own.dirs)
			}
		}
	})
	return standing, err
}

// isCleared reports whether a file can be put where at was found: nothing stands there, or only what is stale.
func (c *comparer) isCleared(at found) (bool, error) {
	switch at.what {
	case nothing:
		return true, nil
	case regular:
		return at.file == nil && c.going[at.at], nil
	case directory:
		return c.isEmptied(at.at)
	}
	return false, nil
}

// isEmptied reports whether nothing at and below dir stays once the stale files go.
func (c *comparer) isEmptied(dir string) (bool, error) {
	if !c.pruned[dir] {
		return false, nil
	}
	entries, err := c.list(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		goes := c.going[name]
		if e.IsDir() {
			if goes, err = c.isEmptied(name); err != nil {
				return false, err
			}
		}
		if !goes {
			return false, nil
		}
	}
	return true, nil
}

// compareFile compares two files. Where file systems ignore case, the old one may be a stale file that is respelled: it will be
// removed before the new one is written, and so counts as different.
func (c *comparer) compareFile(before, after *File, isRespelled bool) {
	switch {
	case bytes.Equal(before.Data, after.Data) && !isRespelled:
		if sameMode(before, after) {
			c.result.unchanged++
		} else {
			c.report(ModeChanged, before, after)
		}
	case c.wrote(before):
		kind := Outdated
		if !bytes.Equal(before.Data, after.Data) && bytes.Equal(unixLines(before.Data), after.Data) {
			kind = LineEnds
		}
		c.report(kind, before, after)
	case len(c.writtenAt(after.Path)) > 0:
		c.report(Edited, before, after)
	default:
		c.report(Foreign, before, after)
	}
}

// wrote reports whether topoc wrote what the file holds, and remembers it. Where only the line ends are others, topoc can write it
// again, and so nothing is lost with it.
func (c *comparer) wrote(f *File) bool {
	for _, data := range [][]byte{f.Data, unixLines(f.Data)} {
		sum := hash(data)
		if slices.ContainsFunc(c.writtenAt(f.Path), func(e *entry) bool { return e.SHA256 == sum }) {
			c.intact[f.Path] = sum
			return true
		}
	}
	return false
}

// writtenAt returns what topoc wrote to a path, however that is spelled. Where nothing differs nobody asks.
func (c *comparer) writtenAt(p string) []*entry {
	if c.known == nil {
		c.known = map[string][]*entry{}
		for e := range c.before.all() {
			c.known[fold(e.Path)] = append(c.known[fold(e.Path)], e)
		}
	}
	return c.known[fold(p)]
}

// report adds a change of the usual reason; one of before and after may be nil.
func (c *comparer) report(kind Kind, before, after *File) {
	p := cmp.Or(after, before).Path
	c.result.changes = append(c.result.changes, Change{Path: p, Kind: kind, Reason: reasons[kind], Old: before, New: after})
}

func (c *comparer) block(p string, at found, after *File) {
	reason := "is " + at.what.String()
	if at.at != p {
		reason = "needs the directory " + at.at + ", which is " + at.what.String()
	}
	c.result.changes = append(c.result.changes, Change{Path: p, Kind: Blocked, Reason: reason, New: after})
}

// plan works out the manifests of the build. Outside its scope both say what the one before said, also what is pending there: a
// build of a part does not finish an interrupted build of the whole.
func (c *comparer) plan() {
	outside := func(entries []entry, room int) []entry {
		kept := make([]entry, 0, room)
		for i := range entries {
			if !c.scope.includes(entries[i].Path) {
				kept = append(kept, entries[i])
			}
		}
		return kept
	}
	writes := c.result.writes() // as yet in the order of the files
	final, underway := &c.result.final, &c.result.underway
	final.Files, final.Replaced = outside(c.before.Files, len(c.files)), outside(c.before.Replaced, 0)
	underway.Files, underway.Replaced = outside(c.before.Files, len(c.files)), outside(c.before.Replaced, 0)
	for i := range c.files {
		f := &c.files[i]
		e := entry{Path: f.Path, SHA256: c.sums[i], Executable: f.isExecutable(), Declared: f.Declared}
		final.Files = append(final.Files, e)
		if len(writes) > 0 && writes[0] == f {
			writes = writes[1:]
			e.Pending = true
		}
		underway.Files = append(underway.Files, e)
	}
	underway.Replaced = append(underway.Replaced, c.replaced()...)
	if c.scope.Only == nil {
		return // what is in order already
	}
	for _, entries := range [][]entry{final.Files, underway.Files, underway.Replaced} {
		slices.SortFunc(entries, byPath)
	}
}

// replaced returns, for each path that topoc wrote to before, what may stand there while the build runs, where that is not
// what the build itself puts there. It lists files that are gone too: their directories may still have to go.
func (c *comparer) replaced() []entry {
	replaced := map[string]entry{}
	for _, entries := range [][]entry{c.before.Files, c.before.Replaced} {
		i := 0 // of the first file of the set that is not before the entry
		for _, e := range entries {
			if sum, isIntact := c.intact[e.Path]; isIntact {
				e.SHA256 = sum
			}
			for i < len(c.files) && c.files[i].Path < e.Path {
				i++
			}
			isMade := i < len(c.files) && c.files[i].Path == e.Path && c.sums[i] == e.SHA256
			if _, isListed := replaced[e.Path]; !isListed && !isMade && c.scope.includes(e.Path) {
				replaced[e.Path] = entry{Path: e.Path, SHA256: e.SHA256, Executable: e.Executable}
			}
		}
	}
	var all []entry
	for _, p := range sortedKeys(replaced) {
		all = append(all, replaced[p])
	}
	return all
}

// compareOwn reports how MANIFEST.json differs; own is what stands there, fault what is wrong with that alone.
func (c *comparer) compareOwn(own *File, fault *Change) {
	c.result.finalText = c.result.final.encode()
	after := &File{Path: ManifestName, Mode: Plain, Data: c.result.finalText}
	switch {
	case fault != nil:
		change := *fault
		change.Path, change.Old, change.New = ManifestName, own, after
		c.result.changes = append(c.result.changes, change)
	case own == nil:
		c.report(Missing, nil, after)
	case !c.before.isFinished():
		c.report(Interrupted, own, after)
	case !bytes.Equal(own.Data, after.Data):
		c.report(Outdated, own, after)
	case !sameMode(own, after):
		c.report(ModeChanged, own, after)
	}
}

// findLeftovers reports the staging directory of a build that was killed.
func (c *comparer) findLeftovers() error {
	at, err := c.look(stageDir)
	if err == nil && at.what != nothing {
		c.result.changes = append(c.result.changes, Change{Path: stageDir, Kind: Interrupted, Reason: reasons[Interrupted]})
	}
	return err
}

// refusals returns what keeps Write from making the changes, sorted by path.
func (c *comparison) refusals(isForced bool) []Refusal {
	var refusals []Refusal
	for i := range c.changes {
		if r, isRefused := c.changes[i].refusal(isForced); isRefused {
			refusals = append(refusals, r)
		}
	}
	return refusals
}

// writes returns the files to put in place, in the order of the changes, without MANIFEST.json.
func (c *comparison) writes() []*File {
	files := make([]*File, 0, len(c.changes))
	for i := range c.changes {
		if change := &c.changes[i]; change.New != nil && change.Path != ManifestName {
			files = append(files, change.New)
		}
	}
	return files
}

// isDone reports whether there is nothing to write or remove. That does not take a directory without changes: a build of a
// part has nothing to do where only the rest is unfinished.
func (c *comparison) isDone() bool {
	isPending := func(change Change) bool {
		return change.Path != ManifestName || change.Old == nil ||
			!bytes.Equal(change.Old.Data, change.New.Data) || !sameMode(change.Old, change.New)
	}
	return len(c.stale) == 0 && !slices.ContainsFunc(c.changes, isPending)
}

// isLeftOver reports whether all that is to do is to remove the stage of a build that was killed after everything else.
func (c *comparison) isLeftOver() bool {
	return len(c.stale) == 0 && len(c.changes) == 1 && c.changes[0].Path == stageDir
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
