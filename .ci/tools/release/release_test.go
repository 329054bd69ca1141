package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"topoc/tools/target"
	"topoc/tools/thirdparty"
)

// checkout makes a checkout of topoc as it stands in the working tree, committed.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must := func(environ []string, args ...string) string {
		out, err := run(dir, environ, "git", args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	repo, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	must(nil, "init", "--quiet", ".")
	must(nil, "-C", repo, "checkout-index", "--all", "--prefix="+filepath.ToSlash(dir)+"/")
	tracked := must(nil, "-C", repo, "diff", "--name-only", "--diff-filter=d", "-z")
	added := must(nil, "-C", repo, "ls-files", "--others", "--exclude-standard", "-z")
	for name := range strings.SplitSeq(tracked+added, "\x00") {
		if name == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(repo, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(nil, "add", "--all")
	must([]string{
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
	}, "commit", "--quiet", "--no-verify", "--message", "all")
	return dir
}

// committed is when checkouts were.
var committed = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Who downloads a release can make it again and compare. What is tested of one system for each kind of archive is the same for all.
func TestReleaseTwiceIsTheSame(t *testing.T) {
	targets := []target.Target{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "amd64"}}
	var outs []string
	var names []string
	here := checkout(t)
	there := filepath.Join(t.TempDir(), "elsewhere")
	if _, err := run(here, nil, "git", "clone", "--quiet", ".", there); err != nil {
		t.Fatal(err)
	}
	for _, repo := range []string{here, there} {
		out := filepath.Join(t.TempDir(), "deep", "dist")
		var err error
		if names, err = (release{repo: repo, out: out, targets: targets}).run(); err != nil {
			t.Fatal(err)
		}
		outs = append(outs, out)
	}
	first, second := contents(t, outs[0]), contents(t, outs[1])
	if len(names) != 5 || len(first) != len(names) || len(second) != len(names) {
		t.Fatalf("made %q, wrote %d and %d files", names, len(first), len(second))
	}
	for name, data := range first {
		if !bytes.Equal(data, second[name]) {
			t.Errorf("%s is not the same again", name)
		}
	}
	for line := range strings.Lines(string(first[sumsName])) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if got := fmt.Sprintf("%x", sha256.Sum256(first[name])); got != sum || name == "" {
			t.Errorf("%s is %s, the list of checksums has %s", name, got, sum)
		}
	}
	linked, err := thirdparty.Linked("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		members := map[string][]byte{}
		switch {
		case strings.HasSuffix(name, ".tar.gz"):
			members = untar(t, first[name])
		case strings.HasSuffix(name, ".zip"):
			members = unzip(t, first[name])
		default:
			continue
		}
		t.Run(name, func(t *testing.T) {
			stem := strings.TrimSuffix(strings.TrimSuffix(name, ".tar.gz"), ".zip")
			testMembers(t, stem, members, first[stem+".cdx.json"], linked)
		})
	}
}

// testMembers looks at what an archive holds, and at the list of modules beside it.
func testMembers(t *testing.T, stem string, members map[string][]byte, sbom []byte, linked []thirdparty.Module) {
	if !bytes.Contains(members["README.md"], []byte("topoc")) || !bytes.Contains(members["THIRD_PARTY_LICENSES.txt"], []byte("Apache License")) {
		t.Errorf("README.md or the licences are missing beside %q", slices.Sorted(maps.Keys(members)))
	}
	binary := members["topoc"]
	if binary == nil {
		binary = members["topoc.exe"]
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stem, "topoc_"+strings.TrimPrefix(info.Main.Version, "v")+"_") {
		t.Errorf("%s is version %s", stem, info.Main.Version)
	}
	for _, dir := range places(t) {
		if bytes.Contains(binary, []byte(dir)) {
			t.Errorf("the binary tells of %s", dir)
		}
	}
	testModules(t, info.Deps, sbom, linked)
	if strings.Contains(stem, "_linux_") {
		testStatic(t, binary)
	}
	if strings.HasSuffix(stem, "_"+runtime.GOOS+"_"+runtime.GOARCH) {
		testRuns(t, binary, info.Main.Version)
	}
}

// places are what a binary must not tell of the machine that it was built on.
func places(t *testing.T) []string {
	t.Helper()
	out, err := run(".", nil, "go", "env", "GOMODCACHE", "GOCACHE", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	dirs := append(strings.Fields(out), filepath.Dir(t.TempDir()))
	repo, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return append(dirs, repo)
}

// testModules holds the list of modules to what the binary says it is made of, and that to what is known of licences.
func testModules(t *testing.T, deps []*debug.Module, sbom []byte, linked []thirdparty.Module) {
	t.Helper()
	var list struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct {
			Name, Version, PURL string
			Licenses            []struct{ Expression string }
		}
	}
	if err := json.Unmarshal(sbom, &list); err != nil || list.BOMFormat != "CycloneDX" {
		t.Fatalf("no list of modules: %v, format %q", err, list.BOMFormat)
	}
	var got, want []string
	for _, c := range list.Components {
		if len(c.Licenses) != 1 || c.Licenses[0].Expression == "" || !strings.HasPrefix(c.PURL, "pkg:golang/"+c.Name+"@") {
			t.Errorf("listed is %+v", c)
		}
		if c.Name != "std" {
			got = append(got, c.Name+" "+c.Version)
		}
	}
	for _, d := range deps {
		want = append(want, d.Path+" "+d.Version)
		if !slices.ContainsFunc(linked, func(m thirdparty.Module) bool { return m.Path == d.Path && m.Version == d.Version }) {
			t.Errorf("nobody looked at the licence of %s %s", d.Path, d.Version)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("listed are\n%q\nand linked\n%q", got, want)
	}
}

func testStatic(t *testing.T, binary []byte) {
	t.Helper()
	program, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a %v: it is not static", p.Type)
		}
	}
}

func testRuns(t *testing.T, binary []byte, version string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), executable("topoc", runtime.GOOS))
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := run(".", nil, program, "version")
	if err != nil || !strings.HasPrefix(got, "topoc "+version+" ") {
		t.Errorf("its version is %q, %v", got, err)
	}
	if _, err := run("../../..", nil, program, "check", "topologies/two-clusters.cue"); err != nil {
		t.Error(err)
	}
}

func TestReleaseRefuses(t *testing.T) {
	repo := checkout(t)
	for _, test := range []struct {
		name, out string
		prepare   func() error
		want      string
	}{
		{"a directory that is there", t.TempDir(), func() error { return nil }, "exists: remove it first"},
		{"what is not committed", filepath.Join(t.TempDir(), "dist"),
			func() error { return os.WriteFile(filepath.Join(repo, "schema", "x.cue"), nil, 0o644) }, "?? schema/x.cue"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.prepare(); err != nil {
				t.Fatal(err)
			}
			_, err := release{repo: repo, out: test.out}.run()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(test.out, sumsName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

// contents returns the files in dir by name.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Uname != "" || !header.ModTime.Equal(committed) || header.Name == "topoc" != (header.Mode == 0o755) {
			t.Errorf("%s is %d's (%q), of %v, mode %o", header.Name, header.Uid, header.Uname, header.ModTime, header.Mode)
		}
		if members[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func unzip(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string][]byte{}
	for _, f := range archive.File {
		if !f.Modified.Equal(committed) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if members[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
	return members
}
