package artifact

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/source"
)

// setOf makes a set of paths and contents in turn; a path that ends in .sh is a script.
func setOf(t testing.TB, pathsAndContents ...string) *Set {
	t.Helper()
	set := &Set{}
	for pair := range slices.Chunk(pathsAndContents, 2) {
		f := File{Path: pair[0], Mode: Plain, Data: []byte(pair[1]), Declared: []source.Path{"name"}}
		if strings.HasSuffix(f.Path, ".sh") {
			f.Mode = Executable
		}
		if err := set.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

// put writes a file as somebody who is not topoc.
func put(t testing.TB, dir, path, content string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func mustWrite(t testing.TB, dir string, set *Set, opts Options) Result {
	t.Helper()
	result, err := Write(dir, set, opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// contents returns what stands below dir by path, without the manifest: the content of files, "->" and the target of links,
// "/" for empty directories. Where there is no dir it is empty.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return all
	}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		name = filepath.ToSlash(name)
		switch {
		case name == ManifestName:
		case d.IsDir():
			if inside, _ := os.ReadDir(file); len(inside) == 0 {
				all[name] = "/"
			}
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(file)
			all[name] = "->" + target
		default:
			data, err := os.ReadFile(file)
			all[name] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantContents(t testing.TB, dir string, pathsAndContents ...string) {
	t.Helper()
	want := map[string]string{}
	for pair := range slices.Chunk(pathsAndContents, 2) {
		want[pair[0]] = pair[1]
	}
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("directory holds %q, want %q", got, want)
	}
}

// kinds returns what Check finds, as "path kind".
func kinds(t testing.TB, dir string, set *Set, opts Options) []string {
	t.Helper()
	changes, err := Check(dir, set, opts)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, c := range changes {
		found = append(found, c.Path+" "+string(c.Kind))
	}
	return found
}

func wantKinds(t testing.TB, dir string, set *Set, opts Options, want ...string) {
	t.Helper()
	if got := kinds(t, dir, set, opts); !slices.Equal(got, want) {
		t.Errorf("Check finds %q, want %q", got, want)
	}
}

// stamp identifies every file and directory below dir and the time it was last written.
func stamp(t testing.TB, dir string) map[string]string {
	t.Helper()
	stamps := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stamps[file] = identity(info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return stamps
}

func identity(info fs.FileInfo) string {
	return info.Mode().String() + info.ModTime().String() + inode(info)
}

func needsLinks(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
}

func needsModes(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no executable bit")
	}
}

func symlink(t *testing.T, target, dir, path string) {
	t.Helper()
	needsLinks(t)
	if err := os.Symlink(target, filepath.Join(dir, path)); err != nil {
		t.Fatal(err)
	}
}
