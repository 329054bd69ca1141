// Package artifact holds what a compilation makes, a set of files, and keeps a directory equal to it: each file is whole
// at any instant, with nobody else's work overwritten, and compared with what stands there.
package artifact

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"topoc/compiler/source"
)

// The modes of generated files. The umask of the process that writes them still applies.
const (
	Plain      fs.FileMode = 0o644
	Executable fs.FileMode = 0o755
	dirMode    fs.FileMode = 0o755 // of the directories around them
)

// File is one generated file.
type File struct {
	Path     string        // relative to the set's directory, with slashes; see CheckPath
	Mode     fs.FileMode   // Plain or Executable
	Data     []byte        // shared, do not modify
	Declared []source.Path // the declarations it came from; Set.Add sorts them
}

func (f *File) isExecutable() bool { return f.Mode == Executable }

// Set is the files of one build, each path once. The zero Set is empty and ready for use. A Set that nobody adds to any more
// is safe for concurrent use.
type Set struct {
	files  []File           // in the order in which they were added
	byPath map[string]int32 // where in files, by folded path
	dirs   map[string]place // the directories above them, by folded path
}

// place is a file, or a directory above one.
type place struct {
	path  string
	isDir bool
	user  string // path of a file: the file itself, or the first one below the directory
}

// Add adds a file. It adds nothing and returns a *PathError where the file's path is unsafe, or cannot stand beside those of
// the set in every file system: it is taken, differs from another one only in case, or is a directory of another one.
// Since names come from the user, that may be the user's mistake.
//
// A mode other than Plain and Executable panics.
func (s *Set) Add(f File) error {
	if f.Mode != Plain && f.Mode != Executable {
		panic(fmt.Sprintf("artifact: %s has mode %v", f.Path, f.Mode))
	}
	if err := CheckPath(f.Path); err != nil {
		return err
	}
	if held, isHeld := s.at(fold(f.Path)); isHeld {
		return &PathError{Path: f.Path, Other: held.user, Reason: clash(place{path: f.Path}, held)}
	}
	var above []string // the directories that are not there yet
	for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
		held, isHeld := s.at(fold(dir))
		if isHeld && (!held.isDir || held.path != dir) {
			return &PathError{Path: f.Path, Other: held.user, Reason: clash(place{path: dir, isDir: true}, held)}
		}
		if isHeld {
			break // and so is all above it
		}
		above = append(above, dir)
	}
	if s.byPath == nil {
		s.Grow(0)
	}
	for _, dir := range above {
		s.dirs[fold(dir)] = place{path: dir, isDir: true, user: f.Path}
	}
	if !isSet(f.Declared) {
		f.Declared = slices.Compact(slices.Sorted(slices.Values(f.Declared)))
	}
	s.byPath[fold(f.Path)] = int32(len(s.files))
	s.files = append(s.files, f)
	return nil
}

// Grow makes room for n more files.
func (s *Set) Grow(n int) {
	byPath := make(map[string]int32, len(s.byPath)+n)
	maps.Copy(byPath, s.byPath)
	s.byPath, s.files = byPath, slices.Grow(s.files, n)
	if s.dirs == nil {
		s.dirs = map[string]place{}
	}
}

// at returns what a folded path is taken for.
func (s *Set) at(folded string) (place, bool) {
	if i, isFile := s.byPath[folded]; isFile {
		p := s.files[i].Path
		return place{path: p, user: p}, true
	}
	dir, isDir := s.dirs[folded]
	return dir, isDir
}

// isSet reports whether paths are sorted, each once.
func isSet(paths []source.Path) bool {
	for i := 1; i < len(paths); i++ {
		if paths[i-1] >= paths[i] {
			return false
		}
	}
	return true
}

// clash says why two places of one folded path cannot both be in a Set.
func clash(a, b place) string {
	switch {
	case a.path != b.path:
		return fmt.Sprintf("%s and %s are one name where a file system ignores case", a.path, b.path)
	case a.isDir != b.isDir:
		return fmt.Sprintf("%s would be both a file and a directory", a.path)
	default:
		return "two files have this path"
	}
}

// Files returns the files sorted by path.
func (s *Set) Files() []File {
	order := make([]int, len(s.files)) // which is sorted faster than files
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(s.files[i].Path, s.files[j].Path) })
	files := make([]File, len(order))
	for to, from := range order {
		files[to] = s.files[from]
	}
	return files
}

// Lookup returns the file at path.
func (s *Set) Lookup(path string) (File, bool) {
	i, ok := s.byPath[fold(path)]
	if !ok || s.files[i].Path != path {
		return File{}, false
	}
	return s.files[i], true
}

// Len returns the number of files.
func (s *Set) Len() int { return len(s.files) }
