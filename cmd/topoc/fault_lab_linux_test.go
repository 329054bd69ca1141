package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faultLab is a directory in which a build is disturbed again and again, and what must become of it.
type faultLab struct {
	dir, out string
	topology string
	foreign  []string
	old, new map[string]state // what stands in out before and after the build: relative paths; of files without their times

	underway *manifestUnderway
}

// state is a file, a directory or a link.
type state struct {
	mode    fs.FileMode
	content string // of a file; what a link leads to
	inode   uint64 // of files, as the time
	time    time.Time
}

// manifestUnderway is the one manifest that a build may leave when it does not end, once it was seen.
type manifestUnderway struct {
	sync.Mutex
	text string
}

// longAgo is the time of what stands there before a build.
var longAgo = time.Date(2020, 2, 2, 2, 2, 2, 0, time.UTC)

// newFaultLab makes a lab, in memory where it can: builds wait for their disk.
func newFaultLab(t *testing.T, b faultBuild) *faultLab {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "topoc-fault-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return newFaultLabIn(t, dir, b)
}

func newFaultLabIn(t *testing.T, dir string, b faultBuild) *faultLab {
	t.Helper()
	lab := &faultLab{
		dir: dir, out: filepath.Join(dir, "out"), topology: filepath.Join(dir, "lab.cue"), foreign: b.foreign,
		underway: &manifestUnderway{},
	}
	if b.old != "" {
		lab.old = lab.built(t, b.old)
	}
	lab.new = lab.built(t, b.new)
	return lab
}

// built returns what a build of a topology leaves in an empty directory, and keeps the topology.
func (l *faultLab) built(t *testing.T, topology string) map[string]state {
	t.Helper()
	if err := os.WriteFile(l.topology, []byte(topology), 0o666); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(l.dir, "fresh")
	if code, _, stderr := topoc(t, "build", l.topology, "-o", fresh); code != exitOK {
		t.Fatalf("build: exit code %d\n%s", code, stderr)
	}
	all := timeless(snapshot(t, fresh))
	if err := os.RemoveAll(fresh); err != nil {
		t.Fatal(err)
	}
	delete(all, ".")
	return all
}

// prepare makes out what it was before the build.
func (l *faultLab) prepare(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(l.out); err != nil {
		t.Fatal(err)
	}
	if l.old == nil {
		return
	}
	put := func(name, content string, mode fs.FileMode) {
		file := filepath.Join(l.out, name)
		for _, err := range []error{
			os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(content), mode), os.Chtimes(file, longAgo, longAgo),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, s := range l.old {
		if s.mode.IsRegular() {
			put(name, s.content, s.mode.Perm())
		}
	}
	for _, name := range l.foreign {
		put(name, "not topoc's\n", 0o640)
	}
}

// wantWhole holds every file, once a build was disturbed, to the states that it may have.
func (l *faultLab) wantWhole(t *testing.T, at string, before map[string]state) {
	t.Helper()
	after := snapshot(t, l.dir)
	for name, s := range after {
		name, isBelow := strings.CutPrefix(name, "out/")
		was, wasThere := before["out/"+name]
		old, new := l.old[name], l.new[name]
		now := s.timeless()
		switch {
		case !isBelow || name == ".topoc-stage" || strings.HasPrefix(name, ".topoc-stage/"):
		case s.mode.IsDir():
			if !l.isDir(name) {
				t.Errorf("%s: a directory %s", at, name)
			}
		case name == "MANIFEST.json" && now != old && now != new:
			l.wantUnderway(t, at, s.content)
		case slices.Contains(l.foreign, name) || old == new && wasThere:
			if s != was {
				t.Errorf("%s: %s is %v, and was %v", at, name, s, was)
			}
		case now != old && now != new:
			t.Errorf("%s: %s is not whole, neither old nor new:\n%s", at, name, s.content)
		}
	}
	for name := range before {
		name, isBelow := strings.CutPrefix(name, "out/")
		_, isNew := l.new[name]
		if _, isThere := after["out/"+name]; isBelow && !isThere && (isNew || slices.Contains(l.foreign, name)) {
			t.Errorf("%s: %s is gone", at, name)
		}
	}
}

// isDir reports whether a file before or after the build is below the directory of that name.
func (l *faultLab) isDir(name string) bool {
	below := func(file string) bool { return strings.HasPrefix(file, name+"/") }
	isBelow := slices.ContainsFunc(l.foreign, below)
	for file := range l.old {
		isBelow = isBelow || below(file)
	}
	for file := range l.new {
		isBelow = isBelow || below(file)
	}
	return isBelow
}

// wantUnderway wants a manifest that says that the build has not ended: the same whenever that was.
func (l *faultLab) wantUnderway(t *testing.T, at, text string) {
	t.Helper()
	l.underway.Lock()
	defer l.underway.Unlock()
	if l.underway.text == "" {
		var m struct{ Finished *bool }
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Finished == nil || *m.Finished {
			t.Errorf("%s: MANIFEST.json is neither old nor new, nor one of a build that has not ended: %v\n%s", at, err, text)
			return
		}
		l.underway.text = text
	}
	if l.underway.text != text {
		t.Errorf("%s: MANIFEST.json is\n%s\nnot\n%s", at, text, l.underway.text)
	}
}

// isDone reports whether out is as after a build that was not disturbed.
func (l *faultLab) isDone(t *testing.T) bool {
	t.Helper()
	got := map[string]state{}
	for name, s := range timeless(snapshot(t, l.dir)) {
		if name, isBelow := strings.CutPrefix(name, "out/"); isBelow && !slices.Contains(l.foreign, name) {
			got[name] = s
		}
	}
	want := maps.Clone(l.new)
	for _, name := range l.foreign {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			want[dir] = got[dir]
		}
	}
	return maps.Equal(got, want)
}

