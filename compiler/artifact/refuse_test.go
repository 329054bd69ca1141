package artifact

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each case starts from a directory that topoc wrote, does something to it, and builds another set.
func TestWriteRefusesBeforeItChangesAnything(t *testing.T) {
	first := []string{"a/x", "1", "a/y", "1", "gone/z", "1"}
	second := []string{"a/x", "2", "a/y", "1", "b/new", "2"}
	tests := []struct {
		name    string
		disturb func(t *testing.T, dir string)
		want    []string // "path reason", in part; of all that are refused
		forced  []string // what is left with Force; nil where Force is refused too
	}{{
		name:    "edited file that changes",
		disturb: func(t *testing.T, dir string) { put(t, dir, "a/x", "mine") },
		want:    []string{"a/x was edited since topoc wrote it"},
		forced:  second,
	}, {
		name:    "edited file that does not change",
		disturb: func(t *testing.T, dir string) { put(t, dir, "a/y", "mine") },
		want:    []string{"a/y was edited"},
		forced:  second,
	}, {
		name:    "edited stale file",
		disturb: func(t *testing.T, dir string) { put(t, dir, "gone/z", "mine") },
		want:    []string{"gone/z is not part of the topology any more, and was edited"},
		forced:  second,
	}, {
		name:    "foreign file in the place of a new one",
		disturb: func(t *testing.T, dir string) { put(t, dir, "b/new", "mine") },
		want:    []string{"b/new was not written by topoc"},
		forced:  second,
	}, {
		name: "several at once",
		disturb: func(t *testing.T, dir string) {
			put(t, dir, "a/x", "mine")
			put(t, dir, "b/new", "mine")
			put(t, dir, "gone/z", "mine")
		},
		want:   []string{"a/x was edited", "b/new was not written", "gone/z is not part"},
		forced: second,
	}, {
		name:    "manifest that is gone",
		disturb: func(t *testing.T, dir string) { mustRemove(t, dir, ManifestName) },
		want:    []string{"a/x was not written by topoc"},
		forced:  append(slices.Clone(second), "gone/z", "1"),
	}, {
		name:    "manifest with the marks of a merge",
		disturb: func(t *testing.T, dir string) { put(t, dir, ManifestName, "<<<<<<< ours\n") },
		want:    []string{"MANIFEST.json was not written by topoc, or was edited since: not a manifest", "a/x was not written"},
		forced:  append(slices.Clone(second), "gone/z", "1"),
	}, {
		name:    "manifest in another layout",
		disturb: func(t *testing.T, dir string) { editManifest(t, dir, "\n    ", "\n") },
		want:    []string{"MANIFEST.json was edited"},
		forced:  second,
	}, {
		name:    "manifest that climbs out",
		disturb: func(t *testing.T, dir string) { editManifest(t, dir, "gone/z", "../z") },
		want:    []string{"MANIFEST.json was not written by topoc, or was edited since: not a manifest", "a/x was not written"},
		forced:  append(slices.Clone(second), "gone/z", "1"),
	}, {
		name:    "manifest of a later release",
		disturb: func(t *testing.T, dir string) { editManifest(t, dir, `"format": 1`, `"format": 2`) },
		want:    []string{"MANIFEST.json was written by a newer topoc", "a/x was not written"},
	}, {
		name: "directory in the place of a file",
		disturb: func(t *testing.T, dir string) {
			mustRemove(t, dir, "a/x")
			put(t, dir, "a/x/mine", "mine")
		},
		want: []string{"a/x is a directory"},
	}, {
		name: "empty directory in the place of a file",
		disturb: func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "b", "new"), 0o777); err != nil {
				t.Fatal(err)
			}
		},
		want: []string{"b/new is a directory"},
	}, {
		name:    "file in the place of a directory",
		disturb: func(t *testing.T, dir string) { put(t, dir, "b", "mine") },
		want:    []string{"b/new needs the directory b, which is a file"},
	}, {
		name: "link in the place of a file",
		disturb: func(t *testing.T, dir string) {
			symlink(t, "y", dir, "b")
			mustRemove(t, dir, "a/x")
			symlink(t, "y", dir, "a/x")
		},
		want: []string{"a/x is a symbolic link", "b/new needs the directory b, which is a symbolic link"},
	}, {
		name: "link to a directory inside",
		disturb: func(t *testing.T, dir string) {
			needsLinks(t)
			if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "real")); err != nil {
				t.Fatal(err)
			}
			symlink(t, "real", dir, "a")
		},
		want: []string{"a/x needs the directory a, which is a symbolic link", "a/y needs the directory a"},
	}, {
		name: "stale file that became a link",
		disturb: func(t *testing.T, dir string) {
			mustRemove(t, dir, "gone/z")
			symlink(t, "../a/x", dir, "gone/z")
		},
		want:   []string{"gone/z is a symbolic link"},
		forced: append(slices.Clone(second), "gone/z", "->../a/x"),
	}, {
		name: "manifest that became a link",
		disturb: func(t *testing.T, dir string) {
			mustRemove(t, dir, ManifestName)
			symlink(t, "a/x", dir, ManifestName)
		},
		want: []string{"MANIFEST.json is a symbolic link", "a/x was not written"},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			mustWrite(t, dir, setOf(t, first...), Options{})
			test.disturb(t, dir)
			before := stamp(t, dir)

			_, err := Write(dir, setOf(t, second...), Options{})
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("Write = %v, want a RefusedError", err)
			}
			wantRefusals(t, refused, test.want)
			if got := strings.Contains(err.Error(), "--force"); got != (test.forced != nil) {
				t.Errorf("the error speaks of --force: %v, want %v:\n%v", got, !got, err)
			}
			if after := stamp(t, dir); !maps.Equal(before, after) {
				t.Errorf("a refused build changed %v to %v", before, after)
			}

			_, err = Write(dir, setOf(t, second...), Options{Force: true})
			if test.forced == nil {
				if !errors.As(err, &refused) {
					t.Errorf("with Force, Write = %v, want a RefusedError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantContents(t, dir, test.forced...)
			wantKinds(t, dir, setOf(t, second...), Options{})
		})
	}
}

