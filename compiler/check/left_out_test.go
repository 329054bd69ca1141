package check

import (
	"bytes"
	"slices"
	"testing"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
)

// TestOneMistakeGivesOneFinding holds the rules to silence about what follows from a name that leads nowhere: Link leaves it
// out of the fabric, and whoever tells the name has said all.
func TestOneMistakeGivesOneFinding(t *testing.T) {
	const leaf = `switches: leaf1: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.1", interfaces: vlan10: address: "10.1.0.1/24"}
`
	for _, test := range []struct {
		name string
		text string
		want []string // the checks of all findings of Link and of the rules, sorted
	}{
		{"rack names an unknown switch", leaf + `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: {r1: switches: ["leaf1"], r2: switches: ["leef1"]}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r2", address: "10.1.0.12/24"}}
}`, []string{"unknown-reference"}},
		{"switch lacks its AS number", `switches: leaf1: {dialect: "frr", routerID: "10.0.0.1", interfaces: vlan10: address: "10.1.0.1/24"}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: switches: ["leaf1"]
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r1", address: "10.1.0.12/24"}}
}`, []string{"missing-field"}},
		{"node names an unknown rack", leaf + `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: {switches: ["leaf1"], peer: "routeReflectors"}
	nodes: {n1: {rack: "r2", address: "10.1.0.11/24"}, n2: {rack: "r2", address: "10.1.0.12/24"}}
	routeReflectors: main: {nodes: ["n1", "n2"], rack: "r1"}
	peers: fw: {address: "10.1.0.250", asNumber: 65010, nodes: "rack == 'r1'"}
}`, []string{"unknown-reference", "unknown-reference"}},
		{"the only reflector is unknown", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	routeReflectors: main: nodes: ["m1"]
	peers: fw: {address: "10.1.0.250", asNumber: 65010, routeReflectors: "main"}
}`, []string{"rr-unknown-node"}},
		{"one of two reflectors is unknown", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {for n in [1, 2, 3, 4, 5] {"n\(n)": address: "10.1.0.1\(n)/24"}}
	routeReflectors: main: nodes: ["n1", "m2"]
}`, []string{"rr-unknown-node"}},
		{"the reflector of a rack is unknown", leaf + `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: {switches: ["leaf1"], peer: "routeReflectors"}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r1", address: "10.1.0.12/24"}}
	routeReflectors: main: {nodes: ["m1", "m2"], rack: "r1"}
}`, []string{"rr-unknown-node", "rr-unknown-node"}},
		{"a group's rack is unknown", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: {}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r1", address: "10.1.0.12/24"}}
	routeReflectors: main: {nodes: ["n1"], rack: "r2"}
}`, []string{"unknown-reference"}},
		{"a group is empty", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	routeReflectors: main: nodes: []
}`, []string{"session-no-match"}},
		{"a peering names an unknown cluster", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	bgp: nodeToNodeMesh: false
}
peerings: p: {clusters: ["prod", "test"], via: "nodes", filters: ["f"]}
expect: e: {from: "prod", to: "test"}`, []string{"unknown-reference", "unknown-reference"}},
		{"reflectors of a peering are unknown", `clusters: {
	a: {podCIDRs: ["10.10.0.0/16"], nodes: {a1: address: "10.1.0.11/24", a2: address: "10.1.0.12/24"}, routeReflectors: main: nodes: ["b1", "b2"]}
	b: {asNumber: 64513, podCIDRs: ["10.20.0.0/16"], nodes: {b1: address: "10.1.0.21/24", b2: address: "10.1.0.22/24"}, routeReflectors: main: nodes: ["b1", "b2"]}
}
peerings: p: clusters: ["a", "b"]`, []string{"rr-unknown-node", "rr-unknown-node"}},
		{"a peering runs between reflectors that a cluster lacks", `clusters: {
	a: {podCIDRs: ["10.10.0.0/16"], nodes: {a1: address: "10.1.0.11/24", a2: address: "10.1.0.12/24"}, bgp: nodeToNodeMesh: false}
	b: {asNumber: 64513, podCIDRs: ["10.20.0.0/16"], nodes: {b1: address: "10.1.0.21/24", b2: address: "10.1.0.22/24"}, routeReflectors: main: nodes: ["b1", "b2"]}
}
peerings: p: clusters: ["a", "b"]`, []string{"session-no-match"}},
		{"a rack is on another subnet than its switch", leaf + `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: switches: ["leaf1"]
	nodes: {n1: {rack: "r1", address: "10.2.0.11/24"}, n2: {rack: "r1", address: "10.2.0.12/24"}}
}`, []string{"session-no-match"}},
		{"a selector matches nobody", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	bgp: nodeToNodeMesh: false
	peers: fw: {address: "10.1.0.250", asNumber: 65010, nodes: "edge == 'yes'"}
}`, []string{"session-no-match"}},
		{"a selector cannot be read", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	bgp: nodeToNodeMesh: false
	peers: fw: {address: "10.1.0.250", asNumber: 65010, nodes: "edge =="}
}`, []string{"bad-selector"}},
		{"a peer's rack is unknown", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	peers: fw: {address: "10.1.0.11", asNumber: 65010, rack: "r1"}
}`, []string{"unknown-reference"}},
		{"a peer is its own node, with another AS", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	peers: fw: {address: "10.1.0.11", asNumber: 65010}
}`, []string{"session-own-address"}},
		{"a peer is another node of its cluster, which has a mesh", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	peers: n1: {address: "10.1.0.11", asNumber: 64512, nodes: "kubernetes.io/hostname == 'n2'"}
}`, []string{"session-mesh-and-peers"}},
		{"nobody has an address for the second pool and peer", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16", "fd00:10::/64"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
	routeReflectors: main: nodes: ["n1", "n2"]
	peers: fw: {address: "fd00::1", asNumber: 65010}
}`, []string{"import-unfiltered", "session-family-mismatch"}},
		{"a mesh of two AS numbers on two subnets", leaf + `switches: leaf1: interfaces: vlan20: address: "10.2.0.1/24"
