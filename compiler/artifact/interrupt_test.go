package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var errKilled = errors.New("killed")

// builds are pairs of builds between which files are created, replaced, removed, moved in case, and traded with directories.
var builds = []struct {
	name     string
	old, new []string
	foreign  []string
	force    bool
	only     func(string) bool
}{{
	name: "first build",
	new:  []string{"a/x", "1", "a/run.sh", "1", "b/c/d", "1", "top", "1"},
}, {
	name:    "update",
	old:     []string{"a/x", "1", "a/y", "1", "b/z", "1"},
	new:     []string{"a/x", "2", "a/y", "1", "b/new", "2", "c/d/e", "2"},
	foreign: []string{"a/mine", "m", "mine", "m"},
}, {
	name:    "shrinking update",
	old:     []string{"a/x", "1", "a/y/z", "1", "b/z", "1", "c/d/e/f", "1"},
	new:     []string{"a/x", "2"},
	foreign: []string{"b/mine", "m"},
}, {
	name: "nothing is left",
	old:  []string{"a/x", "1", "b", "1"},
}, {
	name: "files become directories and the other way round",
	old:  []string{"a", "1", "b/c", "1", "b/d/e", "1"},
	new:  []string{"a/x", "2", "b", "2"},
}, {
	name:    "new directories beside others",
	old:     []string{"a/x", "1", "b/c/d", "1", "same", "1"},
	new:     []string{"a/n/m/z", "2", "a/n/y", "2", "a/x", "1", "b/c/d", "2", "c-d/x", "2", "c/p/q.sh", "2", "c/p/r", "2", "c/s", "2", "same", "1"},
	foreign: []string{"a/mine", "m", "b/c/mine", "m"},
}, {
	name: "new directories where a file and an emptied directory stand",
	old:  []string{"a", "1", "b/c", "1", "d/x", "1", "e/f/x", "1"},
	new:  []string{"a/n/x", "2", "a/n/y", "2", "b/c/n/x", "2", "d/n/x", "2", "d/n/y", "2", "e/g/x", "2"},
}, {
	name: "case changes",
	old:  []string{"A/x", "1"},
	new:  []string{"a/x", "1"},
}, {
	name:  "forced",
	old:   []string{"a", "1", "b", "1"},
	new:   []string{"a", "1", "b", "2", "c", "2"},
	force: true,
}, {
	name: "part of a set",
	old:  []string{"a/x", "1", "a/y", "1", "b/x", "1"},
	new:  []string{"a/n/m/x", "2", "a/n/y", "2", "a/x", "2", "b/x", "1"},
	only: func(p string) bool { return p[0] == 'a' },
}}

// A build is ended before each of its steps in turn, as by a signal: whatever it would have done from there on is not done.
func TestABuildMayBeKilledAtAnyStep(t *testing.T) {
	for _, build := range builds {
		t.Run(build.name, func(t *testing.T) {
			set, opts := setOf(t, build.new...), Options{Force: build.force, Only: build.only}
			for last := 0; ; last++ {
				dir := prepared(t, build.old, build.foreign)
				var doing string
				steps := 0
				_, err := write(dir, set, opts, func(verb, path string, do func() error) error {
					if steps++; steps > last {
						doing = cmp.Or(doing, verb+" "+path)
						return errKilled
					}
					return quickly(verb, do)
				})
				if err == nil {
					if last < 5 {
						t.Fatalf("the build has %d steps; are they counted?", last)
					}
					return
				}
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				at := fmt.Sprintf("killed before step %d, %q", last, doing)
				wantWhole(t, at, dir, build.old, build.new, build.foreign)
				if len(kinds(t, dir, set, opts)) == 0 {
					t.Errorf("%s: Check finds nothing", at)
				}
				if _, err := write(dir, set, opts, quickStep); err != nil {
					t.Errorf("%s: the next build fails: %v", at, err)
				}
				wantKinds(t, dir, set, opts)
				wantContents(t, dir, slices.Concat(build.new, build.foreign)...)
				if t.Failed() {
					t.Fatal(at)
				}
			}
		})
	}
}

