package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/artifact"
)

// However a directory is named, the files are where the system takes the name to lead.
func TestABuildGoesWhereTheNameLeads(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*directory)
		out   string
		want  string // the directory that has the files
	}{
		{"this directory", put("mine", "m"), ".", "."},
		{"directory that is missing with those above", put("mine", "m"), "deep/down/out", "deep/down/out"},
		{"slash behind", put("mine", "m"), "out/", "out"},
		{"link to a directory", all(put("real/mine", "m"), link("real", "out")), "out", "real"},
		{"link to a directory, slash behind", all(put("real/mine", "m"), link("real", "out")), "out/", "real"},
		{"below a link", all(put("real/mine", "m"), link("real", "link")), "link/out", "real/out"},
		{"back from a link", all(put("real/deep/mine", "m"), link("real/deep", "link")), "link/../out", "real/out"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDirectory(t, badDirectory{isEmpty: true})
			test.spoil(d)
			before := snapshot(t, d.dir)
			d.out = test.out
			d.wantRun(badDirectory{}, exitFound, `switches/a\.conf is missing`, "--check")
			wantSame(t, "--check", before, snapshot(t, d.dir))
			d.wantRun(badDirectory{}, exitOK, `^$`)
			d.wantRun(badDirectory{}, exitOK, `^$`, "--check")
			after := snapshot(t, d.dir)
			for name, s := range before {
				if after[name] != s {
					t.Errorf("%s was %v, and is %v", name, s, after[name])
				}
			}
			for _, name := range []string{"MANIFEST.json", "firewall/needs.md", "switches/a.conf"} {
				if _, isThere := after[filepath.Join(test.want, name)]; !isThere {
					t.Errorf("%s has no %s", test.want, name)
				}
			}
		})
	}
}

// A name that could lead out of the directory, or not be that of a file, is a finding, and nothing is written anywhere.
func TestABuildRefusesNamesThatAreNoFiles(t *testing.T) {
	const rest = `
clusters: c: {
	podCIDRs: ["10.20.0.0/16"]
	racks: r: switches: ["s"]
	nodes: {n1: {rack: "r", address: "192.168.1.1/24"}, n2: {rack: "r", address: "192.168.1.2/24"}}
}
switches: s: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.1", interfaces: eth0: address: "192.168.1.250/24"}
`
	declarations := map[string]string{
		"topology": `name: %s`,
		"cluster":  `clusters: %s: {podCIDRs: ["10.30.0.0/16"], nodes: {m1: address: "192.168.3.1/24", m2: address: "192.168.3.2/24"}}`,
		"node":     `clusters: c: nodes: %s: {rack: "r", address: "192.168.1.3/24"}`,
		"switch": `clusters: c: racks: r2: switches: [%[1]s]
switches: %[1]s: {dialect: "frr", asNumber: 65002, routerID: "10.0.0.2", interfaces: eth0: address: "192.168.2.250/24"}
clusters: c: nodes: n3: {rack: "r2", address: "192.168.2.3/24"}`,
		"host": `hosts: %s: {address: "192.168.1.9/24", system: "iproute2", routes: c: via: ["n1", "n2"]}`,
	}
	names := map[string]string{
		"parent": `"../x"`, "far above": `"../../../../../../tmp/x"`, "dots": `".."`, "dot": `"."`, "absolute": `"/x"`, "below": `"x/y"`,
		"NUL": `"x\u0000y"`, "line feed": `"x\ny"`, "backslash": `"x\\y"`, "too long": `"` + strings.Repeat("x", 255) + `"`, "empty": `""`,
	}
	for what, declaration := range declarations {
		for name, quoted := range names {
			t.Run(what+" "+name, func(t *testing.T) {
				topology := fmt.Sprintf(declaration, quoted) + rest
				if what != "topology" {
					topology += `name: "lab"`
				}
				wantNoFiles(t, topology, "[bad-name]")
			})
		}
	}
	for what, topology := range map[string]string{
		"hosts":    rest + `name: "lab"` + "\n" + fmt.Sprintf(declarations["host"], "h") + "\n" + strings.Replace(fmt.Sprintf(declarations["host"], "H"), "1.9", "1.10", 1),
		"switches": rest + `name: "lab"` + "\n" + fmt.Sprintf(declarations["switch"], `"S"`),
	} {
		t.Run(what+" that differ in case", func(t *testing.T) {
			wantNoFiles(t, topology, "are one name where a file system ignores case [bad-name]")
		})
	}
}