clusters: prod: {
	ipPools: pods: {cidr: "10.10.0.0/16", encapsulation: "IPIPCrossSubnet"}
	nodes: {n1: address: "10.1.0.11/24", n2: {address: "10.2.0.12/24", asNumber: 64600}}
}`, []string{"as-mesh-mixed"}},
		{"leaves of two racks share an AS", leaf + `switches: leaf2: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.2", interfaces: vlan10: address: "10.2.0.1/24"}
switches: spine: {dialect: "frr", asNumber: 65000, routerID: "10.0.0.9"}
links: {a: {leaf1: address: "10.0.1.0/31", spine: address: "10.0.1.1/31"}, b: {leaf2: address: "10.0.1.2/31", spine: address: "10.0.1.3/31"}}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: {r1: switches: ["leaf1"], r2: switches: ["leaf2"]}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r2", address: "10.2.0.12/24"}}
}`, []string{"as-leaves-share"}},
		{"one of two ends has TTL security", `clusters: {
	a: {podCIDRs: ["10.10.0.0/16"], nodes: a1: address: "10.1.0.11/24", peers: b: {address: "10.1.0.21", asNumber: 64513, ttlSecurity: 1}}
	b: {asNumber: 64513, podCIDRs: ["10.20.0.0/16"], nodes: b1: address: "10.1.0.21/24", peers: a: {address: "10.1.0.11", asNumber: 64512}}
}`, []string{"session-ttl-security"}},
		{"static routes to an unknown cluster", `clusters: prod: {podCIDRs: ["10.10.0.0/16"], nodes: n1: address: "10.1.0.11/24"}
