package conformance

import (
	"strings"
	"testing"
)

// exampleCluster returns a cluster of an example that is not applied yet, on a Server of the test's.
func exampleCluster(t *testing.T, example, cluster string) *application {
	t.Helper()
	for _, top := range examples(t) {
		for _, c := range top.fabric.Clusters {
			if top.name == example && c.Name == cluster {
				return &application{T: t, Server: server(t), readme: readREADME(t), topology: top.name, cluster: c, objects: top.objects[c]}
			}
		}
	}
	t.Fatalf("no example %s has a cluster %s", example, cluster)
	return nil
}

// The script changes no node where one is missing; server-side apply would make it up.
func TestScriptRefusesNodesThatTheClusterLacks(t *testing.T) {
	a := exampleCluster(t, "two-clusters", "cluster-a")
	a.install()
	missing := a.objects.Nodes[len(a.objects.Nodes)-1].Name
	a.must("kubectl --context blue delete node " + missing)
	before := a.must("kubectl --context blue get nodes -o yaml")
	out, status := a.sh(a.readme.nodes)
	if status != 1 || !strings.Contains(out, "nothing was changed, the cluster has no node named: "+missing) {
		t.Errorf("without node %s: exit %d, want 1, and its name:\n%s", missing, status, out)
	}
	if after := a.must("kubectl --context blue get nodes -o yaml"); after != before {
		t.Errorf("the script changed nodes from\n%s\nto\n%s", before, after)
	}
	a.must(a.readme.nodesSSA)
	if out := a.must("kubectl --context blue get nodes -o name"); !strings.Contains(out, "node/"+missing+"\n") {
		t.Errorf("server-side apply makes up no node %s any more, say so in README.md:\n%s", missing, out)
	}
}

// Where somebody else owns a field and wants it otherwise, server-side apply tells, and changes nothing.
func TestServerSideApplyTellsConflicts(t *testing.T) {
	a := exampleCluster(t, "two-clusters", "cluster-a")
	a.install()
	node := a.objects.Nodes[0].Name
	a.must("kubectl --context blue label --field-manager=somebody node " + node + " route-reflector=no")
	out, status := a.sh(a.readme.nodesSSA)
	if status == 0 || !strings.Contains(out, `conflict with "somebody"`) || !strings.Contains(out, ".metadata.labels.route-reflector") {
		t.Errorf("exit %d, want a conflict with somebody over the label:\n%s", status, out)
	}
	if out := a.must("kubectl --context blue get node -L route-reflector " + node); !strings.Contains(out, " no\n") {
		t.Errorf("the label was changed:\n%s", out)
	}
}

// Nodes that get their labels by server-side apply alone lose those that a later build lacks, and no others.
func TestServerSideApplyTakesBackWhatALaterBuildLacks(t *testing.T) {
	a := exampleCluster(t, "two-clusters", "cluster-a")
	a.install()
	a.must(a.readme.nodesSSA)
	a.checkNodes()
	a.same("kubectl --context blue diff --server-side -k out/calico/blue/nodes")
	later := *a.objects
	later.Nodes = nil
	for _, n := range a.objects.Nodes {
		n = n.DeepCopy()
		delete(n.Labels, "route-reflector")
		n.Annotations = nil
		later.Nodes = append(later.Nodes, n)
	}
	a.write(&later)
	a.must(a.readme.nodesSSA)
	a.objects = &later
	a.checkNodes()
}
