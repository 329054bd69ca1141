//go:build unix && !solaris && !illumos && !aix

package artifact

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestUmaskIsHonoured(t *testing.T) {
	for _, tt := range []struct {
		umask            int
		directory, plain os.FileMode
	}{
		{0o000, 0o755, 0o644}, {0o002, 0o755, 0o644}, {0o022, 0o755, 0o644}, {0o027, 0o750, 0o640}, {0o077, 0o700, 0o600},
	} {
		dir := filepath.Join(t.TempDir(), "made", "out")
		before := syscall.Umask(tt.umask)
		set := setOf(t, "d/a", "a", "d/run.sh", "b")
		mustWrite(t, dir, set, Options{})
		mustWrite(t, dir, setOf(t, "d/a", "other", "d/run.sh", "b"), Options{})
		mustWrite(t, dir, set, Options{})
		syscall.Umask(before)
		for name, want := range map[string]os.FileMode{
			"..": tt.directory, "": tt.directory, "d": tt.directory, "d/a": tt.plain, "d/run.sh": tt.directory, ManifestName: tt.plain,
		} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("umask %03o: %q has mode %o, want %o", tt.umask, name, got, want)
			}
		}
		wantKinds(t, dir, set, Options{})
	}
}

func TestAPipeIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a"), 0o666); err != nil {
		t.Skip(err)
	}
	_, err := Write(dir, setOf(t, "a", "a"), Options{Force: true})
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("Write = %v, want a RefusedError", err)
	}
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 && !asNobody(t) {
		t.Skip("root may write everywhere; TestAStepMayFail fails each step instead")
	}
	dir := t.TempDir()
	set := setOf(t, "a", "a")
	mustWrite(t, dir, set, Options{})
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	mustWrite(t, dir, set, Options{}) // there is nothing to write
	wantKinds(t, dir, set, Options{})
	if _, err := Write(dir, setOf(t, "a", "b"), Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Write = %v, want %v", err, fs.ErrPermission)
	}
	wantContents(t, dir, "a", "a")
}

func TestADirectoryBelowThatCannotBeWritten(t *testing.T) {
	for name, set := range map[string]*Set{
		"a file changes":  setOf(t, "a/x/y", "2", "b", "2"),
		"a file is new":   setOf(t, "a/x/y", "1", "a/x/z", "2", "b", "2"),
		"a directory too": setOf(t, "a/x/y", "1", "a/x/z/z", "2", "b", "2"),
		"a file goes":     setOf(t, "b", "2"),
	} {
		t.Run(name, func(t *testing.T) {
			if os.Geteuid() == 0 && !asNobody(t) {
				t.Skip("root may write everywhere; TestAStepMayFail fails each step instead")
			}
			dir := t.TempDir()
			mustWrite(t, dir, setOf(t, "a/x/y", "1", "b", "1"), Options{})
			readOnly := filepath.Join(dir, "a", "x")
			if err := os.Chmod(readOnly, 0o555); err != nil {
				t.Fatal(err)
			}
			before := stamp(t, dir)
			_, err := Write(dir, set, Options{})
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "change "+readOnly) {
				t.Errorf("Write = %v, want one that names %s", err, readOnly)
			}
			if after := stamp(t, dir); !maps.Equal(before, after) {
				t.Errorf("it left %v, and found %v", after, before)
			}
			if t.Failed() {
				return
			}
			if err := os.Chmod(readOnly, 0o755); err != nil {
				t.Fatal(err)
			}
			mustWrite(t, dir, set, Options{})
			wantKinds(t, dir, set, Options{})
		})
	}
}

// A file with a hole in it that is larger than memory is no reason to run out of memory.
func TestAFileThatIsTooLargeIsNotRead(t *testing.T) {
	for _, name := range []string{ManifestName, "a/x", "gone"} {
		dir := t.TempDir()
		mustWrite(t, dir, setOf(t, "a/x", "1", "gone", "1"), Options{})
		if err := os.Truncate(filepath.Join(dir, name), maxFile+1); err != nil {
			t.Fatal(err)
		}
		before := stamp(t, dir)
		if _, err := Write(dir, setOf(t, "a/x", "2"), Options{Force: true}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: Write = %v, want %v", name, err, ErrTooLarge)
		}
		if _, err := Check(dir, setOf(t, "a/x", "2"), Options{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: Check = %v, want %v", name, err, ErrTooLarge)
		}
		if after := stamp(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s: it left %v, and found %v", name, after, before)
		}
	}
}

// A build that was stopped holds its directory. One that comes after waits, and gives up in the end; both are whole in the end.
func TestAStoppedBuildIsWaitedFor(t *testing.T) {
	files := []string{"a", "1", "b/c", "1", "one/x", "1"}
	if dir := os.Getenv("ARTIFACT_TEST_STOP_IN"); dir != "" {
		buildHalfWay(t, dir, setOf(t, files...))
		return
	}
	dir, set := filepath.Join(scratch(t), "out"), setOf(t, "a", "2", "two", "2")
	goOn := stoppedBuild(t, dir)

	defer func(before time.Duration) { patience = before }(patience)
	patience = 50 * time.Millisecond
	left := contents(t, dir)
	for name, call := range map[string]func() error{
		"Write": func() error { _, err := Write(dir, set, Options{}); return err },
		"Check": func() error { _, err := Check(dir, set, Options{}); return err },
		"Read":  func() error { _, err := Read(dir); return err },
	} {
		if err := call(); !errors.Is(err, ErrBusy) {
			t.Errorf("%s = %v, want %v", name, err, ErrBusy)
		}
	}
	if now := contents(t, dir); !maps.Equal(now, left) {
		t.Errorf("there is %q, and was %q", now, left)
	}

	patience = time.Minute
	second := make(chan error)
	go func() {
		_, err := Write(dir, set, Options{})
		second <- err
	}()
	time.Sleep(20 * time.Millisecond)
	goOn()
	if err := <-second; err != nil {
		t.Errorf("the build that waited: %v", err)
	}
	wantContents(t, dir, "a", "2", "two", "2")
	wantKinds(t, dir, set, Options{})
}

// buildHalfWay writes set to dir, says when the first file of it is in place, and goes on once standard input has ended.
func buildHalfWay(t *testing.T, dir string, set *Set) {
	t.Helper()
	_, err := write(dir, set, Options{}, func(verb, path string, do func() error) error {
		if verb == "put in place" && path == "b" {
			fmt.Println("half-way")
			if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
				return err
			}
		}
		return do()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stoppedBuild runs this test again, as a process that builds in dir half-way and is stopped by a signal there. It ends once goOn is
// called, and must succeed.
func stoppedBuild(t *testing.T, dir string) (goOn func()) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "ARTIFACT_TEST_STOP_IN="+dir)
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "half-way\n" {
		t.Fatalf("%v: %s", err, line)
	}
	var status syscall.WaitStatus
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := syscall.Wait4(child.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("%v, %v", err, status)
	}
	return func() {
		if err := child.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		input.Close()
		if err := child.Wait(); err != nil {
			t.Errorf("the build that was stopped: %v", err)
		}
	}
}
