package check

import "testing"

// TestOfTwoTheLaterIsTold runs rules that choose which of two declarations is wrong, with and without knowing where they are
// written.
func TestOfTwoTheLaterIsTold(t *testing.T) {
	for _, tt := range []struct {
		name, text, check string
		want, blind       string // paths
	}{
		{"of nodes with one address", `name: "x"
clusters: {
	b: {podCIDRs: ["10.10.0.0/16"], nodes: n1: address: "10.1.0.11/24"}
	a: {podCIDRs: ["10.20.0.0/16"], nodes: n2: address: "10.1.0.11/24"}
}
peerings: ab: {clusters: ["a", "b"], via: "nodes"}
`, "duplicate-address", "clusters.a.nodes.n2.address", "clusters.b.nodes.n1.address"},
		{"of ranges that are the same", `name: "x"
clusters: {
	b: {asNumber: 64512, podCIDRs: ["10.10.0.0/16"], nodes: n1: address: "10.1.0.11/24"}
	a: {asNumber: 64513, podCIDRs: ["10.10.0.0/16"], nodes: n2: address: "10.1.0.12/24"}
}
peerings: ab: {clusters: ["a", "b"], via: "nodes"}
`, "overlap-clusters", "clusters.a.podCIDRs[0]", "clusters.b.podCIDRs[0]"},
		{"of ranges that begin alike", `name: "x"
clusters: a: {podCIDRs: ["10.10.0.0/16"], serviceCIDRs: ["10.10.0.0/20"], nodes: n1: address: "10.1.0.11/24"}
`, "overlap-in-cluster", "clusters.a.serviceCIDRs[0]", "clusters.a.podCIDRs[0]"},
		{"of ranges far apart in length", `name: "x"
clusters: a: {podCIDRs: ["10.10.0.0/16"], serviceCIDRs: ["10.10.32.0/24"], nodes: n1: address: "10.1.0.11/24"}
`, "overlap-in-cluster", "clusters.a.serviceCIDRs[0]", "clusters.a.podCIDRs[0]"},
		{"but a range that is two bits too wide", `name: "x"
clusters: a: {podCIDRs: ["10.8.0.0/14"], serviceCIDRs: ["10.10.0.0/24"], nodes: n1: address: "10.1.0.11/24"}
`, "overlap-in-cluster", "clusters.a.podCIDRs[0]", "clusters.a.podCIDRs[0]"},
		{"of the ends of a link", `name: "x"
switches: {b: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.1"}, a: {dialect: "frr", asNumber: 65002, routerID: "10.0.0.2"}}
links: ab: {
	b: address: "10.0.0.0/31"
	a: address: "10.0.0.2/31"
}
`, "address-outside-subnet", "links.ab.a.address", "links.ab.b.address"},
		{"of rows of a table", `name: "x"
_rows: {b: 1, a: 1}
clusters: {for name, n in _rows {(name): {podCIDRs: ["10.\(n).0.0/16"], isolated: false}}}
peerings: ab: {clusters: ["a", "b"], via: "fabric"}
`, "overlap-clusters", "clusters.a.podCIDRs[0]", "clusters.b.podCIDRs[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, places := link(t, []byte(tt.text))
			for _, run := range []struct {
				options Options
				want    string
			}{{Options{Places: places, Only: []string{tt.check}}, tt.want}, {Options{Only: []string{tt.check}}, tt.blind}} {
				found := Run(f, run.options)
				if len(found) != 1 || string(found[0].Path) != run.want {
					t.Errorf("found, want it at %s:\n%s", run.want, lines(found))
				}
			}
		})
	}
}
