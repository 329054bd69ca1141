//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// peer is a public program that topoc is measured against.
type peer struct {
	name, pkg, version string
	path               string // of the program; "": it cannot be had here
	missing            error  // why
}

// peers returns the programs, installed into the user's cache directory, or found there. Where all has to be there and one is not,
// the test fails.
func peers(t *testing.T) map[string]*peer {
	t.Helper()
	all := map[string]*peer{}
	for _, p := range []*peer{
		{name: "cue", pkg: "cuelang.org/go/cmd/cue", version: moduleVersion(t, "cuelang.org/go")},
		// The next one is for Go 1.27.
		{name: "kustomize", pkg: "sigs.k8s.io/kustomize/kustomize/v5", version: "v5.8.2"},
		{name: "helm", pkg: "helm.sh/helm/v4/cmd/helm", version: "v4.3.2"},
	} {
		p.path, p.missing = p.install()
		all[p.name] = p
		if p.missing != nil && os.Getenv("TOPOC_REQUIRE") == "all" {
			t.Errorf("%s %s cannot be had: %v", p.name, p.version, p.missing)
		}
	}
	return all
}

// moduleVersion is the version of a module that go.mod asks for.
func moduleVersion(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("which release of %s go.mod asks for: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// install builds the program as its module's go.mod says, without C as its makers release it, in the place of other releases of it.
// Another process that does so at the same time is waited for.
func (p *peer) install() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "topoc-bench")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close() // which unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	dir := filepath.Join(cache, p.name+"-"+p.version+"-"+runtime.Version()+"-static")
	program := filepath.Join(dir, p.name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(os.Stderr, "bench: building %s %s into %s; minutes from an empty build cache\n", p.name, p.version, dir)
	others, err := filepath.Glob(filepath.Join(cache, p.name+"-*"))
	if err != nil {
		return "", err
	}
	for _, other := range others {
		if err := os.RemoveAll(other); err != nil {
			return "", err
		}
	}
	staged := dir + ".building" // so that a dir is whole or not there
	cmd := exec.Command("go", "install", p.pkg+"@"+p.version)
	cmd.Env = append(os.Environ(), "GOBIN="+staged, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, lastLine(out))
	}
	return program, os.Rename(staged, dir)
}

// lastLine is the end of a program's output, where it says what went wrong.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}

// buildTopoc builds the command as `make build` does.
func buildTopoc(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "topoc")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/topoc")
	cmd.Dir, cmd.Env = repository, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, strings.TrimSpace(string(out)))
	}
	return program
}
