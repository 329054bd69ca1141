package compiler

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// TestSessionsOfTheArticles compares what Calico makes of the emitted objects with what `calicoctl node status` printed in the
// articles that the three labs come from: for each node the addresses it has sessions with.
func TestSessionsOfTheArticles(t *testing.T) {
	for _, tt := range []struct {
		topology, cluster string
		want              map[string]string
	}{
		{"two-clusters", "cluster-a", map[string]string{
			"cluster-a":     "172.17.0.5 172.17.0.6",
			"cluster-a-m02": "172.17.0.5 172.17.0.6",
			"cluster-a-m03": "172.17.0.10 172.17.0.3 172.17.0.4 172.17.0.6 172.17.0.9",
			"cluster-a-m04": "172.17.0.10 172.17.0.3 172.17.0.4 172.17.0.5 172.17.0.9",
		}},
		{"two-clusters", "cluster-b", map[string]string{
			"cluster-b":     "172.17.0.10 172.17.0.9",
			"cluster-b-m02": "172.17.0.10 172.17.0.9",
			"cluster-b-m03": "172.17.0.10 172.17.0.5 172.17.0.6 172.17.0.7 172.17.0.8",
			"cluster-b-m04": "172.17.0.5 172.17.0.6 172.17.0.7 172.17.0.8 172.17.0.9",
		}},
		{"leaf-spine", "prod", map[string]string{
			"node1": "172.20.0.12 172.20.0.13 172.20.0.254",
			"node2": "172.20.0.11 172.20.0.13 172.20.0.254",
			"node3": "172.20.0.11 172.20.0.12",
			"node4": "173.20.0.12 173.20.0.13 173.20.0.254",
			"node5": "173.20.0.11 173.20.0.13 173.20.0.254",
			"node6": "173.20.0.11 173.20.0.12",
		}},
		{"static-gateway", "prod", map[string]string{
			"ip-10-20-1-81": "10.20.1.82 10.20.1.83 10.20.1.84 10.20.1.85",
			"ip-10-20-1-82": "10.20.1.81 10.20.1.83 10.20.1.84 10.20.1.85",
			"ip-10-20-1-83": "10.20.1.81 10.20.1.82 10.20.1.84 10.20.1.85",
			"ip-10-20-1-84": "10.20.1.81 10.20.1.82 10.20.1.83",
			"ip-10-20-1-85": "10.20.1.81 10.20.1.82 10.20.1.83",
		}},
	} {
		t.Run(tt.topology+"/"+tt.cluster, func(t *testing.T) {
			c := clusterOf(t, tt.topology, tt.cluster)
			got := expand(t, c)
			if !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// TestNodesOfTheLeafSpineArticle holds nodes to the article's `calicoctl get nodes`: the AS of each rack, and of each reflector
// its own address as cluster ID.
func TestNodesOfTheLeafSpineArticle(t *testing.T) {
	c := clusterOf(t, "leaf-spine", "prod")
	want := map[string][3]string{ // AS, cluster ID, rr-id
		"node1": {"64512", "172.20.0.11", "rr1"}, "node2": {"64512", "172.20.0.12", "rr1"}, "node3": {"64512", "", ""},
		"node4": {"64513", "173.20.0.11", "rr2"}, "node5": {"64513", "173.20.0.12", "rr2"}, "node6": {"64513", "", ""},
	}
	got := map[string][3]string{}
	for _, n := range calico.Compile(c).Nodes {
		got[n.Name] = [3]string{n.Annotations["projectcalico.org/ASNumber"],
			n.Annotations["projectcalico.org/RouteReflectorClusterID"], n.Labels["rr-id"]}
		if group := map[string]string{"rack1": "rr1", "rack2": "rr2"}[n.Labels["rack"]]; n.Labels["rr-group"] != group {
			t.Errorf("%s has rr-group %q, want %q", n.Name, n.Labels["rr-group"], group)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func clusterOf(t *testing.T, topology, cluster string) *fabric.Cluster {
	t.Helper()
	r, err := Run(context.Background(), []string{"../topologies/" + topology + ".cue"}, Options{Until: Compiled})
	if err != nil || r.Artifacts == nil {
		t.Fatal(err, r)
	}
	i := slices.IndexFunc(r.Fabric.Clusters, func(c *fabric.Cluster) bool { return c.Name == cluster })
	return r.Fabric.Clusters[i]
}

// expand makes of the emitted BGPPeers and Nodes the sessions that Calico does, forward and in reverse (confd,
// updatePeersV1). It reads nothing that topoc derived but the nodes' addresses.
func expand(t *testing.T, c *fabric.Cluster) map[string]string {
	objects := calico.Compile(c)
	labels := map[string]map[string]string{}
	for _, n := range objects.Nodes {
		labels[n.Name] = n.Labels
	}
	selected := func(text string) []*fabric.Node {
		s, err := selector.Parse(text)
		if err != nil {
			t.Fatalf("selector %q: %v", text, err)
		}
		return slices.DeleteFunc(slices.Clone(c.Nodes), func(n *fabric.Node) bool { return !s.Evaluate(labels[n.Name]) })
	}
	peers := map[string]map[string]bool{}
	add := func(n *fabric.Node, address string) {
		if peers[n.Name] == nil {
			peers[n.Name] = map[string]bool{}
		}
		if address != n.Address.Addr().String() {
			peers[n.Name][address] = true
		}
	}
	for _, p := range objects.BGPPeers {
		for _, n := range selected(p.Spec.NodeSelector) {
			if p.Spec.PeerIP != "" {
				add(n, p.Spec.PeerIP)
				continue
			}
			for _, far := range selected(p.Spec.PeerSelector) {
				add(n, far.Address.Addr().String())
				add(far, n.Address.Addr().String())
			}
		}
	}
	sessions := map[string]string{}
	for name, addresses := range peers {
		sessions[name] = strings.Join(slices.Sorted(maps.Keys(addresses)), " ")
	}
	return sessions
}
