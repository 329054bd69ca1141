package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program returns the path of topoc as a user has it, for tests in which processes are killed, stopped and starved. It is built
// once.
func program(t testing.TB) string {
	t.Helper()
	path, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// programDir is where program builds; "" until it has.
var programDir string

// programVariable names it to a test that a test starts.
const programVariable = "TOPOC_TEST_PROGRAM"

var buildProgram = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(programVariable); path != "" {
		return path, nil
	}
	var err error
	if programDir, err = os.MkdirTemp("", "topoc-program-"); err != nil {
		return "", err
	}
	path := filepath.Join(programDir, "topoc")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	// Tests run it as another user too.
	return path, os.Chmod(programDir, 0o755)
})

// withProgram is the tests of this package, and removes what program built after the last of them.
type withProgram struct{ *testing.M }

func (w withProgram) Run() int {
	defer func() { os.RemoveAll(programDir) }()
	return w.M.Run()
}
