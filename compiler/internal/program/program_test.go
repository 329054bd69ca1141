package program

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script writes a program that says something.
func script(t *testing.T, path, says string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPath(t *testing.T) {
	path, cache := t.TempDir(), t.TempDir()
	t.Setenv("PATH", path)
	t.Setenv("XDG_CACHE_HOME", cache)
	if _, err := Path("bird2"); err == nil || !strings.Contains(err.Error(), "package bird2") {
		t.Errorf("nothing is there, and the error is %v", err)
	}
	installed := script(t, filepath.Join(path, "bird"), "BIRD version 1.6.8")
	if got, err := Path("bird2"); err == nil {
		t.Errorf("takes %s, which is BIRD 1.6", got)
	}
	script(t, installed, "BIRD version 2.0.12")
	if got, err := Path("bird2"); got != installed {
		t.Errorf("finds %s, %v, want the installed %s", got, err, installed)
	}
	unpacked := script(t, filepath.Join(cache, "topoc-programs/bin/bird2"), "")
	if got, err := Path("bird2"); got != unpacked {
		t.Errorf("finds %s, %v, want the unpacked %s", got, err, unpacked)
	}
}
