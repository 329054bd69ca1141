package artifact

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func needsTrees(t *testing.T) {
	t.Helper()
	if !movesTrees {
		t.Skip("here directories are not put in place whole: each file is by itself")
	}
}

// steps makes a build without flushes and returns what it does, in order.
func steps(t *testing.T, dir string, set *Set) []string {
	t.Helper()
	var all []string
	_, err := write(dir, set, Options{}, func(doing, path string, do func() error) error {
		all = append(all, doing+" "+path)
		return quickly(doing, do)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Where a file system renames no directories, their files are put in place one by one, and what was made of directories is durable.
func TestDirectoriesThatCannotBeRenamed(t *testing.T) {
	needsTrees(t)
	for _, refusal := range []error{errors.ErrUnsupported, syscall.EMFILE, syscall.EXDEV} {
		dir := prepared(t, []string{"c/x", "1"}, nil)
		files := []string{"a/b/x", "1", "a/c/y", "1", "a/z", "1", "c/x", "2", "top", "1"}
		var steps []string
		_, err := write(dir, setOf(t, files...), Options{}, func(doing, path string, do func() error) error {
			steps = append(steps, doing+" "+path)
			if doing == "put in place" {
				return &os.LinkError{Op: "rename", Old: "x", New: path, Err: refusal}
			}
			return quickly(doing, do)
		})
		if err != nil {
			t.Fatalf("%v: %v", refusal, err)
		}
		wantContents(t, dir, files...)
		for _, flushed := range []string{"flush a", "flush a/b", "flush a/c"} {
			if last := slices.Index(steps, "replace a/z"); !slices.Contains(steps[last:], flushed) {
				t.Errorf("%v: no %s in %q", refusal, flushed, steps)
			}
		}
	}
	dir := t.TempDir()
	_, err := write(dir, setOf(t, "a/x", "1"), Options{}, func(doing, _ string, do func() error) error {
		if doing == "put in place" {
			return syscall.EACCES
		}
		return quickly(doing, do)
	})
	if !errors.Is(err, syscall.EACCES) {
		t.Errorf("a directory that may not be renamed: %v", err)
	}
}

func TestNewDirectoriesArePutInPlaceWhole(t *testing.T) {
	needsTrees(t)
	tests := []struct {
		name     string
		old, new []string
		want     []string // the steps from the first manifest to the last
	}{{
		name: "first build",
		new:  []string{"a/b/x", "1", "a/c/y", "1", "a/z", "1", "a-b/x", "1", "top", "1"},
		want: []string{"put in place a-b", "put in place a", "replace top"},
	}, {
		name: "beside others",
		old:  []string{"a/x", "1"},
		new:  []string{"a/n/m/y", "2", "a/n/z", "2", "a/x", "2", "c/x", "2"},
		want: []string{"put in place a/n", "replace a/x", "put in place c"},
	}, {
		name: "where a stale file stands",
		old:  []string{"a", "1"},
		new:  []string{"a/n/x", "2", "a/n/y", "2"},
		want: []string{"remove a", "create a", "create a/n", "replace a/n/x", "replace a/n/y"},
	}, {
		name: "in a directory that goes",
		old:  []string{"a/x", "1"},
		new:  []string{"a/n/x", "2", "a/n/y", "2"},
		want: []string{"remove a/x", "remove a", "create a", "put in place a/n"},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := prepared(t, test.old, nil)
			all := steps(t, dir, setOf(t, test.new...))
			manifest := "replace " + ManifestName
			all = all[slices.Index(all, manifest)+1:]
			all = all[:slices.Index(all, manifest)]
			all = slices.DeleteFunc(all, func(step string) bool { return strings.HasPrefix(step, "flush ") })
			if !slices.Equal(all, test.want) {
				t.Errorf("the build does %q, want %q", all, test.want)
			}
			wantContents(t, dir, test.new...)
		})
	}
}

// What somebody puts where a directory was about to be put in place stays, but for an empty directory.
func TestWhatAppearsWhereADirectoryIsToBeStays(t *testing.T) {
	needsTrees(t)
	set := setOf(t, "a/b/x", "1", "a/y", "1", "top", "1")
	built := []string{"a/b/x", "1", "a/y", "1", "top", "1"}
	tests := []struct {
		name   string
		appear func(t *testing.T, dir string)
		cause  []error  // one of them
		left   []string // but for what goes on to be built
		next   []string // nil: the next build is refused
	}{
		{"a file", func(t *testing.T, dir string) { put(t, dir, "a", "mine") },
			[]error{syscall.ENOTDIR, syscall.EEXIST}, []string{"a", "mine"}, nil},
		{"a directory", func(t *testing.T, dir string) { put(t, dir, "a/mine", "mine") },
			[]error{syscall.ENOTEMPTY, syscall.EEXIST}, []string{"a/mine", "mine"}, append([]string{"a/mine", "mine"}, built...)},
		{"a link", func(t *testing.T, dir string) { symlink(t, "..", dir, "a") },
			[]error{syscall.ENOTDIR, syscall.EEXIST}, []string{"a", "->.."}, nil},
		{"an empty directory", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "a"), 0o777); err != nil {
				t.Fatal(err)
			}
		}, nil, built, built},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(scratch(t), "out")
			_, err := write(dir, set, Options{}, func(doing, path string, do func() error) error {
				if doing == "put in place" {
					test.appear(t, dir)
				}
				return quickly(doing, do)
			})
			var failed *FailedError
			if errors.As(err, &failed) != (test.cause != nil) {
				t.Fatalf("Write = %v", err)
			}
			isCause := func(cause error) bool { return errors.Is(err, cause) }
			said := "put in place " + filepath.Join(dir, "a") + ": "
			if test.cause != nil && (!slices.ContainsFunc(test.cause, isCause) || !strings.HasPrefix(err.Error(), said)) {
				t.Errorf("Write = %v, want one of %v", err, test.cause)
			}
			wantContents(t, dir, test.left...)
			_, err = write(dir, set, Options{}, quickStep)
			var refused *RefusedError
			if errors.As(err, &refused) != (test.next == nil) || test.next != nil && err != nil {
				t.Errorf("the next Write = %v", err)
			}
			if test.next == nil {
				test.next = test.left
			}
			wantContents(t, dir, test.next...)
		})
	}
}

