package simulate

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"topoc/compiler/fabric"
)

// membersOf returns the nodes of a cluster by part: "a b" for a part of two, in its order.
func membersOf(in Input) []string {
	var all []string
	for _, p := range makeParts(in, readClusters(in)) {
		var names []string
		for _, n := range p.Nodes {
			names = append(names, n.Name)
		}
		if names != nil {
			all = append(all, strings.Join(names, " "))
		}
	}
	return all
}

func TestNodesThatPlayAPartOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		name, more string
		want       string
	}{
		{"all alike", ``, "a b c d"},
		{"another subnet", `clusters: c: nodes: e: address: "10.0.1.1/24"`, "a b c d, e"},
		{"another gateway", `clusters: c: nodes: e: {address: "10.0.0.5/24", gateway: "10.0.0.254"}`, "a b c d, e"},
		{"a gateway of others", `clusters: c: nodes: e: {address: "10.0.0.5/24", gateway: "10.0.0.4"}`, "a b c, d, e"},
		{"another interface", `clusters: c: nodes: e: {address: "10.0.0.5/24", interface: "ens3"}`, "a b c d, e"},
		{"a further interface", `clusters: c: nodes: e: {address: "10.0.0.5/24", interfaces: eth1: address: "10.7.0.1/24"}`, "a b c d, e"},
		{"labels that no selector has", `clusters: c: nodes: e: {address: "10.0.0.5/24", labels: zone: "z"}`, "a b c d e"},
		{"no service routes", `clusters: c: nodes: e: {address: "10.0.0.5/24", labels: "node.kubernetes.io/exclude-from-external-load-balancers": "true"}`, "a b c d, e"},
		{"a pool of its own", `clusters: c: {
			nodes: e: {address: "10.0.0.5/24", labels: zone: "z"}
			ipPools: {p: {cidr: "10.64.0.0/16", nodeSelector: "zone == 'z'"}, q: cidr: "10.65.0.0/16"}
		}`, "a b c d, e"},
		{"reflectors", `clusters: c: routeReflectors: g: nodes: ["b", "d"]`, "a c, b, d"},
		{"a next hop of a host", `clusters: c: podCIDRs: ["10.64.0.0/16"]
			hosts: h: {address: "10.0.0.50/24", system: "iproute2", routes: c: via: ["c"]}`, "a b d, c"},
		{"an expectation", `expect: x: {from: "c/b", to: "c"}`, "a c d, b"},
		{"a speaker outside that one node peers with", `clusters: c: peers: fw: {address: "10.0.0.60", asNumber: 65100, nodes: "role == 'rr'"}`, "a b, c d"},
		{"below a switch the lowest router ID", `switches: leaf: {asNumber: 65001, dialect: "frr", interfaces: eth1: address: "10.0.0.254/24"}
			clusters: c: {racks: r: switches: ["leaf"], nodes: {b: rack: "r", c: rack: "r", d: rack: "r"}}`, "a, b, c d"},
		{"nodes of a cluster that all peer with all of another", `clusters: o: nodes: {x: address: "10.0.2.1/24", y: address: "10.0.2.2/24"}
			clusters: o: asNumber: 64600
			peerings: p: {clusters: ["c", "o"], via: "nodes"}`, "a b c d, x y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(membersOf(inputOf(t, []byte(fourNodes+tt.more+"\n"))), ", "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestPeersOfSeveralMembers holds BGPPeers alike that each have an address of one part to one session.
func TestPeersOfSeveralMembers(t *testing.T) {
	in := inputOf(t, []byte(`name: "lab"
clusters: {
	c: {asNumber: 64512, nodes: {a: address: "10.0.0.1/24", b: address: "10.0.0.2/24"}}
	o: {asNumber: 64600, nodes: {x: address: "10.0.0.3/24", y: address: "10.0.0.4/24"}}
}
peerings: p: {clusters: ["c", "o"], via: "nodes"}
`))
	parts := partsOf(in)
	want := map[string]string{"c/a": "10.0.0.2 10.0.0.3 10.0.0.4", "c/b": "10.0.0.1 10.0.0.3 10.0.0.4",
		"o/x": "10.0.0.1 10.0.0.2 10.0.0.4", "o/y": "10.0.0.1 10.0.0.2 10.0.0.3"}
	if got := nodeLevel(parts, remoteOf); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	s := sessionOf(t, parts, "c/a", "10.0.0.4")
	if got := s.objectsOf(0)[0] + ", " + s.objectsOf(1)[0]; got != "BGPPeer p-to-x, BGPPeer p-to-y" || s.State != Established {
		t.Errorf("got %s, %s", got, s.Reason)
	}
}

func TestPartsOfDevices(t *testing.T) {
	in := inputOf(t, []byte(oneRack+`switches: leaf: interfaces: eth9: {address: "10.9.0.1/24", vrf: "red"}
`))
	var got []string
	for i, p := range makeParts(in, readClusters(in)) {
		if p.Index != i {
			t.Errorf("part %d has index %d", i, p.Index)
		}
		got = append(got, strings.TrimSuffix(p.title()+" "+p.VRF, " "))
	}
	if all := strings.Join(got, ", "); all != "n1, n2, leaf, leaf red, box, c/peers/fw" {
		t.Errorf("got %s", all)
	}
}

func TestRouterIDs(t *testing.T) {
	for _, tt := range []struct {
		node fabric.Node
		want string
	}{
		{fabric.Node{Name: "a", Address: netip.MustParsePrefix("10.0.0.1/24")}, "10.0.0.1"},
		{fabric.Node{Name: "kube-master", Address6: netip.MustParsePrefix("fd00::1/64")}, "25.79.212.8"}, // as Calico's golden files have it
	} {
		if got := routerIDOf(&tt.node); got.String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.node.Name, got, tt.want)
		}
	}
}
