//go:build linux

package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Names of commands in the table.
const (
	vetBound    = "cue vet -c, with the schema"
	vetPlain    = "cue vet -c, without"
	export      = "cue export"
	loading     = "loading alone"
	check       = "topoc check"
	buildMemory = "topoc build, to a tmpfs"
	buildDisk   = "topoc build, to a disk"
	kustomize   = "kustomize build, an overlay for each cluster"
	helmEach    = "helm template, a release for each cluster"
	helmOne     = "helm template, one release for all"
)

// command is what is measured as a whole.
type command struct {
	name     string
	missing  string // why it cannot be measured here; "": it can
	jobs     []job
	out      string // the directory that it fills, empty before; "": none
	isOnDisk bool   // out is
}

// row is what a command took on an input.
type row struct {
	input, command string
	missing        string
	usage
	files int // written
}

// suite is what all measurements share.
type suite struct {
	topoc        string // the program
	peers        map[string]*peer
	memory, disk string // directories to write to; "": there is none of the kind
	rows         []row
}

// measureAll measures commands so many times, one after the other in each round, so that what disturbs one disturbs all.
func measureAll(t *testing.T, input string, commands []command, rounds int) []row {
	t.Helper()
	rows := make([]row, len(commands))
	for i, c := range commands {
		rows[i] = row{input: input, command: c.name, missing: c.missing}
	}
	for range rounds {
		for i, c := range commands {
			if c.missing != "" {
				continue
			}
			c.empty(t)
			rows[i].usage = least(rows[i].usage, measure(t, c.jobs...))
			if c.out != "" {
				rows[i].files = countFiles(t, c.out)
			}
		}
	}
	return rows
}

// empty makes the directory of a command's output one without files. What was there on a disk is kept until the test ends.
func (c command) empty(t *testing.T) {
	t.Helper()
	if c.out == "" {
		return
	}
	if c.isOnDisk { // for minutes ext4 does not use the inodes of removed files again, and passes over all of them for each new file
		before := fmt.Sprintf("%s-%d", c.out, time.Now().UnixNano())
		if err := os.Rename(c.out, before); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	} else if err := os.RemoveAll(c.out); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.out, 0o777); err != nil {
		t.Fatal(err)
	}
}

// commands returns what reads the topology of a module.
func (s *suite) commands(t *testing.T, module string) []command {
	t.Helper()
	test, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cue := s.peers["cue"]
	return []command{
		cue.command(vetBound, job{Dir: module, Args: []string{cue.path, "vet", "-c", topologyFile, bindFile}}),
		cue.command(vetPlain, job{Dir: module, Args: []string{cue.path, "vet", "-c", topologyFile}}),
		cue.command(export, job{Dir: module, Args: []string{cue.path, "export", topologyFile}}),
		{name: loading, jobs: []job{{Dir: module, Args: []string{test}, Env: []string{loadVariable + "=" + topologyFile}}}},
		{name: check, jobs: []job{{Dir: module, Args: []string{s.topoc, "check", topologyFile}}}},
		s.build(buildMemory, module, s.memory, "no directory on a tmpfs"),
		s.build(buildDisk, module, s.disk, "no directory on a disk"),
	}
}

func (s *suite) build(name, module, parent, lacking string) command {
	if parent == "" {
		return command{name: name, missing: lacking}
	}
	out := builtBelow(parent)
	return command{name: name, out: out, isOnDisk: parent == s.disk, jobs: []job{{Dir: module, Args: []string{s.topoc, "build", topologyFile, "-o", out}}}}
}

// builtBelow is where builds go.
func builtBelow(parent string) string { return filepath.Join(parent, "topoc") }

// command makes one of a peer's.
func (p *peer) command(name string, jobs ...job) command {
	if p.missing != nil {
		return command{name: name, missing: p.name + " " + p.version + ": " + p.missing.Error()}
	}
	return command{name: name, jobs: jobs}
}

// renderers returns what renders the manifests that a build of a module writes, from overlays and values that say the same.
func (s *suite) renderers(t *testing.T, module string) []command {
	t.Helper()
	build := s.build(buildMemory, module, s.memory, "")
	build.empty(t)
	measure(t, build.jobs...)
	clusters := clustersOf(t, build.out)
	sources := command{out: filepath.Join(s.memory, "sources")} // helm takes no path with a comma, as t.TempDir has
	sources.empty(t)
	overlays := writeOverlays(t, filepath.Join(sources.out, "kustomize"), clusters)
	each, all := writeValues(t, filepath.Join(sources.out, "values"), clusters)

	helm, k := s.peers["helm"], s.peers["kustomize"]
	return []command{
		k.command(kustomize, kustomizeJobs(k.path, overlays, s.outOf(kustomize))...).into(s.outOf(kustomize)),
		helm.command(helmEach, helmJobs(helm.path, each, s.outOf(helmEach))...).into(s.outOf(helmEach)),
		helm.command(helmOne, helmJobs(helm.path, []string{all}, s.outOf(helmOne))...).into(s.outOf(helmOne)),
	}
}

func (c command) into(out string) command {
	c.out = out
	return c
}

// outOf is where a renderer's output goes.
func (s *suite) outOf(command string) string {
	first, _, _ := strings.Cut(command, ",")
	if command == helmOne {
		first += " for all"
	}
	return filepath.Join(s.memory, strings.ReplaceAll(first, " ", "-"))
}

// holdRendered holds the objects that a renderer made of every cluster to those that topoc wrote.
func (s *suite) holdRendered(t *testing.T) {
	t.Helper()
	for _, command := range []string{kustomize, helmEach} {
		for _, dir := range clusterDirs(t, builtBelow(s.memory)) {
			name := filepath.Base(dir)
			file := filepath.Join(s.outOf(command), name+".yaml")
			if d := differences(parsed(t, documentsOf(t, file)), parsed(t, manifests(t, dir))); d != "" {
				t.Fatalf("%s renders other objects for %s than topoc:\n%s", command, name, d)
			}
		}
	}
	whole := documentsOf(t, filepath.Join(s.outOf(helmOne), allValues+".yaml"))
	count := 0
	for _, dir := range clusterDirs(t, builtBelow(s.memory)) {
		count += len(manifests(t, dir))
	}
	if len(whole) != count {
		t.Errorf("%s renders %d objects, topoc %d", helmOne, len(whole), count)
	}
}
