package compiler_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/load"
)

// run runs a topology from standard input.
func run(t *testing.T, topology string, opt compiler.Options) *compiler.Result {
	t.Helper()
	opt.Load = load.Options{Stdin: strings.NewReader(topology)}
	r, err := compiler.Run(context.Background(), []string{"-"}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const cluster = `
name: "t"
clusters: c: {
	podCIDRs: ["10.20.0.0/16"]
	nodes: {n1: address: "192.168.1.1/24", n2: address: "192.168.1.2/24"}
}
`

func TestRunStopsWhereTheTopologyMakesItStop(t *testing.T) {
	tests := []struct {
		name         string
		topology     string
		until        compiler.Stage
		isStrict     bool
		hasFabric    bool
		hasArtifacts bool
		found        []string // checks, in order
	}{
		{"clean, compiled", cluster, compiler.Compiled, true, true, true, nil},
		{"clean, checked", cluster, compiler.Checked, false, true, false, nil},
		{"clean, linked", cluster, compiler.Linked, false, true, false, nil},
		{"mistake of shape", cluster + `cluster: {}`, compiler.Compiled, false, false, false, []string{"unknown-field"}},
		{"name that leads nowhere: the checks still run", cluster + `
			clusters: c: nodes: n2: rack: "r"
			reserved: r: ["10.20.1.0/24"]`,
			compiler.Compiled, false, true, false, []string{"overlap-reserved", "unknown-reference"}},
		{"unknown word: they don't", cluster + `
			clusters: c: calico: install: "helm"
			reserved: r: ["10.20.1.0/24"]`,
			compiler.Compiled, false, true, false, []string{"unknown-word"}},
		{"warning", cluster + `clusters: c: serviceCIDRs: ["172.17.0.0/16"]`,
			compiler.Compiled, false, true, true, []string{"docker-default-range"}},
		{"warning, strict", cluster + `clusters: c: serviceCIDRs: ["172.17.0.0/16"]`,
			compiler.Compiled, true, true, false, []string{"docker-default-range"}},
		{"linked only: no checks", cluster + `reserved: r: ["10.20.1.0/24"]`, compiler.Linked, false, true, false, nil},
		{"names that no file system tells apart", cluster + `
			switches: {
				Core: {dialect: "frr", interfaces: eth0: address: "192.168.1.3/24", staticRoutes: c: via: ["n1", "n2"]}
				core: {dialect: "frr", interfaces: eth0: address: "192.168.1.4/24", staticRoutes: c: via: ["n1", "n2"]}
			}`,
			compiler.Compiled, false, true, false, []string{"bad-name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, tt.topology, compiler.Options{Until: tt.until, Strict: tt.isStrict, Check: check.Options{Today: "2026-01-01"}})
			if (r.Fabric != nil) != tt.hasFabric || (r.Artifacts != nil) != tt.hasArtifacts {
				t.Errorf("fabric %v, artifacts %v", r.Fabric != nil, r.Artifacts != nil)
			}
			var found []string
			for _, d := range r.Diagnostics {
				found = append(found, d.Check)
				if !d.Pos.IsValid() {
					t.Errorf("%s has no position", d.Message)
				}
			}
			if slices.Sort(found); !slices.Equal(found, tt.found) {
				t.Errorf("found %q, want %q", found, tt.found)
			}
		})
	}
}

func TestRunSaysWhatItIsDoing(t *testing.T) {
	var stages []string
	run(t, cluster, compiler.Options{Until: compiler.Compiled, Progress: func(stage string) { stages = append(stages, stage) }})
	if want := []string{"reading", "linking", "checking", "compiling", "printing"}; !slices.Equal(stages, want) {
		t.Errorf("stages %q, want %q", stages, want)
	}
}
