package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"topoc/tools/target"
	"topoc/tools/thirdparty"
)

// release is one run.
type release struct {
	repo    string // a checkout of topoc
	out     string
	targets []target.Target

	source string              // a clone of what is committed: neither what git ignores nor a half-edited file gets into a release
	work   string              // where everything is made before it is moved to out
	linked []thirdparty.Module // what is in the binaries
	texts  []byte              // its licences
}

// run makes all files and returns their names, sorted.
func (r release) run() (names []string, err error) {
	if _, err := os.Lstat(r.out); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s exists: remove it first", r.out)
	}
	if err := os.MkdirAll(filepath.Dir(r.out), 0o777); err != nil {
		return nil, err
	}
	// Beside out, so that a rename is enough.
	if r.work, err = os.MkdirTemp(filepath.Dir(r.out), ".release"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	if r.work, err = filepath.Abs(r.work); err != nil {
		return nil, err
	}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	finished := filepath.Join(r.work, "finished")
	if err := os.Mkdir(finished, 0o755); err != nil {
		return nil, err
	}
	for _, t := range r.targets {
		made, err := r.make(t, finished)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		names = append(names, made...)
	}
	if err := writeSums(finished, names); err != nil {
		return nil, err
	}
	return append([]string{sumsName}, names...), os.Rename(finished, r.out)
}

// prepare clones what is committed, and makes what all targets need.
func (r *release) prepare() error {
	changed, err := run(r.repo, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("a release is of what is committed, and this is not:\n%s", changed)
	}
	commit, err := run(r.repo, nil, "git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	r.source = filepath.Join(r.work, "source")
	if _, err := run(r.repo, nil, "git", "clone", "--quiet", "--shared", "--no-checkout", ".", r.source); err != nil {
		return err
	}
	if _, err := run(r.source, nil, "git", "-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", strings.TrimSpace(commit)); err != nil {
		return err
	}
	if r.linked, err = thirdparty.Linked(r.source); err != nil {
		return err
	}
	var texts bytes.Buffer
	err = thirdparty.WriteTexts(&texts, r.linked)
	r.texts = texts.Bytes()
	return err
}

// make makes the files for one target in dir, and returns their names, sorted.
func (r *release) make(t target.Target, dir string) ([]string, error) {
	binary := filepath.Join(r.work, t.String(), executable("topoc", t.OS))
	if _, err := run(r.source, t.Environ(), "go", "build", "-trimpath", "-buildvcs=true", "-o", binary, "./cmd/topoc"); err != nil {
		return nil, err
	}
	made, err := identify(binary)
	if err != nil {
		return nil, err
	}
	files := []file{{name: filepath.Base(binary), from: binary, mode: 0o755}}
	for _, name := range []string{"LICENSE", "README.md"} {
		from := filepath.Join(r.source, name)
		if _, err := os.Stat(from); err == nil {
			files = append(files, file{name: name, from: from, mode: 0o644})
		}
	}
	files = append(files, file{name: "THIRD_PARTY_LICENSES.txt", data: r.texts, mode: 0o644})
	name := fmt.Sprintf("topoc_%s_%s", strings.TrimPrefix(made.version, "v"), t)
	archive, pack := name+".tar.gz", writeTar
	if t.OS == "windows" {
		archive, pack = name+".zip", writeZip
	}
	if err := pack(filepath.Join(dir, archive), files, made.committed); err != nil {
		return nil, err
	}
	list := name + ".cdx.json"
	return []string{list, archive}, writeSBOM(filepath.Join(dir, list), binary, r.linked)
}

// identity is what a binary says of where it comes from.
type identity struct {
	version   string
	committed time.Time
}

func identify(binary string) (identity, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return identity{}, err
	}
	made := identity{version: info.Main.Version}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if made.committed, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return identity{}, fmt.Errorf("%s: %w", binary, err)
			}
		}
	}
	if !strings.HasPrefix(made.version, "v") || strings.Contains(made.version, "+dirty") || made.committed.IsZero() {
		return identity{}, fmt.Errorf("%s does not know the commit that it is of, only the version %q", binary, made.version)
	}
	return made, nil
}

func executable(name, system string) string {
	if system == "windows" {
		return name + ".exe"
	}
	return name
}

const sumsName = "SHA256SUMS"

// writeSums writes the checksums of the named files in dir as `sha256sum -c` reads them.
func writeSums(dir string, names []string) error {
	var b strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(b.String()), 0o644)
}

// run runs a program in dir, with more in its environment, and returns what it prints.
func run(dir string, environ []string, program string, args ...string) (string, error) {
	var complaint bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), environ...), &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), args[0], err, &complaint)
	}
	return string(out), nil
}
