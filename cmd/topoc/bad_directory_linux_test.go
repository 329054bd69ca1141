package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A badDirectory is an output directory that a build cannot take, or in which something stands that it must not touch.
type badDirectory struct {
	name     string
	spoil    func(d *directory) // what is wrong; nil: nothing but the name
	out      string             // what -o names; "" for out
	isEmpty  bool               // out is not there; else it holds an earlier build
	asNobody bool               // whoever builds may do no more than the modes say

	code  int
	want  string // what a build says: a regular expression for its lines but the hint
	hint  string // what the hint says; a part
	check string // what --check says, where that is not the same; then it exits 1
	force bool   // --force overrides it
}

var badDirectories = []badDirectory{
	{name: "file", isEmpty: true, spoil: put("out", "mine"),
		code: exitFound, want: `out is a file, where a directory is to be`, hint: "move away"},
	{name: "link to a file", isEmpty: true, spoil: all(put("mine", "mine"), link("mine", "out")),
		code: exitFound, want: `out is a file, where a directory is to be`, hint: "move away"},
	{name: "device", isEmpty: true, out: "/dev/null",
		code: exitFound, want: `/dev/null is no regular file, where a directory is to be`, hint: "-o"},
	{name: "file above", isEmpty: true, spoil: put("file", "mine"), out: "file/deep/out",
		code: exitFound, want: `file/deep/out needs the directory file, which is a file`, hint: "move away"},
	{name: "link that leads nowhere", isEmpty: true, spoil: link("nowhere", "out"),
		code: exitFound, want: `out is a symbolic link that leads nowhere, where a directory is to be`, hint: "move away"},
	{name: "link above that leads nowhere", isEmpty: true, spoil: link("nowhere", "link"), out: "link/out",
		code: exitFound, want: `link/out needs the directory link, which is a symbolic link that leads nowhere`, hint: "move away"},
	{name: "links in a circle", isEmpty: true, spoil: all(link("link", "out"), link("out", "link")),
		code: exitFailure, want: `open out: too many levels of symbolic links`, hint: "mend the links"},
	{name: "name that is too long", isEmpty: true, out: strings.Repeat("o", 256),
		code: exitFailure, want: `open o{256}: file name too long`, hint: "a shorter path"},
	{name: "path that is too long", isEmpty: true, out: strings.Repeat("deep/", 1000) + "out",
		code: exitFailure, want: `open (deep/){1000}out: file name too long`, hint: "a shorter path"},

	{name: "directory above may not be written", isEmpty: true, asNobody: true, spoil: all(mkdir("above"), chmod("above", 0o555)), out: "above/deep/out",
		code: exitFailure, want: `create above/deep: permission denied`, hint: "get the right to that place", check: `is missing`},
	{name: "directory above may not be searched", isEmpty: true, asNobody: true, spoil: all(mkdir("above"), chmod("above", 0)), out: "above/out",
		code: exitFailure, want: `open above/out: permission denied`, hint: "get the right to that place"},
	{name: "may not be written", asNobody: true, spoil: chmod("out", 0o555),
		code: exitFailure, want: `create out/\.topoc-stage: permission denied`, hint: "get the right to that place", check: `is not what the topology makes`},
	{name: "may not be read", asNobody: true, spoil: chmod("out", 0o333),
		code: exitFailure, want: `open out: permission denied`, hint: "get the right to that place"},
	{name: "may not be searched", asNobody: true, spoil: chmod("out", 0),
		code: exitFailure, want: `open out: permission denied`, hint: "get the right to that place"},
	{name: "directory below may not be written", asNobody: true, spoil: chmod("out/switches", 0o555),
		code: exitFailure, want: `change out/switches: permission denied`, hint: "get the right to that place", check: `is not what the topology makes`},
	{name: "directory below may not be searched", asNobody: true, spoil: chmod("out/switches", 0o444),
		code: exitFailure, want: `look at out/switches/c\.conf: permission denied`, hint: "get the right to that place"},
	{name: "file may not be read", asNobody: true, spoil: chmod("out/firewall/needs.md", 0),
		code: exitFailure, want: `read out/firewall/needs\.md: permission denied`, hint: "get the right to that place"},
	{name: "manifest may not be read", asNobody: true, spoil: chmod("out/MANIFEST.json", 0),
		code: exitFailure, want: `read out/MANIFEST\.json: permission denied`, hint: "get the right to that place"},

	{name: "link to a directory outside", spoil: all(move("out/switches", "outside"), link("../outside", "out/switches")),
		code: exitFound, want: "out: nothing was written(\n  switches/\\S+ needs the directory switches, which is a symbolic link)+", hint: "move away",
		check: `switches/a\.conf needs the directory switches, which is a symbolic link`},
	{name: "link to a file outside", spoil: all(move("out/firewall/needs.md", "outside"), link("../../outside", "out/firewall/needs.md")),
		code: exitFound, want: "out: nothing was written\n  firewall/needs.md is a symbolic link", hint: "move away",
		check: `firewall/needs\.md is a symbolic link`},
	{name: "manifest is a link outside", spoil: all(move("out/MANIFEST.json", "outside"), link("../outside", "out/MANIFEST.json")),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json is a symbolic link(\n  .* was not written by topoc)*", hint: "move away",
		check: `MANIFEST\.json is a symbolic link`},
	{name: "file where a directory is needed", spoil: all(move("out/switches", "mine"), put("out/switches", "mine")),
		code: exitFound, want: "out: nothing was written(\n  switches/\\S+ needs the directory switches, which is a file)+", hint: "move away",
		check: `switches/a\.conf needs the directory switches, which is a file`},
	{name: "directory where a file is needed", spoil: all(move("out/firewall/needs.md", "mine"), put("out/firewall/needs.md/mine", "mine")),
		code: exitFound, want: "out: nothing was written\n  firewall/needs.md is a directory", hint: "move away",
		check: `firewall/needs\.md is a directory`},
	{name: "pipe where a file is needed", spoil: all(move("out/firewall/needs.md", "mine"), mkfifo("out/firewall/needs.md")),
		code: exitFound, want: "out: nothing was written\n  firewall/needs.md is no regular file", hint: "move away",
		check: `firewall/needs\.md is no regular file`},

	{name: "manifest of another tool", isEmpty: true, spoil: put("out/MANIFEST.json", `{"name": "a web page", "icons": []}`),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, or was edited since: not a manifest.*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest that is cut off", spoil: cutOff("out/MANIFEST.json"),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, or was edited since: not a manifest.*(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "empty manifest", spoil: put("out/MANIFEST.json", ""),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, or was edited since: not a manifest.*(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest that is nested deeply", spoil: put("out/MANIFEST.json", strings.Repeat("[", 1<<20)),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, or was edited since: not a manifest.*(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest of a newer release", spoil: edit("out/MANIFEST.json", `"format": 1`, `"format": 2`),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was written by a newer topoc: format 2, this one knows 1(\n  .* was not written by topoc)*", hint: "-o",
		check: `MANIFEST\.json was written by a newer topoc`},
	{name: "manifest that climbs out", spoil: all(copyFile("out/switches/a.conf", "a.conf"), edit("out/MANIFEST.json", `"switches/a.conf"`, `"../a.conf"`)),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, .*file \"\\.\\./a\\.conf\": has the name \"\\.\\.\" in it(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest with an absolute path", spoil: all(copyFile("out/switches/a.conf", "a.conf"), editAbsolute("out/MANIFEST.json", `"switches/a.conf"`, "a.conf")),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, .*file \"/.*/a\\.conf\": is absolute(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest with an absolute path that was stale", spoil: all(copyFile("out/switches/c.conf", "c.conf"), editAbsolute("out/MANIFEST.json", `"switches/c.conf"`, "c.conf")),
		code: exitFound, want: "out: nothing was written\n  MANIFEST\\.json was not written by topoc, .*file \"/.*/c\\.conf\": is absolute(\n  .* was not written by topoc)*", hint: "--force",
		check: `MANIFEST\.json was not written by topoc`, force: true},
	{name: "manifest of eight gibibytes", spoil: truncate("out/MANIFEST.json", 8<<30),
		code: exitFailure, want: `read out/MANIFEST\.json: it is larger than any file that topoc writes`, hint: "move it away"},
}

// Whatever is wrong with its directory, a build says so in one line with a hint, changes nothing, and has the exit code for it;
// --check too. With --force it is the same, or nothing but what stands in the way is changed.
func TestABuildRefusesABadDirectory(t *testing.T) {
	for _, bad := range badDirectories {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, bad)
			if bad.spoil != nil {
				bad.spoil(d)
			}
			d.give(bad.asNobody)
			if bad.out != "" {
				d.out = bad.out
			}
			before := d.snapshot(bad.asNobody)
			message := `^topoc: ` + bad.want + "\n    hint: .*" + regexp.QuoteMeta(bad.hint) + ".*\n$"
			d.wantRun(bad, bad.code, message)
			if bad.check != "" {
				d.wantRun(bad, exitFound, bad.check, "--check")
			} else {
				d.wantRun(bad, bad.code, message, "--check")
			}
			if !bad.force {
				d.wantRun(bad, bad.code, message, "--force")
			}
			wantSame(t, bad.name, before, d.snapshot(bad.asNobody))
			if bad.force {
				d.wantRun(bad, exitOK, `^$`, "--force")
				d.wantRun(bad, exitOK, `^$`, "--check")
				wantSame(t, "outside", outside(before), outside(d.snapshot(bad.asNobody)))
			}
		})
	}
}

