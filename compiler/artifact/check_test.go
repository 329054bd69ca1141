package artifact

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/source"
)

func TestCheckFindsEveryEdit(t *testing.T) {
	set := setOf(t, "a/x", "1\n", "a/run.sh", "1\n", "b", "1\n")
	tests := []struct {
		name string
		edit func(t *testing.T, dir string)
		want []string
	}{
		{"nothing", func(*testing.T, string) {}, nil},
		{"foreign file", func(t *testing.T, dir string) { put(t, dir, "a/mine", "m") }, nil},
		{"content", func(t *testing.T, dir string) { put(t, dir, "a/x", "1") }, []string{"a/x edited"}},
		{"line ends", func(t *testing.T, dir string) {
			put(t, dir, "a/x", "1\r\n")
			editManifest(t, dir, "\n", "\r\n")
		}, []string{"MANIFEST.json line-ends", "a/x line-ends"}},
		{"line ends and content", func(t *testing.T, dir string) { put(t, dir, "a/x", "2\r\n") }, []string{"a/x edited"}},
		{"emptied", func(t *testing.T, dir string) { put(t, dir, "b", "") }, []string{"b edited"}},
		{"removed", func(t *testing.T, dir string) { mustRemove(t, dir, "b") }, []string{"b missing"}},
		{"manifest removed", func(t *testing.T, dir string) { mustRemove(t, dir, ManifestName) }, []string{"MANIFEST.json missing"}},
		{"manifest emptied", func(t *testing.T, dir string) { put(t, dir, ManifestName, "") }, []string{"MANIFEST.json edited"}},
		{"blank in the manifest", func(t *testing.T, dir string) { editManifest(t, dir, "[", "[ ") }, []string{"MANIFEST.json edited"}},
		{"declaration in the manifest", func(t *testing.T, dir string) { editManifest(t, dir, `["name"]`, `["nome"]`) },
			[]string{"MANIFEST.json outdated"}},
		{"mode in the manifest", func(t *testing.T, dir string) { editManifest(t, dir, `"executable":true,`, ``) },
			[]string{"MANIFEST.json outdated"}},
		{"hash in the manifest", func(t *testing.T, dir string) { editManifest(t, dir, hash([]byte("1\n")), hash(nil)) },
			[]string{"MANIFEST.json outdated"}},
		{"hash in the manifest and the file", func(t *testing.T, dir string) {
			editManifest(t, dir, hash([]byte("1\n")), hash(nil))
			put(t, dir, "b", "")
		}, []string{"MANIFEST.json outdated", "b outdated"}},
		{"file added with its entry", func(t *testing.T, dir string) {
			put(t, dir, "c", "")
			editManifest(t, dir, "\n  ]", ",\n    {\"path\":\"c\",\"sha256\":\""+hash(nil)+"\"}\n  ]")
		}, []string{"MANIFEST.json outdated", "c stale"}},
		{"link with the same content", func(t *testing.T, dir string) {
			mustRemove(t, dir, "b")
			symlink(t, "a/x", dir, "b")
		}, []string{"b blocked"}},
		{"directory", func(t *testing.T, dir string) {
			mustRemove(t, dir, "b")
			put(t, dir, "b/c", "1\n")
		}, []string{"b blocked"}},
		{"stage", func(t *testing.T, dir string) { put(t, dir, stageDir+"/0", "1\n") }, []string{".topoc-stage interrupted"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			mustWrite(t, dir, set, Options{})
			test.edit(t, dir)
			before := stamp(t, dir)
			wantKinds(t, dir, set, Options{}, test.want...)
			if after := stamp(t, dir); !maps.Equal(before, after) {
				t.Error("Check changed the directory")
			}
		})
	}
}

func TestCheckOfADirectoryThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	wantKinds(t, dir, setOf(t, "a/b", "b"), Options{}, "MANIFEST.json missing", "a/b missing")
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("Check made the directory")
	}
}

