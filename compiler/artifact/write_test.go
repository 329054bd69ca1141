package artifact

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteMakesTheDirectoryHoldTheSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "out")
	result := mustWrite(t, dir, setOf(t, "calico/a/x.yaml", "x\n", "calico/a/apply.sh", "#!/bin/sh\n", "top", ""), Options{})
	wantContents(t, dir, "calico/a/x.yaml", "x\n", "calico/a/apply.sh", "#!/bin/sh\n", "top", "")
	want := []string{"calico/a/apply.sh", "calico/a/x.yaml", "top"}
	if !slices.Equal(result.Written, want) || result.Unchanged != 0 {
		t.Errorf("result = %+v, want %q written", result, want)
	}
	wantManifest := fmt.Sprintf(`{
  "format": 1,
  "finished": true,
  "files": [
    {"path":"calico/a/apply.sh","sha256":"%s","executable":true,"declared":["name"]},
    {"path":"calico/a/x.yaml","sha256":"%s","declared":["name"]},
    {"path":"top","sha256":"%s","declared":["name"]}
  ]
}
`, hash([]byte("#!/bin/sh\n")), hash([]byte("x\n")), hash(nil))
	if got, _ := os.ReadFile(filepath.Join(dir, ManifestName)); string(got) != wantManifest {
		t.Errorf("MANIFEST.json is\n%s\nwant\n%s", got, wantManifest)
	}
}

func TestWriteUpdates(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "keep", "k", "change", "1", "gone/a/b", "b", "gone/c", "c", "mine/d", "d"), Options{})
	put(t, dir, "mine/notes.txt", "foreign")
	put(t, dir, "notes.txt", "foreign")
	before := stamp(t, dir)

	result := mustWrite(t, dir, setOf(t, "keep", "k", "change", "2", "new/e", "e"), Options{})

	wantContents(t, dir, "keep", "k", "change", "2", "new/e", "e", "mine/notes.txt", "foreign", "notes.txt", "foreign")
	want := Result{Written: []string{"change", "new/e"}, Removed: []string{"gone/a/b", "gone/c", "mine/d"}, Unchanged: 1}
	if fmt.Sprint(result) != fmt.Sprint(want) {
		t.Errorf("result = %+v, want %+v", result, want)
	}
	after := stamp(t, dir)
	for _, name := range []string{"keep", "mine/notes.txt", "notes.txt"} {
		if file := filepath.Join(dir, name); before[file] != after[file] {
			t.Errorf("%s was written again", name)
		}
	}
}

func TestSecondWriteWritesNothing(t *testing.T) {
	dir := t.TempDir()
	set := setOf(t, "a/b", "b", "run.sh", "c", "empty", "")
	mustWrite(t, dir, set, Options{})
	before := stamp(t, dir)
	for _, opts := range []Options{{}, {Force: true}, {Only: func(p string) bool { return p == "a/b" }}} {
		result, err := write(dir, set, opts, func(doing, path string, _ func() error) error {
			return fmt.Errorf("%s %s: not wanted", doing, path)
		})
		if err != nil {
			t.Error(err)
		}
		if len(result.Written)+len(result.Removed) > 0 {
			t.Errorf("result = %+v, want nothing written", result)
		}
	}
	if after := stamp(t, dir); !maps.Equal(before, after) {
		t.Errorf("the second build left %v, the first %v", after, before)
	}
}

func TestWriteOfAnEmptySetRemovesEverythingOfTopocs(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "a/b/c", "c", "d", "d"), Options{})
	mustWrite(t, dir, setOf(t), Options{})
	wantContents(t, dir)
	wantKinds(t, dir, setOf(t), Options{})
}

func TestWriteTakesWhatAlreadyIsRight(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "same")
	before := stamp(t, dir)[filepath.Join(dir, "a")]
	mustWrite(t, dir, setOf(t, "a", "same"), Options{})
	if after := stamp(t, dir)[filepath.Join(dir, "a")]; before != after {
		t.Error("a file that was right already was written again")
	}
	mustWrite(t, dir, setOf(t), Options{})
	wantContents(t, dir) // it is in the manifest: topoc's from then on
}

func TestWriteRestoresWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	set := setOf(t, "a/b", "b", "c", "c")
	mustWrite(t, dir, set, Options{})
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, dir, set, Options{})
	wantContents(t, dir, "a/b", "b", "c", "c")
}

func TestWriteForgetsAStaleFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "a/b", "b", "c", "c"), Options{})
	if err := os.Remove(filepath.Join(dir, "a", "b")); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, dir, setOf(t, "c", "c"), Options{})
	wantContents(t, dir, "c", "c")
	wantKinds(t, dir, setOf(t, "c", "c"), Options{})
}

func TestWriteTurnsFilesIntoDirectoriesAndBack(t *testing.T) {
	dir := t.TempDir()
	flat, deep := setOf(t, "a", "file", "z", "z"), setOf(t, "a/b/c", "c", "a/d", "d", "z", "z")
	for range 2 {
		mustWrite(t, dir, flat, Options{})
		wantContents(t, dir, "a", "file", "z", "z")
		wantKinds(t, dir, flat, Options{})
		mustWrite(t, dir, deep, Options{})
		wantContents(t, dir, "a/b/c", "c", "a/d", "d", "z", "z")
		wantKinds(t, dir, deep, Options{})
	}
}