hosts: h: {address: "10.1.0.250/24", system: "iproute2", routes: test: via: ["n1"], dns: {server: "dnsmasq", forward: ["prod2"]}}`,
			[]string{"unknown-reference", "unknown-reference"}},
		{"a session calls an address outside of the VRF", `switches: leaf1: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.1", loopback: "10.0.0.1/32", interfaces: vlan10: {address: "10.1.0.1/24", vrf: "red"}}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: {switches: ["leaf1"], session: "loopback"}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r1", address: "10.1.0.12/24"}}
}`, []string{"session-half-open"}},
		{"leaves that nothing links", leaf + `switches: leaf2: {dialect: "frr", asNumber: 65002, routerID: "10.0.0.2", interfaces: vlan10: address: "10.2.0.1/24"}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.2.0.12/24"}
}`, []string{"session-no-path"}},
		{"reflectors of two clusters on subnets that no fabric joins", `clusters: {
	a: {podCIDRs: ["10.10.0.0/16"], nodes: {a1: address: "10.1.0.11/24", a2: address: "10.1.0.12/24"}, routeReflectors: main: nodes: ["a1", "a2"]}
	b: {asNumber: 64513, podCIDRs: ["10.20.0.0/16"], nodes: {b1: address: "10.2.0.21/24", b2: address: "10.2.0.22/24"}, routeReflectors: main: nodes: ["b1", "b2"]}
}
peerings: p: clusters: ["a", "b"]`, []string{"next-hop-unresolvable"}},
		{"a pool is for an unknown rack", `clusters: prod: {
	ipPools: {one: {cidr: "10.10.0.0/20", rack: "r1"}, two: {cidr: "10.10.16.0/20", rack: "r3"}}
	racks: {r1: {}, r2: {}}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r2", address: "10.1.0.12/24"}}
}`, []string{"unknown-reference"}},
		{"a node is in an unknown rack, and pools are by rack", `clusters: prod: {
	ipPools: {one: {cidr: "10.10.0.0/20", rack: "r1"}, two: {cidr: "10.10.16.0/20", rack: "r2"}}
	racks: {r1: {}, r2: {}}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r22", address: "10.1.0.12/24"}}
}`, []string{"unknown-reference"}},
		{"the selector of a pool cannot be read", `clusters: prod: {
	ipPools: pods: {cidr: "10.10.0.0/20", nodeSelector: "zone =="}
	capacity: nodes: 100
	nodes: n1: address: "10.1.0.11/24"
}`, []string{"bad-selector"}},
		{"the name of a filter is misspelt", leaf + `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: r1: {switches: ["leaf1"], filters: ["no-defalt"]}
	nodes: {n1: {rack: "r1", address: "10.1.0.11/24"}, n2: {rack: "r1", address: "10.1.0.12/24"}}
	filters: "no-default": importV4: [{action: "Reject", cidr: "0.0.0.0/0", matchOperator: "Equal"}]
}`, []string{"filter-unknown"}},
		{"one of two next hops is no node", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {n1: address: "10.1.0.11/24", n2: address: "10.1.0.12/24"}
}
hosts: h: {address: "10.1.0.250/24", system: "iproute2", routes: prod: via: ["n1", "n3"]}`, []string{"static-route-not-a-node"}},
		{"the AS number of a rack is written at its nodes", `clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: {r1: asNumber: 64601, r2: asNumber: 64602}
	nodes: {
		for n in [1, 2, 3] {"a\(n)": {rack: "r1", address: "10.1.0.1\(n)/24"}}
		for n in [1, 2, 3] {"b\(n)": {rack: "r2", address: "10.1.0.2\(n)/24", asNumber: 64601}}
	}
	routeReflectors: {one: {rack: "r1", nodes: ["a1", "a2"]}, two: {rack: "r2", nodes: ["b1", "b2"]}}
}`, []string{"rr-partition"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := []byte("name: \"t\"\n" + test.text)
			loaded, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
			if err != nil {
				t.Fatal(err)
			}
			if len(loaded.Diagnostics) > 0 {
				t.Fatalf("mistakes of shape:\n%s", lines(loaded.Diagnostics))
			}
			f, found := fabric.Link(loaded.Topology)
			if found.Count(diag.Error) > 0 {
				found = append(found, Run(f, Options{})...)
			} else {
				found = runAll(f, Options{})
			}
			found.Locate(loaded.Locator)
			found.Sort()
			var got []string
			for _, d := range found {
				got = append(got, d.Check)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v:\n%s", got, test.want, lines(found))
			}
		})
	}
}