// wantNoFiles wants a build to find something, and to write nothing beside the topology.
func wantNoFiles(t *testing.T, topology, finding string) {
	t.Helper()
	d := newDirectory(t, badDirectory{isEmpty: true})
	put("lab.cue", topology)(d)
	before := snapshot(t, d.dir)
	code, _, stderr := topoc(t, "build", d.at("lab.cue"), "-o", d.at("deep/out"))
	if code != exitFound || !strings.Contains(stderr, finding) || !strings.Contains(stderr, "    hint: ") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if strings.Count(stderr, "error: ") != 1 {
		t.Errorf("not one error:\n%s", stderr)
	}
	wantSame(t, "afterwards", before, snapshot(t, d.dir))
}

// Builds of two topologies into one directory, and checks of it, all at once: one after the other they find it whole, and leave it so.
func TestBuildsAtOnce(t *testing.T) {
	labs := []*faultLab{newFaultLab(t, faultBuild{new: narrow}), newFaultLab(t, faultBuild{old: narrow, new: wide})}
	labs[0].out = labs[1].out
	const rounds = 25
	won := [2]int{}
	for round := range rounds {
		if labs[1].prepare(t); round%2 == 0 {
			os.RemoveAll(labs[1].out)
		}
		var runs []*exec.Cmd
		var said [8]strings.Builder
		for i := range said {
			args := []string{"build", labs[i%2].topology, "-o", labs[1].out}
			if i >= 6 {
				args = append(args, "--check")
			}
			run := exec.Command(program(t), args...)
			run.Stderr = &said[i]
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
		for i, run := range runs {
			run.Wait()
			code, stderr := run.ProcessState.ExitCode(), said[i].String()
			if isCheck := i >= 6; isCheck && (code > exitFound || strings.Contains(stderr, "interrupted")) || !isCheck && (code != exitOK || stderr != "") {
				t.Errorf("round %d, %v: exit code %d\n%s", round, run.Args[1:], code, stderr)
			}
		}
		for i, lab := range labs {
			all := timeless(snapshot(t, lab.out))
			delete(all, ".")
			if len(all) == len(lab.new) {
				won[i]++
				wantSame(t, fmt.Sprintf("round %d", round), lab.new, all)
			}
		}
		if t.Failed() {
			return
		}
	}
	if won[0]+won[1] != rounds {
		t.Errorf("of %d rounds the first topology was the last in %d, the second in %d", rounds, won[0], won[1])
	}
}

// Whoever holds the directory, a build waits for it, and says in the end what it waited for.
func TestABuildWaitsForWhoeverHoldsTheDirectory(t *testing.T) {
	lab := newFaultLab(t, faultBuilds[1])
	lab.prepare(t)
	held, err := os.Open(lab.out)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, lab.dir)
	waits := exec.Command(program(t), "build", lab.topology, "-o", lab.out)
	if err := waits.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- waits.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("the build did not wait: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	wantSame(t, "while the directory is held", before, snapshot(t, lab.dir))
	held.Close()
	if err := <-ended; err != nil {
		t.Errorf("the build that waited: %v", err)
	}
	lab.wantDone(t, "afterwards")

	got := (&build{dir: "out"}).failed(fmt.Errorf("lock out: %w, and has not ended in a minute", artifact.ErrBusy)).Error()
	want := "lock out: another topoc is writing there, and has not ended in a minute\n    hint: let it end, or end it, and build again; nothing in out was changed"
	if got != want {
		t.Errorf("a build that gave up says\n%s\nwant\n%s", got, want)
	}
}