func TestCheckTellsEditsFromAnotherTopology(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "changed", "1", "edited", "1", "gone", "1", "gone-edited", "1"), Options{})
	put(t, dir, "edited", "mine")
	put(t, dir, "gone-edited", "mine")
	put(t, dir, "foreign", "mine")
	set := setOf(t, "changed", "2", "edited", "2", "foreign", "2", "new", "2")
	wantKinds(t, dir, set, Options{}, "MANIFEST.json outdated", "changed outdated", "edited edited", "foreign foreign",
		"gone stale", "gone-edited stale-edited", "new missing")
}

func TestDiff(t *testing.T) {
	plain := func(data string) *File { return &File{Path: "a/x", Mode: Plain, Data: []byte(data)} }
	script := func(data string) *File { return &File{Path: "a/x", Mode: Executable, Data: []byte(data)} }
	tests := []struct {
		name     string
		old, new *File
		want     string
	}{
		{"edited", plain("1\n2\n"), plain("1\n3\n"), "diff a/a/x b/a/x\n--- a/a/x\n+++ b/a/x\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"},
		{"new", nil, plain("1\n"), "diff /dev/null b/a/x\n--- /dev/null\n+++ b/a/x\n@@ -0,0 +1,1 @@\n+1\n"},
		{"removed", plain("1\n"), nil, "diff a/a/x /dev/null\n--- a/a/x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-1\n"},
		{"mode", plain("1\n"), script("1\n"), "diff a/a/x b/a/x\nold mode 100644\nnew mode 100755\n"},
		{"line ends", plain("1\r\n2\r\n"), plain("1\n2\n"), ""},
		{"line ends and content", plain("1\r\n2\r\n"), plain("1\n3\n"), "diff a/a/x b/a/x\n--- a/a/x\n+++ b/a/x\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"},
		{"binary", plain("\x00"), plain("1\n"), "binary files a/a/x and b/a/x differ\n"},
		{"no file", nil, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(Change{Path: "a/x", Old: test.old, New: test.new}.Diff()); got != test.want {
				t.Errorf("Diff is\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestReadReturnsWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	set := &Set{}
	for _, f := range []File{
		{Path: "a/run.sh", Mode: Executable, Data: []byte("1\n"), Declared: []source.Path{"clusters.a", `nodes."n-1"`}},
		{Path: "b", Mode: Plain, Data: []byte{}},
	} {
		if err := set.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(t, dir, set, Options{})
	put(t, dir, "mine", "foreign")
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	isSame := func(a, b File) bool {
		return a.Path == b.Path && a.Mode == b.Mode && string(a.Data) == string(b.Data) && slices.Equal(a.Declared, b.Declared)
	}
	if !slices.EqualFunc(got.Files(), set.Files(), isSame) {
		t.Errorf("Read returns %+v, want %+v", got.Files(), set.Files())
	}
}

func TestReadReturnsEdits(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "a", "1"), Options{})
	put(t, dir, "a", "mine")
	set, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := set.Lookup("a"); string(f.Data) != "mine" {
		t.Errorf("Read returns %q, want what stands there", f.Data)
	}
}

func TestReadFails(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string)
		is    error  // what the error wraps; nil is no matter
		want  string // a part of the error
	}{
		{"no directory", func(t *testing.T, dir string) { os.RemoveAll(dir) }, fs.ErrNotExist, "open "},
		{"no manifest", func(t *testing.T, dir string) { mustRemove(t, dir, ManifestName) }, fs.ErrNotExist, "MANIFEST.json"},
		{"no file", func(t *testing.T, dir string) { mustRemove(t, dir, "a/x") }, fs.ErrNotExist, filepath.Join("a", "x")},
		{"manifest edited", func(t *testing.T, dir string) { put(t, dir, ManifestName, "{}") }, nil, "not a manifest"},
		{"manifest of two files with one name", func(t *testing.T, dir string) { editManifest(t, dir, "b/x", "a/X") }, nil, "sorted"},
		{"link", func(t *testing.T, dir string) { mustRemove(t, dir, "a/x"); symlink(t, "../b/x", dir, "a/x") }, nil, "symbolic link"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			mustWrite(t, dir, setOf(t, "a/x", "1", "b/x", "2"), Options{})
			test.spoil(t, dir)
			_, err := Read(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("Read = %v, want %v and %q", err, test.is, test.want)
			}
		})
	}
}
