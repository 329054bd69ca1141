package oracle

import (
	"testing"

	"topoc/compiler/calico"
)

// rack is three nodes below one leaf of another AS, each with a block.
const rack = `
name: "rack"
switches: leaf: {
	dialect:  "frr"
	asNumber: 65001
	routerID: "10.0.0.1"
	interfaces: vlan10: address: "192.168.1.1/24"
}
clusters: c: {
	podCIDRs: ["10.1.0.0/16"]
	racks: r: switches: ["leaf"]
	nodes: {
		n1: {rack: "r", address: "192.168.1.11/24", blocks: ["10.1.1.0/26"]}
		n2: {rack: "r", address: "192.168.1.12/24", blocks: ["10.1.2.0/26"]}
		n3: {rack: "r", address: "192.168.1.13/24", blocks: ["10.1.3.0/26"]}
	}
}
`

// mesh is three nodes in two subnets, without switches.
const mesh = `
name: "mesh"
clusters: c: {
	podCIDRs: ["10.1.0.0/16"]
	serviceCIDRs: ["10.2.0.0/16"]
	nodes: {
		n1: {address: "192.168.1.11/24", gateway: "192.168.1.1", blocks: ["10.1.1.0/26"]}
		n2: {address: "192.168.1.12/24", gateway: "192.168.1.1", blocks: ["10.1.2.0/26"]}
		n3: {address: "192.168.2.13/24", gateway: "192.168.2.1", blocks: ["10.1.3.0/26"]}
	}
}
switches: gw: {
	managed: false
	interfaces: {
		a: address: "192.168.1.1/24"
		b: address: "192.168.2.1/24"
	}
}
`

// reflected is a reflector with two clients.
const reflected = `
name: "reflected"
clusters: c: {
	podCIDRs: ["10.1.0.0/16"]
	serviceCIDRs: ["10.2.0.0/16"]
	routeReflectors: main: nodes: ["rr"]
	nodes: {
		rr: {address: "192.168.1.10/24", blocks: ["10.1.0.0/26"]}
		n1: {address: "192.168.1.11/24", blocks: ["10.1.1.0/26"]}
		n2: {address: "192.168.1.12/24", blocks: ["10.1.2.0/26"]}
	}
}
`