// outside is what of a snapshot is not in out.
func outside(all map[string]state) map[string]state {
	rest := map[string]state{}
	for name, s := range all {
		if name != "out" && !strings.HasPrefix(name, "out/") {
			rest[name] = s
		}
	}
	return rest
}

// A directory is one with an output directory in it.
type directory struct {
	*testing.T
	dir, out string
}

// newDirectory returns a directory in which everybody may do anything, with a topology beside that differs from the one that out
// was built from.
func newDirectory(t *testing.T, bad badDirectory) *directory {
	t.Helper()
	dir, err := os.MkdirTemp("", "topoc-directory-")
	if err != nil {
		t.Fatal(err)
	}
	d := &directory{T: t, dir: dir, out: "out"}
	t.Cleanup(func() {
		filepath.WalkDir(dir, func(file string, e fs.DirEntry, _ error) error {
			if e.IsDir() {
				os.Chmod(file, 0o777)
			}
			return nil
		})
		os.RemoveAll(dir)
	})
	if !bad.isEmpty {
		put("lab.cue", wide)(d)
		if code, _, stderr := topoc(t, "build", d.at("lab.cue"), "-o", d.at("out")); code != exitOK {
			t.Fatalf("build: exit code %d\n%s", code, stderr)
		}
	}
	put("lab.cue", narrow)(d)
	return d
}

