package artifact

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestBuildsAtOnceDoNotMix(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	sets := []*Set{setOf(t, "a", "1", "b/c", "1", "one", "1"), setOf(t, "a", "2", "b/c", "2", "two/x", "2")}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			if _, err := Write(dir, sets[i%2], Options{}); err != nil {
				t.Error(err)
			}
			if set, err := Read(dir); err != nil {
				t.Error(err)
			} else if a, b := contentOf(set, "a"), contentOf(set, "b/c"); a != b {
				t.Errorf("a is of build %s, b/c of build %s", a, b)
			}
		})
	}
	all.Wait()
	if len(kinds(t, dir, sets[0], Options{})) > 0 && len(kinds(t, dir, sets[1], Options{})) > 0 {
		t.Errorf("what is left is neither build: %q", contents(t, dir))
	}
}

func contentOf(set *Set, path string) string {
	f, _ := set.Lookup(path)
	return string(f.Data)
}

func TestABuildDoesNotWaitForever(t *testing.T) {
	before := patience
	defer func() { patience = before }()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	unlock, err := lock(root, exclusive)
	if err != nil {
		t.Fatal(err)
	}
	patience = 10 * time.Millisecond
	for name, call := range map[string]func() error{
		"Write": func() error { _, err := Write(dir, setOf(t, "a", "a"), Options{}); return err },
		"Check": func() error { _, err := Check(dir, setOf(t, "a", "a"), Options{}); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "another topoc") {
			t.Errorf("%s = %v, want an error about another topoc", name, err)
		}
	}
	unlock()
	patience = before
	mustWrite(t, dir, setOf(t, "a", "a"), Options{})
}

// A build that fails takes its directory away again, under the feet of one that already waits for it.
func TestABuildWaitsForOneThatFails(t *testing.T) {
	dir, set := filepath.Join(scratch(t), "deep", "out"), setOf(t, "a", "a")
	waited := make(chan error)
	isFirst := true
	_, err := write(dir, set, Options{}, func(verb, path string, do func() error) error {
		if isFirst {
			isFirst = false
			go func() {
				_, err := Write(dir, set, Options{})
				waited <- err
			}()
			time.Sleep(20 * time.Millisecond)
		}
		return errKilled
	})
	if !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Errorf("the build that waited: %v", err)
	}
	wantContents(t, dir, "a", "a")
}

func TestReadersDoNotWaitForEachOther(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	unlock, err := lock(root, shared)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	wantKinds(t, dir, setOf(t), Options{}, "MANIFEST.json missing")
}

func TestLockBesideExcludes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var all sync.WaitGroup
	var inside atomic.Int32 // the race detector knows nothing of file locks
	for range 8 {
		all.Go(func() {
			unlock, err := lockBeside(root, exclusive)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if inside.Add(1) > 1 {
				t.Error("two hold the lock")
			}
			inside.Add(-1)
		})
	}
	all.Wait()
}

// Where directories cannot be locked, too, readers stand beside each other, and nobody waits for ever.
func TestLockBesideGivesUp(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	defer func(before time.Duration) { patience = before }(patience)
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	take := func(mode lockMode) func() {
		t.Helper()
		unlock, err := lockBeside(root, mode)
		if err != nil {
			t.Fatal(err)
		}
		return unlock
	}
	first, second := take(shared), take(shared)
	patience = 10 * time.Millisecond
	if _, err := lockBeside(root, exclusive); !errors.Is(err, ErrBusy) {
		t.Errorf("a writer beside readers gets %v, want %v", err, ErrBusy)
	}
	patience = time.Minute
	first()
	second()
	held := take(exclusive) // also from the one that gave up, which gives back what it gets too late
	patience = 10 * time.Millisecond
	if _, err := lockBeside(root, shared); !errors.Is(err, ErrBusy) {
		t.Errorf("a reader beside a writer gets %v, want %v", err, ErrBusy)
	}
	held()
	patience = time.Minute
	take(exclusive)()
}

// This test runs itself as another process that builds on and on, and kills it.
func TestAKilledProcessLeavesNoLockAndNoMixture(t *testing.T) {
	old := []string{"a", "1", "b/c", "1", "one/x", "1"}
	new := []string{"a", "2", "b/c", "2", "two/x", "2"}
	if dir := os.Getenv("ARTIFACT_TEST_BUILD_IN"); dir != "" {
		for {
			for _, files := range [][]string{old, new} {
				if _, err := Write(dir, setOf(t, files...), Options{}); err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
			}
		}
	}
	for run := range 10 {
		dir := filepath.Join(scratch(t), "out")
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), "ARTIFACT_TEST_BUILD_IN="+dir)
		var said strings.Builder
		child.Stdout = &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50*time.Millisecond + time.Duration(run)*1700*time.Microsecond)
		child.Process.Kill()
		child.Wait()
		if said.Len() > 0 {
			t.Fatal(said.String())
		}
		wantWhole(t, "killed", dir, old, new, nil)
		mustWrite(t, dir, setOf(t, new...), Options{})
		wantContents(t, dir, new...)
		wantKinds(t, dir, setOf(t, new...), Options{})
	}
}