// A build after an interrupted one need not be the same: here it goes back, and is interrupted too.
func TestAnInterruptedBuildMayBeTakenBack(t *testing.T) {
	for _, build := range builds {
		t.Run(build.name, func(t *testing.T) {
			old, set := setOf(t, build.old...), setOf(t, build.new...)
			steps := countSteps(t, prepared(t, build.old, build.foreign), set, Options{})
			for first := range steps {
				for second := 0; second < steps; second += 1 + steps/8 {
					dir := prepared(t, build.old, build.foreign)
					write(dir, set, Options{}, killAfter(first))
					write(dir, old, Options{}, killAfter(second))
					at := fmt.Sprintf("killed before step %d, taken back and killed before step %d", first, second)
					wantWhole(t, at, dir, build.old, build.new, build.foreign)
					if _, err := write(dir, old, Options{}, quickStep); err != nil {
						t.Errorf("%s: the next build fails: %v", at, err)
					}
					wantKinds(t, dir, old, Options{})
					wantContents(t, dir, slices.Concat(build.old, build.foreign)...)
					if t.Failed() {
						t.Fatal(at)
					}
				}
			}
		})
	}
}

// faults are what a step may fail with. The build handles all of them alike, but for what it ignores: each is tried.
var faults = []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EACCES, syscall.EROFS}

// One step fails, as where the disk is full, and the build goes on to tidy up.
func TestAStepMayFail(t *testing.T) {
	for _, build := range builds {
		t.Run(build.name, func(t *testing.T) {
			set := setOf(t, build.new...)
			steps := countSteps(t, prepared(t, build.old, build.foreign), set, Options{})
			for failing := range steps {
				for _, fault := range faults {
					dir := prepared(t, build.old, build.foreign)
					isChanged, err := failAt(dir, set, failing, fault)
					at := fmt.Sprintf("step %d fails with %v", failing, fault)
					if !errors.Is(err, fault) || strings.Contains(err.Error(), "\n") {
						t.Errorf("%s: Write = %v", at, err)
					}
					var failed *FailedError
					if errors.As(err, &failed) != isChanged {
						t.Errorf("%s: Write = %T; files were changed: %v", at, err, isChanged)
					}
					if !isChanged {
						wantContents(t, dir, slices.Concat(build.old, build.foreign)...)
					}
					wantWhole(t, at, dir, build.old, build.new, build.foreign)
					quickWrite(t, dir, set, Options{})
					wantContents(t, dir, slices.Concat(build.new, build.foreign)...)
					if t.Failed() {
						t.Fatal(at)
					}
				}
			}
		})
	}
}

// failAt writes set to dir, but for one step that fails. It tells whether a file in its place was changed.
func failAt(dir string, set *Set, failing int, fault error) (isChanged bool, err error) {
	n := 0
	_, err = write(dir, set, Options{}, func(verb, path string, do func() error) error {
		if n++; n == failing+1 {
			return fault
		}
		isChanged = isChanged || verb == "replace"
		return quickly(verb, do)
	})
	return isChanged, err
}