func (d *directory) at(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d *directory) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

const nobody = 65534

// give makes everything nobody's, where the test is run by root and nobody is to build.
func (d *directory) give(isNobodys bool) {
	d.Helper()
	if os.Geteuid() != 0 || !isNobodys {
		return
	}
	d.must(filepath.WalkDir(d.dir, func(file string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(file, nobody, nobody))
	}))
}

// snapshot is that of the directory, also where its owner may not read it: root may, and others would have to change the modes.
func (d *directory) snapshot(isNobodys bool) map[string]state {
	d.Helper()
	if os.Geteuid() == 0 || !isNobodys {
		return snapshot(d.T, d.dir)
	}
	modes := map[string]fs.FileMode{}
	d.must(filepath.WalkDir(d.dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() && !e.Type().IsRegular() {
			return err
		}
		info, err := os.Lstat(file)
		if err != nil {
			return err
		}
		modes[file] = info.Mode()
		return os.Chmod(file, info.Mode()|0o700) // before what is in it is read
	}))
	all := snapshot(d.T, d.dir)
	for _, file := range slices.Backward(slices.Sorted(maps.Keys(modes))) { // what is in a directory before the directory
		d.must(os.Chmod(file, modes[file]))
		name, _ := filepath.Rel(d.dir, file)
		s := all[name]
		s.mode = modes[file]
		all[name] = s
	}
	return all
}

// wantRun runs a build, and holds its exit code and standard error to what is wanted.
func (d *directory) wantRun(bad badDirectory, code int, message string, flags ...string) {
	d.Helper()
	cmd := exec.Command(program(d.T), append([]string{"build", "lab.cue", "-o", d.out}, flags...)...)
	cmd.Dir = d.dir
	if bad.asNobody && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code || !regexp.MustCompile(message).MatchString(stderr.String()) {
		d.Errorf("build %v: exit code %d, want %d, and\n%s\nwant\n%s", flags, got, code, stderr.String(), message)
	}
}
