package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Releases under test.
const (
	calicoRelease     = "v3.31.0"
	kubernetesRelease = "v1.33.4"
)

// buildLimit is above what an empty build cache takes on two slow cores.
const buildLimit = 20 * time.Minute

// Programs is the directory of the built programs.
type Programs string

// Path of a program: confd, kube-apiserver, kubectl, calicoctl, or apiserver, which is Calico's.
func (p Programs) Path(name string) string { return filepath.Join(string(p), name) }

// packages of the programs, as `go build` takes them in this module.
var packages = []string{
	"./programs/confd",
	"./programs/kube-apiserver",
	"./programs/kubectl",
	"github.com/projectcalico/calico/apiserver/cmd/apiserver",
	"github.com/projectcalico/calico/calicoctl/calicoctl",
}

// Build builds all programs into the user's cache directory, or finds them there: built before from the same go.mod, go.sum,
// programs/ and Go release. Another process that builds at the same time is waited for.
func Build() (Programs, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("build the programs: %w", err)
	}
	cache = filepath.Join(cache, "topoc-conformance")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("build the programs: %w", err)
	}
	lock, err := os.Create(filepath.Join(cache, "lock"))
	if err != nil {
		return "", fmt.Errorf("build the programs: %w", err)
	}
	defer lock.Close() // which unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("wait for another build of the programs: %w", err)
	}
	key, err := sourcesHash()
	if err != nil {
		return "", fmt.Errorf("build the programs: %w", err)
	}
	dir := filepath.Join(cache, key)
	if _, err := os.Stat(dir); err == nil {
		now := time.Now()
		return Programs(dir), os.Chtimes(dir, now, now)
	}
	removeUnused(cache)
	return Programs(dir), buildInto(dir)
}

// buildInto builds beside dir and renames, so that a dir is whole or not there.
func buildInto(dir string) error {
	fmt.Fprintf(os.Stderr, "conformance: building %s into %s; minutes from an empty build cache\n", strings.Join(packages, ", "), dir)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	staged := dir + ".building"
	if err := os.RemoveAll(staged); err != nil {
		return fmt.Errorf("build the programs: %w", err)
	}
	defer os.RemoveAll(staged)
	// calicoctl and kubectl compare their release with the server's. Without symbols they are a third smaller.
	flags := fmt.Sprintf("-s -w -X github.com/projectcalico/calico/pkg/buildinfo.Version=%s -X k8s.io/component-base/version.gitVersion=%s",
		calicoRelease, kubernetesRelease)
	arguments := append([]string{"build", "-trimpath", "-ldflags", flags, "-o", staged + "/"}, packages...)
	out, err := exec.CommandContext(ctx, "go", arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the programs of the tests cannot be built here: %w: %s", err, lastLines(out, 5))
	}
	if err := os.Rename(staged, dir); err != nil {
		return fmt.Errorf("build the programs: %w", err)
	}
	fmt.Fprintf(os.Stderr, "conformance: built in %s\n", time.Since(begun).Round(time.Second))
	return nil
}

// sourcesHash names what the programs are made of.
func sourcesHash() (string, error) {
	sources, err := filepath.Glob("programs/*/*.go")
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), calicoRelease, kubernetesRelease)
	for _, name := range append(sources, "go.mod", "go.sum") {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// removeUnused removes builds that no run has used for a week: each takes hundreds of megabytes. What cannot be removed stays.
func removeUnused(cache string) {
	entries, _ := os.ReadDir(cache)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && time.Since(info.ModTime()) > 7*24*time.Hour {
			os.RemoveAll(filepath.Join(cache, e.Name()))
		}
	}
}

// lastLines is the end of a program's output, where it says what went wrong.
func lastLines(out []byte, n int) string {
	lines := slices.Collect(bytes.Lines(bytes.TrimSpace(out)))
	return string(bytes.Join(lines[max(0, len(lines)-n):], nil))
}
