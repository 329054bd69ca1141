// Package artifact holds what a compilation makes, a set of files, and keeps a directory equal to it: written file by file,
// whole at any instant, with nobody else's work overwritten, and compared with what stands there.
package artifact

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

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
	files map[string]File
	names map[string]spelling // by folded name: the files, and the directories above them
}

// spelling is how the name of a file or directory in a Set is written, and the file that uses it.
type spelling struct {
	name  string
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
	claims := []spelling{{name: f.Path, user: f.Path}}
	for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
		claims = append(claims, spelling{name: dir, isDir: true, user: f.Path})
	}
	for _, claim := range claims {
		held, isHeld := s.names[fold(claim.name)]
		if isHeld && !(held.isDir && claim.isDir && held.name == claim.name) {
			return &PathError{Path: f.Path, Other: held.user, Reason: clash(claim, held)}
		}
	}
	if s.files == nil {
		s.files, s.names = map[string]File{}, map[string]spelling{}
	}
	for _, claim := range claims {
		if _, isHeld := s.names[fold(claim.name)]; !isHeld {
			s.names[fold(claim.name)] = claim
		}
	}
	f.Declared = slices.Compact(slices.Sorted(slices.Values(f.Declared)))
	s.files[f.Path] = f
	return nil
}

// clash says why two spellings of one folded name cannot both be in a Set.
func clash(a, b spelling) string {
	switch {
	case a.name != b.name:
		return fmt.Sprintf("%s and %s are one name where a file system ignores case", a.name, b.name)
	case a.isDir != b.isDir:
		return fmt.Sprintf("%s would be both a file and a directory", a.name)
	default:
		return "two files have this path"
	}
}

// Files returns the files sorted by path.
func (s *Set) Files() []File {
	return slices.SortedFunc(maps.Values(s.files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
}

// Lookup returns the file at path.
func (s *Set) Lookup(path string) (File, bool) {
	f, ok := s.files[path]
	return f, ok
}

// Len returns the number of files.
func (s *Set) Len() int { return len(s.files) }
