package check

import (
	"slices"
	"testing"

	"topoc/compiler/diag"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// standIn puts a rule that needs routes and finds one thing in the place of a rule's name, for the time of a test.
func standIn(t *testing.T, name string, at source.Path) {
	before, was := registry[name]
	t.Cleanup(func() {
		if delete(registry, name); was {
			registry[name] = before
		}
	})
	registry[name] = &Rule{Name: name, Severity: diag.Warning, Needs: Routes, Run: func(p *Pass) {
		if p.Predicted == nil || p.Fabric == nil {
			panic("a rule ran without what it needs")
		}
		p.Reportf(at, "found")
	}}
}

func TestWaiversSeeTheFindingsOfBothPasses(t *testing.T) {
	const late = "service-loop"
	at := source.Path("clusters.prod")
	standIn(t, late, at)
	const topology = `name: "x"
clusters: prod: {podCIDRs: ["10.200.0.0/16"], nodes: n1: address: "192.168.1.11/24"}
`
	only := []string{late, "host-bits", "waiver-unused", "waiver-expired"}
	for _, tt := range []struct {
		name        string
		waivers     string
		first, both []string // the checks found after the first pass, and after both
	}{
		{"none", "", nil, []string{late}},
		{"silences a finding of the second", `{check: "service-loop", reason: "x"}`, nil, nil},
		{"of the second, elsewhere", `{check: "service-loop", at: "clusters.test", reason: "x"}`, nil, []string{late, "waiver-unused"}},
		{"of the first, silencing nothing", `{check: "host-bits", reason: "x"}`, []string{"waiver-unused"}, []string{late, "waiver-unused"}},
		{"of what the second says of a waiver",
			`{check: "service-loop", at: "clusters.test", reason: "x"}, {check: "waiver-unused", at: "waivers[0]", reason: "x"}`,
			nil, []string{late}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Start(linkText(t, []byte(topology+"waivers: ["+tt.waivers+"]\n")), Options{Today: fixtureDay, Only: only})
			if got := checksOf(c.Found()); !slices.Equal(got, tt.first) {
				t.Errorf("after the first pass %v, want %v", got, tt.first)
			}
			c.Continue(nil, &simulate.Result{})
			if got := checksOf(c.Found()); !slices.Equal(got, tt.both) {
				t.Errorf("after both passes %v, want %v", got, tt.both)
			}
		})
	}
}

func TestRulesThatNeedRoutesWaitForThem(t *testing.T) {
	standIn(t, "service-loop", "clusters.prod")
	f := linkText(t, []byte(`name: "x"
clusters: prod: {podCIDRs: ["10.200.0.0/16"], nodes: n1: address: "192.168.1.11/24"}
`))
	for _, tt := range []struct {
		name string
		only []string
		want Need
	}{
		{"a rule for the fabric", []string{"host-bits"}, Fabric},
		{"one that needs routes", []string{"host-bits", "service-loop"}, Routes},
		{"all", nil, Routes},
	} {
		if got := (Options{Only: tt.only}).Needs(); got != tt.want {
			t.Errorf("%s: needs %d, want %d", tt.name, got, tt.want)
		}
	}
	c := Start(f, Options{Only: []string{"service-loop"}})
	if c.Continue(nil, nil); len(c.Found()) > 0 {
		t.Errorf("without a prediction found:\n%s", lines(c.Found()))
	}
}

func checksOf(l diag.List) []string {
	var names []string
	for _, d := range l {
		names = append(names, d.Check)
	}
	return names
}