// manyPaths returns paths and contents of several batches, in few directories and many.
func manyPaths(content string) []string {
	var files []string
	for i := range 2 * batch {
		files = append(files, fmt.Sprintf("deep/%d/%d/x", i/10, i), content, fmt.Sprintf("deep/%d/y.sh", i), content, fmt.Sprintf("flat/f%d", i), content)
	}
	return files
}

// onProcessors runs a test as on a machine that has n.
func onProcessors(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

func TestManyFilesAreStagedOnAllProcessors(t *testing.T) {
	for _, processors := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(processors), func(t *testing.T) {
			onProcessors(t, processors)
			dir := filepath.Join(scratch(t), "out")
			first, second := manyPaths("1"), manyPaths("2")
			other := append(manyPaths("2"), "deep/beside/x", "3", "new/x", "3")
			for _, files := range [][]string{first, second, other, first, nil} {
				mustWrite(t, dir, setOf(t, files...), Options{})
				wantContents(t, dir, files...)
				wantKinds(t, dir, setOf(t, files...), Options{})
			}
		})
	}
}

// A batch may begin and end at any depth.
func TestFilesOfManyShapesAreStaged(t *testing.T) {
	onProcessors(t, 4)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 30 {
		kept := map[string]string{}
		dir := filepath.Join(scratch(t), "out")
		for range 2 {
			set := &Set{}
			for range 2 + random.IntN(6*batch) {
				names := make([]string, 1+random.IntN(5))
				for i := range names {
					names[i] = string("abc"[random.IntN(3)]) + strings.Repeat("-", random.IntN(2))
				}
				names[len(names)-1] += fmt.Sprint(random.IntN(50)) // what is a file is no directory
				f := File{Path: strings.Join(names, "/"), Mode: Plain, Data: []byte{byte('0' + random.IntN(10))}}
				if err := set.Add(f); err == nil {
					kept[f.Path] = string(f.Data)
				}
			}
			mustWrite(t, dir, set, Options{})
			var want []string
			for _, f := range set.Files() {
				want = append(want, f.Path, string(f.Data))
			}
			wantContents(t, dir, want...)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// However many workers there are: of the files that cannot be written the first is told of, and nothing is left.
func TestTheFirstFileThatCannotBeStagedIsToldOf(t *testing.T) {
	onProcessors(t, 4)
	files := manyPaths("1")
	paths := make([]string, 0, len(files)/2)
	for _, f := range setOf(t, files...).Files() {
		paths = append(paths, f.Path)
	}
	for _, doing := range []string{"create", "write"} {
		for first := 0; first < len(paths); first += 17 {
			failing := map[string]bool{paths[first]: true}
			for i := first + 3; i < len(paths); i += 40 {
				failing[paths[i]] = true
			}
			above := scratch(t)
			var isOver atomic.Bool
			_, err := write(filepath.Join(above, "deep", "out"), setOf(t, files...), Options{}, func(verb, path string, do func() error) error {
				if isOver.Load() {
					t.Errorf("%s %s after the build", verb, path)
				}
				if verb == doing && failing[path] {
					return syscall.ENOSPC
				}
				return quickly(verb, do)
			})
			isOver.Store(true)
			want := fmt.Sprintf("%s %s: %v", doing, filepath.Join(above, "deep", "out", filepath.FromSlash(paths[first])), syscall.ENOSPC)
			var failed *FailedError
			if err == nil || err.Error() != want || errors.As(err, &failed) {
				t.Fatalf("Write = %v, want %s", err, want)
			}
			wantContents(t, above)
		}
	}
}

func TestAFileThatCannotBeStagedStopsAllWorkers(t *testing.T) {
	onProcessors(t, 4)
	set := setOf(t, manyPaths("1")...)
	first := set.Files()[0].Path
	hasFailed, more := false, 0
	_, err := write(filepath.Join(scratch(t), "out"), set, Options{}, func(verb, path string, do func() error) error {
		switch {
		case verb == "create" && path == first:
			hasFailed = true
			return syscall.ENOSPC
		case hasFailed:
			more++
			time.Sleep(time.Millisecond) // the news may have to wait for a processor
		}
		return quickly(verb, do)
	})
	if !errors.Is(err, syscall.ENOSPC) || more > batch {
		t.Errorf("Write = %v, after %d steps more", err, more)
	}
}

// A directory that cannot be made is spoken of by the name that it would have.
func TestADirectoryThatCannotBeStaged(t *testing.T) {
	onProcessors(t, 4)
	needsTrees(t)
	files := manyPaths("1")
	for _, failing := range []string{"deep", "deep/7", "deep/7/70", "deep/127", "flat"} {
		above := scratch(t)
		_, err := write(filepath.Join(above, "out"), setOf(t, files...), Options{}, func(verb, path string, do func() error) error {
			if verb+" "+path == "create "+failing {
				return syscall.EIO
			}
			return quickly(verb, do)
		})
		if want := fmt.Sprintf("create %s: %v", filepath.Join(above, "out", failing), syscall.EIO); err == nil || err.Error() != want {
			t.Errorf("Write = %v, want %s", err, want)
		}
		wantContents(t, above)
	}
}

// A build of many files is killed while several workers are at it.
func TestABuildOfManyFilesMayBeKilled(t *testing.T) {
	onProcessors(t, 4)
	for _, old := range [][]string{nil, manyPaths("0")} {
		files := append(manyPaths("1"), "top", "1")
		set := setOf(t, files...)
		total := countSteps(t, prepared(t, old, nil), set, Options{})
		for last := 0; last < total; last += 1 + total/15 {
			dir := prepared(t, old, nil)
			if _, err := write(dir, set, Options{}, killAfter(last)); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			at := fmt.Sprintf("killed before step %d", last)
			wantWhole(t, at, dir, old, files, nil)
			quickWrite(t, dir, set, Options{})
			wantContents(t, dir, files...)
			if t.Failed() {
				t.Fatal(at)
			}
		}
	}
}
