package artifact

import (
	"path"
	"slices"
	"strings"
)

// layout is where the files of a build are staged, and what puts them in place.
type layout struct {
	places []string // of the files to be written, in their order
	pieces []piece
}

// piece is what a single rename puts in place: a file, or a whole directory that is not there yet with all files below it.
type piece struct {
	place  string // in the staging directory
	target string
	isTree bool
}

// layOut works out the layout. As long as nothing stands at a directory, the files below it need no steps of their own: it is made
// in the staging directory. Files next to one another by their paths include all files below a directory.
func (b *build) layOut() error {
	b.places = make([]string, 0, len(b.writes))
	for i, f := range b.writes {
		if n := len(b.pieces); n == 0 || !b.pieces[n-1].isAbove(f.Path) {
			dir, err := b.outermostMissing(f.Path)
			if err != nil {
				return err
			}
			p := piece{place: staged(i), target: f.Path}
			if dir != "" {
				p.target, p.isTree = dir, true
			}
			b.pieces = append(b.pieces, p)
		}
		last := &b.pieces[len(b.pieces)-1]
		b.places = append(b.places, last.place+f.Path[len(last.target):])
	}
	return nil
}

func (p *piece) isAbove(file string) bool { return p.isTree && isAbove(p.target, file) }

// isAbove reports whether p is below dir.
func isAbove(dir, p string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && strings.HasPrefix(p, dir)
}

// outermostMissing returns the outermost directory above p that is to be made where nothing stands, and "" where there is none, or
// something else is in its place that goes before, as a stale file does.
func (b *build) outermostMissing(p string) (string, error) {
	if !movesTrees || b.isInDirectory(p) {
		return "", nil
	}
	for _, dir := range ancestors(p) {
		switch at, err := b.lookDir(dir); {
		case err != nil:
			return "", err
		case at.what == nothing:
			return dir, nil
		case at.what != directory:
			return "", nil
		}
	}
	return "", nil
}

// newDirs returns the directories of the stage above the place of a file, from the outermost, that are not above that of the file
// before it. As files are in the order of their paths, these are those that no earlier file needs.
func (l *layout) newDirs(i int) []string {
	before := stagedFinal
	if i > 0 {
		before = l.places[i-1]
	}
	if place := l.places[i]; !isAbove(path.Dir(place), before) {
		return slices.DeleteFunc(ancestors(place), func(dir string) bool { return isAbove(dir, before) })
	}
	return nil
}

// sharedDirs returns the directories of the stage above the places of both file i and the one before, from the outermost.
func (l *layout) sharedDirs(i int) []string {
	return slices.DeleteFunc(ancestors(l.places[i])[1:], func(dir string) bool { return !isAbove(dir, l.places[i-1]) })
}

// meant returns the path that dir, a directory of the stage above file i, is to have: messages speak of that.
func (b *build) meant(dir string, i int) string {
	p := b.writes[i].Path
	return p[:len(p)-(len(b.places[i])-len(dir))]
}