// A build that fails before it changed anything leaves no directory where there was none.
func TestAFailedBuildTakesAwayTheDirectoriesThatItMade(t *testing.T) {
	set := setOf(t, "a/x", "1", "top", "1")
	tests := []struct {
		name    string
		dir     string
		failing string
		want    []string // what is left below the scratch directory
	}{
		{"none was there", "deep/down/out", "write a/x", []string{"mine", "m"}},
		{"some were there", "given/down/out", "write a/x", []string{"mine", "m", "given", "/"}},
		{"it was there", "given", "write a/x", []string{"mine", "m", "given", "/"}},
		{"a file was changed", "deep/out", "replace top", []string{"mine", "m", "deep/out/a/x", "1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			above := scratch(t)
			put(t, above, "mine", "m")
			if strings.HasPrefix(test.dir, "given") {
				if err := os.Mkdir(filepath.Join(above, "given"), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			dir := filepath.Join(above, filepath.FromSlash(test.dir))
			_, err := write(dir, set, Options{}, func(verb, path string, do func() error) error {
				if verb+" "+path == test.failing {
					return syscall.ENOSPC
				}
				return quickly(verb, do)
			})
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("Write = %v", err)
			}
			left := contents(t, above)
			delete(left, test.dir+"/"+ManifestName)
			want := map[string]string{}
			for pair := range slices.Chunk(test.want, 2) {
				want[pair[0]] = pair[1]
			}
			if !maps.Equal(left, want) {
				t.Errorf("left is %q, want %q", left, want)
			}
			quickWrite(t, dir, set, Options{})
			wantContents(t, dir, "a/x", "1", "top", "1")
		})
	}
}

func TestAForcedBuildThatIsKilledLeavesEditsKnown(t *testing.T) {
	set := setOf(t, "a", "2")
	prepare := func() string {
		dir := prepared(t, []string{"a", "1", "stale", "1"}, nil)
		put(t, dir, "a", "mine")
		put(t, dir, "stale", "mine")
		return dir
	}
	for last := range countSteps(t, prepare(), set, Options{Force: true}) {
		dir := prepare()
		if _, err := write(dir, set, Options{Force: true}, killAfter(last)); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		left := contents(t, dir)
		_, err := Write(dir, set, Options{})
		var refused *RefusedError
		if isMine := left["a"] == "mine" || left["stale"] == "mine"; isMine != errors.As(err, &refused) {
			t.Errorf("killed before step %d: %q is left, and Write = %v", last, left, err)
		}
		quickWrite(t, dir, set, Options{Force: true})
		wantContents(t, dir, "a", "2")
	}
}

func TestAPartDoesNotFinishTheWhole(t *testing.T) {
	only := Options{Only: func(p string) bool { return p[0] == 'a' }}
	old, set := []string{"a/x", "1", "b/x", "1", "b/y", "1"}, setOf(t, "a/x", "2", "b/x", "2")
	dir := prepared(t, old, nil)
	puts := 0
	write(dir, set, Options{}, func(verb, path string, do func() error) error {
		if verb == "replace" {
			puts++
		}
		if puts > 1 { // the unfinished manifest, and no more
			return errKilled
		}
		return quickly(verb, do)
	})
	for range 2 {
		quickWrite(t, dir, set, only)
		wantKinds(t, dir, set, only, "MANIFEST.json interrupted")
	}
	if _, err := Read(dir); !errors.Is(err, ErrUnfinished) {
		t.Errorf("Read = %v, want %v", err, ErrUnfinished)
	}
	quickWrite(t, dir, set, Options{})
	wantContents(t, dir, "a/x", "2", "b/x", "2")
	wantKinds(t, dir, set, Options{})
}

// prepared returns a directory in which topoc wrote old, and somebody else foreign.
func prepared(t *testing.T, old, foreign []string) string {
	t.Helper()
	dir := filepath.Join(scratch(t), "out")
	if old != nil {
		quickWrite(t, dir, setOf(t, old...), Options{})
	}
	for pair := range slices.Chunk(foreign, 2) {
		put(t, dir, pair[0], pair[1])
	}
	return dir
}

// scratch returns an empty directory, in memory where there is such a place: thousands of builds are made here.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "topoc-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// quickly makes a step unless all it does is wait for the disk, which no test here outlives.
func quickly(verb string, do func() error) error {
	if verb == "flush" {
		return nil
	}
	return do()
}

func quickStep(verb, _ string, do func() error) error { return quickly(verb, do) }

func quickWrite(t *testing.T, dir string, set *Set, opts Options) {
	t.Helper()
	if _, err := write(dir, set, opts, quickStep); err != nil {
		t.Fatal(err)
	}
}

func killAfter(steps int) stepper {
	return func(verb, _ string, do func() error) error {
		if steps--; steps < 0 {
			return errKilled
		}
		return quickly(verb, do)
	}
}

func countSteps(t *testing.T, dir string, set *Set, opts Options) int {
	t.Helper()
	steps := 0
	_, err := write(dir, set, opts, func(verb, _ string, do func() error) error {
		steps++
		return quickly(verb, do)
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// wantWhole checks that every file outside the stage is as one of the builds made it, and foreign files as they were.
func wantWhole(t *testing.T, at, dir string, old, new, foreign []string) {
	t.Helper()
	got := map[string]string{}
	if _, err := os.Stat(dir); err == nil {
		got = contents(t, dir)
	}
	maps.DeleteFunc(got, func(p, content string) bool { return p == stageDir || isAbove(stageDir, p) || content == "/" })
	allowed := map[string][]string{}
	for pair := range slices.Chunk(slices.Concat(old, new), 2) {
		allowed[pair[0]] = append(allowed[pair[0]], pair[1])
	}
	for pair := range slices.Chunk(foreign, 2) {
		if got[pair[0]] != pair[1] {
			t.Errorf("%s: foreign file %s holds %q", at, pair[0], got[pair[0]])
		}
		delete(got, pair[0])
	}
	for p, content := range got {
		if !slices.Contains(allowed[p], content) {
			t.Errorf("%s: %s holds %q, want one of %q", at, p, content, allowed[p])
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, ManifestName)); err == nil {
		if _, err := decode(text); err != nil {
			t.Errorf("%s: MANIFEST.json: %v", at, err)
		}
	}
}
