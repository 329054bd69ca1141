// Package thirdparty tells which code of others topoc is made with, and under which licences.
package thirdparty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"topoc/tools/target"
)

// Module is code of others that topoc is made with.
type Module struct {
	Path    string // Go for the standard library and the runtime
	Version string // "" for Go's: it is the one of whoever builds
	Dir     string
	Files   []string // licences and notices, relative to Dir, with slashes; sorted
}

// Go is what Module.Path is for the standard library.
const Go = "Go"

// listed is what `go list` says of a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path string }
	}
}

// Linked returns the modules that the binary holds code of, on one of the targets at least. repo is the directory of topoc's module.
// Sorted by path.
func Linked(repo string) ([]Module, error) {
	var packages []listed
	for _, t := range target.All {
		found, err := list(repo, t.Environ(), "./cmd/topoc")
		if err != nil {
			return nil, err
		}
		packages = append(packages, found...)
	}
	return modules(packages)
}

// Tested returns the modules that topoc's tests need beside those.
func Tested(repo string, linked []Module) ([]Module, error) {
	packages, err := list(repo, target.Target{OS: "linux", Arch: "amd64"}.Environ(), "-test", "./...")
	if err != nil {
		return nil, err
	}
	all, err := modules(packages)
	return slices.DeleteFunc(all, func(m Module) bool {
		return slices.ContainsFunc(linked, func(l Module) bool { return l.Path == m.Path })
	}), err
}

// list runs `go list -deps`.
func list(repo string, environ []string, args ...string) ([]listed, error) {
	var complaint bytes.Buffer
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = repo, environ, &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &complaint)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var one listed
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, one)
	}
}

// modules returns the modules of packages, with the licences that stand beside the packages and in the directories above them: a
// module may hold code that has another licence than the rest of it.
func modules(packages []listed) ([]Module, error) {
	byPath := map[string]*Module{}
	for _, p := range packages {
		m := Module{Path: Go}
		switch {
		case p.Standard:
			root, err := goroot()
			if err != nil {
				return nil, err
			}
			m.Dir = root
			p.Dir = root // what is vendored there is Go's own
		case p.Module == nil || p.Module.Main:
			continue
		case p.Module.Replace != nil:
			return nil, fmt.Errorf("module %s is replaced by %s: say here under which licence that is", p.Module.Path, p.Module.Replace.Path)
		default:
			m.Path, m.Version, m.Dir = p.Module.Path, p.Module.Version, p.Module.Dir
		}
		if byPath[m.Path] == nil {
			byPath[m.Path] = &m
		}
		if err := byPath[m.Path].addFiles(p.Dir); err != nil {
			return nil, err
		}
	}
	var all []Module
	for _, m := range byPath {
		slices.Sort(m.Files)
		m.Files = slices.Compact(m.Files)
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

func goroot() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// isLegal reports whether a file of that name says who may do what with the code beside it.
func isLegal(name string) bool {
	switch path.Ext(name) {
	case ".go", ".docs": // code; the licence of documentation, which no binary holds
		return false
	}
	return legalName.MatchString(name)
}

var legalName = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|copyright|notice|patents)s?([-._][^/]*)?$`)

// addFiles adds the licences and notices in a directory of the module, and in those above it up to the module's own.
func (m *Module) addFiles(dir string) error {
	rel, err := filepath.Rel(m.Dir, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%s: its package in %s is not below %s", m.Path, dir, m.Dir)
	}
	for at := filepath.ToSlash(rel); ; at = path.Dir(at) {
		entries, err := os.ReadDir(filepath.Join(m.Dir, filepath.FromSlash(at)))
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && isLegal(e.Name()) {
				m.Files = append(m.Files, path.Join(at, e.Name()))
			}
		}
		if at == "." {
			return nil
		}
	}
}

// read returns the content of one of the module's files.
func (m *Module) read(file string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), nil
}