func TestRoutes(t *testing.T) {
	for _, tt := range []struct {
		name, topology string
		device, prefix string
		want           string
	}{
		{"nodes of one AS keep silent at the leaf's echo", rack, "c/n2", "10.1.1.0/26", "-"},
		{"the leaf goes straight to nodes that don't reflect", rack, "leaf", "10.1.1.0/26", "192.168.1.11"},
		{"a leaf that overrides the AS leaves the next hop on the common subnet",
			rack + `clusters: c: racks: r: asOverride: true`, "c/n2", "10.1.1.0/26", "192.168.1.11"},
		{"every node offers the leaf what Felix routes",
			rack + `clusters: c: ipPools: p: {cidr: "10.1.0.0/16", encapsulation: "VXLAN"}, switches: leaf: bgp: maximumPaths: 8`,
			"leaf", "10.1.1.0/26", "192.168.1.11 192.168.1.12 192.168.1.13"},
		{"Felix programs VXLAN", mesh + `clusters: c: ipPools: p: {cidr: "10.1.0.0/16", encapsulation: "VXLAN"}`, "c/n1", "10.1.3.0/26", "192.168.2.13"},
		{"without encapsulation the gateway carries", mesh, "c/n1", "10.1.3.0/26", "192.168.1.1"},
		{"on-link without encapsulation", mesh, "c/n1", "10.1.2.0/26", "192.168.1.12"},
		{"IPIP leads straight to the node", mesh + `clusters: c: ipPools: p: {cidr: "10.1.0.0/16", encapsulation: "IPIP"}`, "c/n1", "10.1.3.0/26", "192.168.2.13"},
		{"IPIP by Felix from 3.33 on", mesh + `clusters: c: {calico: version: "3.33", ipPools: p: {cidr: "10.1.0.0/16", encapsulation: "IPIP"}}`,
			"c/n1", "10.1.3.0/26", "192.168.2.13"},
		{"own services stay out of the kernel", mesh + `clusters: c: advertise: serviceClusterIPs: true`, "c/n1", "10.2.0.0/16", "rib"},
		{"a service with endpoints on one node", mesh + `clusters: c: {
	advertise: serviceLoadBalancerIPs: ["10.3.0.0/24"]
	advertise: serviceLoadBalancerAggregation: false
	nodes: n2: localServices: ["10.3.0.7"]
}`, "c/n1", "10.3.0.7/32", "192.168.1.12"},
		{"a service with endpoints on one node, of a range that stays out of the kernel", mesh + `clusters: c: {
	advertise: serviceClusterIPs: true
	nodes: n2: localServices: ["10.2.0.7"]
}`, "c/n1", "10.2.0.7/32", "rib"},
		{"a pool that is not exported stays at home",
			mesh + `clusters: c: ipPools: p: {cidr: "10.1.0.0/16", disableBGPExport: true}`, "c/n1", "10.1.2.0/26", "-"},
		{"a borrowed address is told to others", reflected + `clusters: c: nodes: n1: blocks: ["10.1.1.0/26"]
clusters: c: nodes: n3: {address: "192.168.1.13/24", blocks: ["10.1.2.5/32"]}`, "c/n1", "10.1.2.5/32", "192.168.1.13"},
		{"a reflector keeps addresses borrowed from its own block", reflected +
			`clusters: c: nodes: n3: {address: "192.168.1.13/24", blocks: ["10.1.0.5/32"]}`, "c/n1", "10.1.0.5/32", "-"},
		{"a reflector without services of its own does not reflect cluster IPs", reflected + `clusters: c: {
	advertise: serviceClusterIPs: true
	nodes: rr: labels: "node.kubernetes.io/exclude-from-external-load-balancers": "true"
	nodes: n1: labels: "node.kubernetes.io/exclude-from-external-load-balancers": "true"
}`, "c/n1", "10.2.0.0/16", "-"},
		{"a default route of the leaf's does not replace the kernel's", rack + `switches: leaf: bgp: defaultOriginate: true`,
			"c/n1", "0.0.0.0/0", "rib"},
		{"from 3.32 on it stands beside it", rack + `switches: leaf: bgp: defaultOriginate: true
clusters: c: calico: version: "3.32"`, "c/n1", "0.0.0.0/0", "192.168.1.1 metric 2147483547"},
		{"the leaf's loopback is reached by a static route", rack + `switches: leaf: loopback: "10.0.0.1/32"
clusters: c: racks: r: session: "loopback"`, "c/n1", "10.0.0.1/32", "192.168.1.1"},
		{"sessions with a loopback come up", rack + `switches: leaf: loopback: "10.0.0.1/32"
clusters: c: racks: r: session: "loopback"`, "leaf", "10.1.3.0/26", "192.168.1.13"},
		{"a range listens for nodes", rack + `clusters: c: capacity: nodes: 9`, "leaf", "10.1.3.0/26", "192.168.1.13"},
		{"a filter of the rack holds back", rack + `clusters: c: {
	racks: r: filters: ["f"]
	filters: f: exportV4: [{action: "Reject", matchOperator: "Equal", cidr: "10.1.3.0/26"}]
}`, "leaf", "10.1.3.0/26", "-"},
		{"a filter sees only what remote peers told", rack + `clusters: c: {
	racks: r: filters: ["f"]
	filters: f: exportV4: [{action: "Reject", source: "RemotePeers"}]
}`, "leaf", "10.1.3.0/26", "192.168.1.13"},
		{"a mesh of several AS numbers from 3.26 to 3.32 stays on its subnet", mesh + `clusters: c: {
	calico: version: "3.31"
	nodes: {n1: asNumber: 64601, n2: asNumber: 64602, n3: asNumber: 64603}
}`, "c/n1", "10.1.3.0/26", "-"},
		{"before 3.26 it crosses gateways", mesh + `clusters: c: {
	calico: version: "3.25"
	nodes: {n1: asNumber: 64601, n2: asNumber: 64602, n3: asNumber: 64603}
}`, "c/n1", "10.1.3.0/26", "192.168.1.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := link(t, tt.topology)
			r := Run(f, compile(f), 1)
			if !r.Settled {
				t.Error("does not settle")
			}
			if got := routesOf(r, tt.device, tt.prefix); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMeshExpectsTheWrongAS is the fallback of 3.32: a node with an AS of its own takes those without for its like.
func TestMeshExpectsTheWrongAS(t *testing.T) {
	for _, tt := range []struct {
		version string
		want    bool
	}{{"3.25", true}, {"3.32", false}} {
		f := link(t, mesh+`clusters: c: {calico: version: "`+tt.version+`", nodes: n1: asNumber: 64601}`)
		objects := compile(f)
		for _, o := range objects[f.Clusters[0]].Nodes {
			if o.Name != "n1" {
				delete(o.Annotations, "projectcalico.org/ASNumber")
			}
		}
		for _, s := range Run(f, objects, 1).Sessions {
			if s.Device == "c/n1" && s.PeerAddress.String() == "192.168.1.12" && s.Up != tt.want {
				t.Errorf("Calico %s: up is %v, want %v", tt.version, s.Up, tt.want)
			}
		}
	}
}

func TestASessionNeedsBothEnds(t *testing.T) {
	f := link(t, rack)
	for _, tt := range []struct {
		name string
		edit func(*calico.Objects)
		want bool
	}{
		{"as emitted", func(*calico.Objects) {}, true},
		{"another AS expected", func(o *calico.Objects) { o.BGPPeers[0].Spec.ASNumber++ }, false},
		{"GTSM at one end", func(o *calico.Objects) { o.BGPPeers[0].Spec.TTLSecurity = new(uint8(1)) }, false},
		{"no peer", func(o *calico.Objects) { o.BGPPeers = nil }, false},
		{"the switch calls at the usual port", func(o *calico.Objects) { o.BGPConfiguration.Spec.ListenPort = 1790 }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			objects := compile(f)
			tt.edit(objects[f.Clusters[0]])
			r := Run(f, objects, 1)
			for _, s := range r.Sessions {
				if s.Device == "leaf" && s.Up != tt.want {
					t.Errorf("the leaf's session with %s: up is %v, want %v", s.PeerAddress, s.Up, tt.want)
				}
			}
			if len(r.Sessions) == 0 {
				t.Error("there are no sessions")
			}
		})
	}
}