func wantRefusals(t *testing.T, refused *RefusedError, want []string) {
	t.Helper()
	isAsWanted := len(refused.Files) == len(want)
	for i := 0; isAsWanted && i < len(want); i++ {
		f := refused.Files[i]
		isAsWanted = strings.HasPrefix(f.Path+" "+f.Reason, want[i])
	}
	if !isAsWanted {
		t.Errorf("Write refuses\n%v\nwant %q", refused, want)
	}
}

func mustRemove(t *testing.T, dir, path string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, path)); err != nil {
		t.Fatal(err)
	}
}

func editManifest(t *testing.T, dir, old, new string) {
	t.Helper()
	file := filepath.Join(dir, ManifestName)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.ReplaceAll(string(text), old, new)
	if edited == string(text) {
		t.Fatalf("no %q in the manifest", old)
	}
	if err := os.WriteFile(file, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestLinksDoNotLeadOutside(t *testing.T) {
	outside := t.TempDir()
	put(t, outside, "x", "mine")
	put(t, outside, "old", "1") // as topoc would have written it
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "a/x", "1", "a/old", "1"), Options{})
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	symlink(t, outside, dir, "a")
	for _, opts := range []Options{{}, {Force: true}} {
		_, err := Write(dir, setOf(t, "a/x", "2", "a/new", "2"), opts)
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("Write = %v, want a RefusedError", err)
		}
	}
	// Here nothing has to be put below the link, and Force gives up what is stale there.
	mustWrite(t, dir, setOf(t), Options{Force: true})
	wantContents(t, outside, "x", "mine", "old", "1")
}

func TestTheStageIsNoWayOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	put(t, outside, "0", "mine")
	symlink(t, outside, dir, stageDir)
	mustWrite(t, dir, setOf(t, "a", "a"), Options{})
	wantContents(t, outside, "0", "mine")
	wantContents(t, dir, "a", "a")
}

func TestTheDirectoryItselfMayBeALink(t *testing.T) {
	parent := t.TempDir()
	put(t, parent, "real/mine", "mine")
	symlink(t, "real", parent, "out")
	set := setOf(t, "a", "a")
	mustWrite(t, filepath.Join(parent, "out"), set, Options{})
	wantContents(t, filepath.Join(parent, "real"), "a", "a", "mine", "mine")
	wantKinds(t, filepath.Join(parent, "out"), set, Options{})
}

func TestTheDirectoryMayNotBeAFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "out", "mine")
	_, err := Write(filepath.Join(dir, "out"), setOf(t, "a", "a"), Options{Force: true})
	var refused *RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "is a file, where a directory is to be") {
		t.Errorf("Write = %v, want a RefusedError", err)
	}
	wantContents(t, dir, "out", "mine")
}