func TestWriteFollowsARenameInCase(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "calico/Prod/x", "x", "calico/Prod/y", "y"), Options{})
	set := setOf(t, "calico/prod/x", "x", "calico/prod/y", "Y")
	mustWrite(t, dir, set, Options{})
	wantContents(t, dir, "calico/prod/x", "x", "calico/prod/y", "Y")
	wantKinds(t, dir, set, Options{})
}

// Where a file system ignores case, the old spelling leads to the same file; a copy under both names looks the same to topoc.
func TestAFileThatIsRespelledIsWrittenAfterItsOldSpellingIsRemoved(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, dir, setOf(t, "A", "same"), Options{})
	put(t, dir, "a", "same")
	var steps []string
	_, err := write(dir, setOf(t, "a", "same"), Options{}, func(doing, path string, do func() error) error {
		steps = append(steps, doing+" "+path)
		return do()
	})
	if err != nil {
		t.Fatal(err)
	}
	removed, written := slices.Index(steps, "remove A"), slices.Index(steps, "replace a")
	if removed < 0 || written < removed {
		t.Errorf("steps are %q, want A removed and then a replaced", steps)
	}
}

// A build that was killed after everything but tidying up leaves no more to do than that.
func TestWriteTidiesUpAndWritesNothing(t *testing.T) {
	dir := t.TempDir()
	set := setOf(t, "a", "a")
	mustWrite(t, dir, set, Options{})
	before := stamp(t, dir)
	put(t, dir, stagedFinal, "left")
	wantKinds(t, dir, set, Options{}, stageDir+" interrupted")
	if result := mustWrite(t, dir, set, Options{}); result.Unchanged != 1 || len(result.Written) > 0 {
		t.Errorf("result = %+v, want one file unchanged", result)
	}
	wantContents(t, dir, "a", "a")
	for _, name := range []string{"a", ManifestName} {
		if file := filepath.Join(dir, name); stamp(t, dir)[file] != before[file] {
			t.Errorf("%s was written again", name)
		}
	}
}

func TestWriteOfManyFiles(t *testing.T) {
	dir := t.TempDir()
	var first, second []string
	for i := range 3 * fewFiles {
		name := fmt.Sprintf("d%d/f", i)
		first, second = append(first, name, "1"), append(second, name, "2")
	}
	for _, files := range [][]string{first, second, nil} {
		mustWrite(t, dir, setOf(t, files...), Options{})
		wantContents(t, dir, files...)
	}
}

func TestOnlyLimitsWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	only := Options{Only: func(p string) bool { return strings.HasPrefix(p, "calico/a/") }}
	mustWrite(t, dir, setOf(t, "calico/a/x", "1", "calico/a/old", "1", "calico/b/x", "1", "calico/b/old", "1"), Options{})
	put(t, dir, "calico/b/x", "edited")
	set := setOf(t, "calico/a/x", "2", "calico/a/new", "2", "calico/b/x", "2", "calico/b/new", "2")

	mustWrite(t, dir, set, only)

	wantContents(t, dir, "calico/a/x", "2", "calico/a/new", "2", "calico/b/x", "edited", "calico/b/old", "1")
	wantKinds(t, dir, set, only)
	wantKinds(t, dir, set, Options{}, "MANIFEST.json outdated", "calico/b/new missing", "calico/b/old stale", "calico/b/x edited")
	text, _ := os.ReadFile(filepath.Join(dir, ManifestName))
	m, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range m.Files {
		paths = append(paths, e.Path)
	}
	if want := []string{"calico/a/new", "calico/a/x", "calico/b/old", "calico/b/x"}; !slices.Equal(paths, want) {
		t.Errorf("the manifest lists %q, want %q", paths, want)
	}
}

func TestOnlyWorksInAnEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	only := Options{Only: func(p string) bool { return p == "a" }}
	mustWrite(t, dir, setOf(t, "a", "a", "b", "b"), only)
	wantContents(t, dir, "a", "a")
	wantKinds(t, dir, setOf(t, "a", "a", "b", "b"), only)
}

func TestModes(t *testing.T) {
	needsModes(t)
	dir := t.TempDir()
	set := setOf(t, "a", "a", "run.sh", "b")
	mustWrite(t, dir, set, Options{})
	chmod := func(name string, mode os.FileMode) {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod("a", 0o600)
	chmod("run.sh", 0o700)
	wantKinds(t, dir, set, Options{}) // another umask is no drift
	chmod("a", 0o755)
	chmod("run.sh", 0o644)
	chmod(ManifestName, 0o755)
	wantKinds(t, dir, set, Options{}, "MANIFEST.json mode", "a mode", "run.sh mode")
	mustWrite(t, dir, set, Options{})
	wantKinds(t, dir, set, Options{})
}