func (l *faultLab) wantDone(t *testing.T, at string) {
	t.Helper()
	if !l.isDone(t) {
		t.Errorf("%s: what is left is not what a build into an empty directory makes: %v", at, slices.Sorted(maps.Keys(snapshot(t, l.out))))
	}
}

// wantMended wants --check to tell whether something is left to do, and the next build to do it.
func (l *faultLab) wantMended(t *testing.T, at string) {
	t.Helper()
	before := snapshot(t, l.dir)
	want := exitFound
	if l.isDone(t) {
		want = exitOK
	}
	if code, _, stderr := topoc(t, "build", l.topology, "-o", l.out, "--check"); code != want {
		t.Errorf("%s: build --check: exit code %d, want %d\n%s", at, code, want, stderr)
	}
	wantSame(t, at+": build --check", before, snapshot(t, l.dir))
	if code, _, stderr := topoc(t, "build", l.topology, "-o", l.out); code != exitOK || stderr != "" {
		t.Errorf("%s: the next build: exit code %d\n%s", at, code, stderr)
	}
	l.wantDone(t, at+": the next build")
	after := snapshot(t, l.dir)
	for name, s := range before {
		below := strings.TrimPrefix(name, "out/")
		if isRight := s.mode.IsRegular() && s.timeless() == l.new[below]; isRight && after[name] != s {
			t.Errorf("%s: the next build wrote %s again", at, name)
		}
	}
}

// errorLine is what a build says of an error of the environment: what it did to which file, why that failed, and what to do.
var errorLine = regexp.MustCompile(`^topoc: [a-z ]+ (/\S+): ([a-z -/]+)\n    hint: [^\n]+(nothing in /\S+ was changed|that ends what this build began[^\n]*)\n$`)

// wantError holds a build that failed to what it says.
func (l *faultLab) wantError(t *testing.T, at, stderr string, cause error, before map[string]state) {
	t.Helper()
	m := errorLine.FindStringSubmatch(stderr)
	if m == nil || m[2] != cause.Error() || !strings.HasPrefix(m[1], l.out) {
		t.Errorf("%s: not one line with a file, the cause and a hint:\n%s", at, stderr)
		return
	}
	after := snapshot(t, l.dir)
	isChanged := before["out/MANIFEST.json"] != after["out/MANIFEST.json"]
	if isChanged == strings.HasPrefix(m[3], "nothing") {
		t.Errorf("%s: MANIFEST.json is another one: %v; and the build says\n%s", at, isChanged, stderr)
	}
	if !isChanged {
		wantSame(t, at, before, after)
	}
}

// wantSame wants that nothing was changed: no file, nor what directories there are.
func wantSame(t *testing.T, at string, before, after map[string]state) {
	t.Helper()
	for name, s := range before {
		if after[name] != s {
			t.Errorf("%s: %s was %v, and is %v", at, name, s, after[name])
		}
	}
	for name := range after {
		if _, wasThere := before[name]; !wasThere {
			t.Errorf("%s: there is a new %s", at, name)
		}
	}
}

// snapshot returns the states of all that is below dir, but for what strace wrote beside.
func snapshot(t *testing.T, dir string) map[string]state {
	t.Helper()
	all := map[string]state{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "strace.log" || strings.HasSuffix(d.Name(), ".lock") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		s := state{mode: info.Mode()}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			s.content, err = os.Readlink(file)
		case d.Type().IsRegular():
			s.time, s.inode = info.ModTime(), info.Sys().(*syscall.Stat_t).Ino
			s.content = fmt.Sprint(info.Size(), " bytes") // of what is all hole
			if info.Size() < 1<<30 {
				var text []byte
				text, err = os.ReadFile(file)
				s.content = string(text)
			}
		}
		name, _ := filepath.Rel(dir, file)
		all[filepath.ToSlash(name)] = s
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// timeless is s without what tells two files of the same content apart.
func (s state) timeless() state { return state{mode: s.mode, content: s.content} }

func timeless(all map[string]state) map[string]state {
	for name, s := range all {
		all[name] = s.timeless()
	}
	return all
}
