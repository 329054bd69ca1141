package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"topoc/compiler/check"
	"topoc/compiler/diag/sarifschema"
)

func TestSARIFOfTopologiesIsWhatTheSchemaSays(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"clean.cue":  `name: "x", clusters: c: {podCIDRs: ["10.20.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
		"found.cue":  `name: "x", clusters: c: {podCIDRs: ["172.17.0.0/16"], nodes: {"é": {}, n1: address: "10.96.0.1/12"}}`,
		"routes.cue": rackOf("frr", "vlan20", 2, `expect: e: {from: "192.0.2.1", to: "c/pods", survives: 3}`),
		"shape.cue":  `name: "x", clusters: "a b": {podCIDR: 1, nodes: [1]}`,
		"syntax.cue": `name: "x`,
		"empty.cue":  ``,
		"twice.yaml": "name: x\nname: y\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	all, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	calls := [][]string{all, {"-"}, {filepath.Join(mustGetwd(t), "found.cue")}, {"found.cue", "--only", "host-bits"}}
	for _, name := range all {
		calls = append(calls, []string{name})
	}
	results := 0
	for _, args := range calls {
		_, stdout, stderr := topoc(t, append([]string{"check", "--format", "sarif"}, args...)...)
		if err := sarifschema.Validate([]byte(stdout)); err != nil || stderr != "" {
			t.Errorf("%q: %v\n%s", args, err, stderr)
		}
		if strings.Contains(stdout, mustGetwd(t)) {
			t.Errorf("%q: prints where it ran", args)
		}
		results += strings.Count(stdout, `"ruleId"`)
	}
	if results < 2*len(all) {
		t.Errorf("%d results: the topologies are no longer wrong", results)
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Code scanning of GitHub shows at most 1024 characters of a description.
func TestDescriptionsOfChecksAreShort(t *testing.T) {
	ran := map[string]bool{}
	for _, r := range check.All() {
		ran[r.Name] = true
	}
	all := rules(ran)
	if len(all) <= len(ran) {
		t.Errorf("%d rules for %d checks and the mistakes of shape", len(all), len(ran))
	}
	for _, r := range all {
		first, _, _ := strings.Cut(r.Doc, "\n\n")
		if r.Summary == "" || len(r.Summary) > 1024 || len(first) > 1024 {
			t.Errorf("%s: %d characters, and %d in the first paragraph", r.Name, len(r.Summary), len(first))
		}
	}
}

// What a command prints must not depend on its form but for the printing.
func TestExitCodesAreThoseOfText(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"clean.cue":   `name: "x", clusters: c: {podCIDRs: ["10.20.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
		"warning.cue": `name: "x", clusters: c: {podCIDRs: ["172.17.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
		"error.cue":   `name: "x", reserved: r: ["10.20.0.0/16"], clusters: c: {podCIDRs: ["10.20.0.0/16"], nodes: n1: address: "192.168.1.11/24"}`,
		"shape.cue":   `nome: "x"`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		"clean.cue", "clean.cue --strict", "warning.cue", "warning.cue --strict", "error.cue", "shape.cue", "clean.cue error.cue", "gone.cue",
		"error.cue gone.cue", "error.cue --skip overlap-reserved", "shape.cue --only host-bits", "clean.cue --only nothing",
	} {
		want, _, _ := topoc(t, append([]string{"check"}, strings.Fields(args)...)...)
		for _, form := range checkFormats()[1:] {
			if got, _, _ := topoc(t, append([]string{"check", "--format", form}, strings.Fields(args)...)...); got != want {
				t.Errorf("%s as %s: exit code %d, as text %d", args, form, got, want)
			}
		}
	}
}
