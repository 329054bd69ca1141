//go:build linux

// Package bench measures whole runs of topoc beside those of public programs, on one generated topology at a time.
package bench

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"topoc/topologies/topogen"
)

// inputs are what is measured.
var inputs = []input{
	{name: "1,000 nodes", size: topogen.Size{Clusters: 10, NodesPerCluster: 100}, isRendered: true},
	{name: "10,000 nodes", size: topogen.Size{Clusters: 100, NodesPerCluster: 100}, isRendered: true},
	{name: "100,000 nodes", size: topogen.Size{Clusters: 1000, NodesPerCluster: 100}, isLarge: true},
	{name: "1,000 nodes, comprehensions", size: topogen.Size{Clusters: 10, NodesPerCluster: 100}, byComprehensions: true},
	{name: "10,000 nodes, comprehensions", size: topogen.Size{Clusters: 100, NodesPerCluster: 100}, byComprehensions: true},
	{name: "100,000 nodes, comprehensions", size: topogen.Size{Clusters: 1000, NodesPerCluster: 100}, byComprehensions: true, isLarge: true},
	{name: "10,000 clusters of 10 nodes", size: topogen.Size{Clusters: 10_000, NodesPerCluster: 10}, isLarge: true},
}

// TestSpeedRatio measures every command on every input and prints the table. It holds topoc to these targets: a build of a large
// topology takes no more than cue's own check of it against the schema, in time and in memory; to load a literal one takes half of
// that time; cue's check takes no more than three times as long as without the schema; and the manifests are there ten times
// sooner than from kustomize or helm, where each cluster is rendered by itself. To render all clusters as one release is shown
// beside it: nobody can apply that, since the objects of clusters have the same names. With TOPOC_UPDATE=1 the table of README.md is rewritten.
func TestSpeedRatio(t *testing.T) {
	skipUnlessBench(t)
	const rounds = 3
	s := &suite{topoc: buildTopoc(t), peers: peers(t)}
	s.memory, s.disk = directories(t)
	for i, in := range inputs {
		t.Run(in.name, func(t *testing.T) {
			module := in.makeModule(t)
			commands := s.commands(t, module)
			if in.isRendered {
				commands = append(commands, s.renderers(t, module)...)
			}
			rows := measureAll(t, in.name, commands, rounds)
			s.rows = append(s.rows, rows...)
			if i == 0 {
				s.holdRendered(t)
			}
			holdTargets(t, in, rows)
		})
	}
	t.Logf("\n%s", s.table())
	s.updateReadme(t)
}

// TestStartRatio holds a check of each network that topoc began with to one and a half times what `cue version` takes, which reads
// nothing and prints a few lines.
func TestStartRatio(t *testing.T) {
	skipUnlessBench(t)
	const rounds = 20
	all := peers(t)
	cue := all["cue"]
	s := &suite{topoc: buildTopoc(t), peers: all}
	commands := []command{cue.command("cue version", job{Args: []string{cue.path, "version"}})}
	for _, lab := range []string{"two-clusters", "leaf-spine", "static-gateway"} {
		file := filepath.Join(repository, "topologies", lab+".cue")
		commands = append(commands, command{name: check + " " + lab, jobs: []job{{Args: []string{s.topoc, "check", file}}}})
	}
	s.rows = measureAll(t, "an example", commands, rounds)
	of := s.rows[0]
	t.Logf("\n%s", s.table())
	for _, r := range s.rows[1:] {
		if of.missing == "" && over(r.Wall, of.Wall) >= 1.5 {
			t.Errorf("%s takes %.2f times as long as %s, want under 1.5", r.command, over(r.Wall, of.Wall), of.command)
		}
	}
}

func skipUnlessBench(t *testing.T) {
	t.Helper()
	if os.Getenv("TOPOC_BENCH") != "1" {
		t.Skip("ratios of whole runs, which take many minutes: make bench runs it")
	}
}

