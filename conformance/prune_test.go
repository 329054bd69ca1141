package conformance

import (
	"strings"
	"testing"
	"time"

	"topoc/compiler/calico"
)

// edited compiles a cluster's example anew, with another text, and returns the objects of the cluster.
func (a *application) edited(edit func(text string) string) *calico.Objects {
	a.Helper()
	for _, top := range examples(a.T) {
		if top.name != a.topology {
			continue
		}
		text := edit(string(top.text))
		if text == string(top.text) {
			a.Fatalf("%s is not as it was to edit", top.name)
		}
		later, why := buildText(a.T, top.name, []byte(text))
		if later == nil {
			a.Fatalf("%s, edited: %s", top.name, why)
		}
		for c, o := range later.objects {
			if c.Name == a.cluster.Name {
				return o
			}
		}
	}
	a.Fatalf("%s has no cluster %s any more", a.topology, a.cluster.Name)
	return nil
}

// Without its peerings nothing of them is left in a cluster: sessions, then their filter, and the pools that stood for the others.
func TestPruningEndsAPeering(t *testing.T) {
	a := exampleCluster(t, "three-clusters-chain", "b")
	a.install()
	a.must(a.readme.apply)
	later := a.edited(func(text string) string {
		text, _, _ = strings.Cut(text, "peerings:")
		return text
	})
	if len(later.BGPPeers) >= len(a.objects.BGPPeers) || len(later.IPPools) > 0 || len(later.BGPFilters) > 0 {
		t.Fatalf("%s without peerings has as much as with them", a.topology)
	}
	a.write(later)
	a.must(a.readme.apply)
	out := a.must(a.readme.prune)
	if last, first := strings.LastIndex(out, "bgppeer."), strings.Index(out, "bgpfilter."); first < last {
		t.Errorf("a session outlives its filter:\n%s", out)
	}
	a.holds(later)
}

// Calico takes no pool that overlaps another, and kubectl prunes nothing where something was refused: README.md says what to do.
func TestPoolOfAChangedRangeWaitsForTheOldOne(t *testing.T) {
	a := exampleCluster(t, "two-clusters", "cluster-a")
	a.install()
	a.must(a.readme.apply)
	later := a.edited(func(text string) string { return strings.ReplaceAll(text, "10.210.0.0/16", "10.210.0.0/17") })
	a.write(later)
	for _, command := range []string{a.readme.apply, a.readme.prune} {
		if out, status := a.sh(command); status == 0 || !strings.Contains(out, "CIDR overlaps with") || strings.Contains(out, " pruned") {
			t.Errorf("%s: exit %d, want the new pool refused, and nothing pruned:\n%s", command, status, out)
		}
	}
	a.must("kubectl --context blue delete ippools.projectcalico.org cluster-b-pods-10-210-0-0-16")
	a.must(a.readme.apply)
	a.unchangedBut(a.readme.prune)
	a.holds(later)
}

// A command that is run while Calico's API is not served is run again once it is.
func TestCommandWaitsForCalico(t *testing.T) {
	a := exampleCluster(t, "two-clusters", "cluster-a")
	pointAt := func(service string) {
		patch := `{"spec":{"service":{"name":"` + service + `"}}}`
		if out, err := a.Kubectl(t.Context(), "patch", "apiservice", "v3.projectcalico.org", "--type=merge", "-p", patch); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	pointAt("none")
	for a.answers(t.Context(), calicoPath) {
		time.Sleep(50 * time.Millisecond)
	}
	mended := time.AfterFunc(2*time.Second, func() { pointAt("calico-api") })
	defer mended.Stop()
	a.must("kubectl --context blue get ippools.projectcalico.org")
}
