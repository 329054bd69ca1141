package simulate

import (
	"fmt"
	"strings"
	"testing"
)

// threeNodes is a mesh of two nodes in one subnet and one in another. Of the pool %[1]s is the encapsulation, of the cluster
// %[2]s the Calico release, and %[3]s the rest.
const threeNodes = `
name: "three-nodes"
clusters: c: {
	ipPools: pods: {cidr: "10.64.0.0/16", encapsulation: "%[1]s"}
	calico: version: "%[2]s"
	nodes: {
		n1: {address: "10.0.1.11/24", gateway: "10.0.1.1", blocks: ["10.64.1.0/26"]}
		n2: {address: "10.0.1.12/24", gateway: "10.0.1.1", blocks: ["10.64.2.0/26"]}
		n3: {address: "10.0.2.13/24", gateway: "10.0.2.1", blocks: ["10.64.3.0/26"]}
	}
	%[3]s
}
`

// TestWhoProgramsBlocks compares the routes to the blocks of the three nodes on the first one with calico_kernel_programming
// (Calico, bird_ipam.cfg.template) and Felix's route managers.
func TestWhoProgramsBlocks(t *testing.T) {
	const own, near, far = "blackhole 10.64.1.0/26", "10.64.2.0/26 via 10.0.1.12 dev ", "10.64.3.0/26 via 10.0.2.13 dev "
	const farTunnel = "10.64.3.0/26 via 10.64.3.0 dev vxlan.calico onlink" // the tunnel address is the first of the first block
	tests := []struct {
		name                         string
		encapsulation, version, rest string
		want                         []string
	}{
		{"no encapsulation, over the gateway where there is one", "None", "3.31", "",
			[]string{own + " proto bird", near + "eth0 proto bird", "10.64.3.0/26 via 10.0.1.1 dev eth0 proto bird"}},
		{"IPIP to everybody", "IPIP", "3.31", "",
			[]string{own + " proto bird", near + "tunl0 proto bird onlink", far + "tunl0 proto bird onlink"}},
		{"IPIP across subnets", "IPIPCrossSubnet", "3.31", "",
			[]string{own + " proto bird", near + "eth0 proto bird", far + "tunl0 proto bird onlink"}},
		{"VXLAN is Felix's", "VXLAN", "3.31", "",
			[]string{own + " proto 80", "10.64.2.0/26 via 10.64.2.0 dev vxlan.calico onlink", farTunnel}},
		{"VXLAN across subnets", "VXLANCrossSubnet", "3.31", "",
			[]string{own + " proto 80", near + "eth0 proto 80 onlink", farTunnel}},
		{"IPIP with metrics", "IPIPCrossSubnet", "3.32", "",
			[]string{own + " proto bird", near + "eth0 proto bird metric 1024", far + "tunl0 proto bird metric 1024 onlink"}},
		{"IPIP is Felix's from 3.33 on", "IPIPCrossSubnet", "3.33", "",
			[]string{own + " proto 80", near + "eth0 proto 80 onlink", far + "tunl0 proto 80 onlink"}},
		{"unless BIRD is told to", "IPIP", "3.33", `bgp: programClusterRoutes: "Enabled"`,
			[]string{own + " proto bird", near + "tunl0 proto bird metric 1024 onlink", far + "tunl0 proto bird metric 1024 onlink"}},
		{"all is Felix's where BIRD is told so, without encapsulation in its own subnet only", "None", "3.32", `bgp: programClusterRoutes: "Disabled"`,
			[]string{own + " proto 80", near + "eth0 proto 80 onlink"}},
		{"a range of its own services stays out of the kernel", "None", "3.31", `serviceCIDRs: ["10.64.0.0/18"], advertise: serviceClusterIPs: true`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Run(inputOf(t, fmt.Appendf(nil, threeNodes, test.encapsulation, test.version, test.rest)))
			var got []string
			for _, row := range r.Routes(r.Devices()[0]) {
				if row.Table == KernelTable && strings.HasPrefix(row.Prefix.String(), "10.64.") {
					got = append(got, row.String())
				}
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("routes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// twoRacks is two racks whose nodes speak with their leaves themselves. %[1]s is the pool's encapsulation, %[2]s the leaves of the
// first rack.
const twoRacks = `
name: "two-racks"
switches: {
	spine: {role: "spine", asNumber: 65000, routerID: "192.0.2.1", dialect: "frr"}
	leaf1: {role: "leaf", asNumber: 65001, routerID: "192.0.2.2", dialect: "frr", interfaces: br0: address: "10.0.1.1/24"}
	leaf2: {role: "leaf", asNumber: 65001, routerID: "192.0.2.3", dialect: "frr", interfaces: br0: address: "10.0.1.2/24"}
	leaf3: {role: "leaf", asNumber: 65003, routerID: "192.0.2.4", dialect: "frr", interfaces: br0: address: "10.0.3.1/24"}
}
links: {
	l1: {spine: address: "10.9.0.1/30", leaf1: address: "10.9.0.2/30"}
	l2: {spine: address: "10.9.0.5/30", leaf2: address: "10.9.0.6/30"}
	l3: {spine: address: "10.9.0.9/30", leaf3: address: "10.9.0.10/30"}
}
clusters: c: {
	ipPools: pods: {cidr: "10.64.0.0/16", encapsulation: "%[1]s"}
	racks: {r1: {asNumber: 64601, switches: %[2]s}, r3: {asNumber: 64603, switches: ["leaf3"]}}
	nodes: {
		n1: {rack: "r1", address: "10.0.1.11/24", blocks: ["10.64.1.0/26"]}
		n3: {rack: "r3", address: "10.0.3.13/24", blocks: ["10.64.3.0/26"]}
	}
}
`

// TestTunnelsEndAtTheNextHop: BIRD's tunnel leads to NEXT_HOP, be it a switch, and several next hops have no tunnel at all.
func TestTunnelsEndAtTheNextHop(t *testing.T) {
	tests := []struct {
		name                    string
		encapsulation, switches string
		want                    string
	}{
		{"the leaf put itself there", "IPIP", `["leaf1"]`, "10.64.3.0/26 via 10.0.1.1 dev tunl0 proto bird onlink"},
		{"the leaf is in the node's subnet", "IPIPCrossSubnet", `["leaf1"]`, "10.64.3.0/26 via 10.0.1.1 dev eth0 proto bird"},
		{"two leaves, no tunnel", "IPIP", `["leaf1", "leaf2"]`,
			"10.64.3.0/26 proto bird nexthop via 10.0.1.1 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth0 weight 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Run(inputOf(t, fmt.Appendf(nil, twoRacks, test.encapsulation, test.switches)))
			var got []string
			for _, row := range r.Routes(r.Devices()[0]) {
				if row.Table == KernelTable && row.Prefix.String() == "10.64.3.0/26" {
					got = append(got, row.String())
				}
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("route is %q, want %q", got, test.want)
			}
		})
	}
}