// target is a limit to how much of what one command takes another one may take.
type target struct {
	command, of string
	wall, peak  float64 // 0: no limit
	isFor       func(input) bool
}

var targets = []target{
	{buildMemory, vetBound, 1, 1, func(in input) bool { return in.isLarge }},
	{loading, vetBound, 0.5, 1, func(in input) bool { return in.isLarge && !in.byComprehensions }},
	{vetBound, vetPlain, 3, 0, func(in input) bool { return in.isLarge && !in.byComprehensions && in.size.NodesPerCluster == 100 }},
	{buildMemory, kustomize, 0.1, 0, func(in input) bool { return in.isRendered }},
	{buildMemory, helmEach, 0.1, 0, func(in input) bool { return in.isRendered }},
}

func holdTargets(t *testing.T, in input, rows []row) {
	t.Helper()
	for _, target := range targets {
		if !target.isFor(in) {
			continue
		}
		got, of := find(t, rows, target.command), find(t, rows, target.of)
		if got.missing != "" || of.missing != "" {
			t.Logf("not compared: %s with %s", target.command, target.of)
			continue
		}
		if r := over(got.Wall, of.Wall); r > target.wall {
			t.Errorf("%s takes %.2f times as long as %s, want %.2f at most", target.command, r, target.of, target.wall)
		}
		if r := over(got.Peak, of.Peak); target.peak > 0 && r > target.peak {
			t.Errorf("%s takes %.2f times the memory of %s, want %.2f at most", target.command, r, target.of, target.peak)
		}
	}
}

func find(t *testing.T, rows []row, command string) row {
	t.Helper()
	for _, r := range rows {
		if r.command == command {
			return r
		}
	}
	t.Fatalf("%s was not measured", command)
	return row{}
}

// over is a ratio.
func over[T ~int64](a, b T) float64 { return float64(a) / float64(b) }

// TestHarness measures topoc alone on small inputs, as TestSpeedRatio does, so that what only that one uses does not rot. The literal
// topology and the one by comprehensions must become the same files.
func TestHarness(t *testing.T) {
	errs := errors.New("not asked for")
	s := &suite{topoc: buildTopoc(t), memory: t.TempDir(), disk: t.TempDir(), peers: map[string]*peer{
		"cue": {name: "cue", missing: errs}, "kustomize": {name: "kustomize", missing: errs}, "helm": {name: "helm", missing: errs},
	}}
	isOurs := map[string]bool{loading: true, check: true, buildMemory: true, buildDisk: true}
	var built []map[string]string
	for _, byComprehensions := range []bool{false, true} {
		in := input{name: "100 nodes", size: topogen.Size{Clusters: 10, NodesPerCluster: 10}, byComprehensions: byComprehensions, isLarge: true}
		module := in.makeModule(t)
		rows := measureAll(t, in.name, append(s.commands(t, module), s.renderers(t, module)...), 1)
		s.rows = append(s.rows, rows...)
		for _, r := range rows {
			switch {
			case isOurs[r.command] != (r.missing == ""):
				t.Errorf("%s: missing: %q", r.command, r.missing)
			case isOurs[r.command] && (r.Wall <= 0 || r.CPU <= 0 || r.Peak < 1<<20):
				t.Errorf("%s took %+v", r.command, r.usage)
			case (r.files > 0) != (r.command == buildMemory || r.command == buildDisk):
				t.Errorf("%s wrote %d files", r.command, r.files)
			}
		}
		objects := map[string]string{}
		for _, dir := range clusterDirs(t, builtBelow(s.memory)) {
			for id, text := range parsed(t, manifests(t, dir)) {
				objects[dir+" "+id] = text
			}
		}
		if len(objects) < 10*10 {
			t.Fatalf("%d objects for 100 nodes", len(objects))
		}
		built = append(built, objects)
	}
	if d := differences(built[1], built[0]); d != "" {
		t.Errorf("comprehensions make other objects than the literal topology:\n%s", d)
	}
	t.Logf("\n%s", s.table())
}
