//go:build unix && !solaris && !illumos && !aix

package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestUmaskIsHonoured(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	defer syscall.Umask(syscall.Umask(0o027))
	set := setOf(t, "d/a", "a", "d/run.sh", "b")
	mustWrite(t, dir, set, Options{})
	for name, want := range map[string]os.FileMode{"": 0o750, "d": 0o750, "d/a": 0o640, "d/run.sh": 0o750, ManifestName: 0o640} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
	wantKinds(t, dir, set, Options{})
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
