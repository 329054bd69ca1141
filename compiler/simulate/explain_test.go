package simulate

import (
	"os"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// edit changes what was built.
type edit func(in Input)

func withoutPool(cluster, cidr string) edit {
	return func(in Input) {
		o := in.objectsOf(cluster)
		o.IPPools = slices.DeleteFunc(o.IPPools, func(p *v3.IPPool) bool { return p.Spec.CIDR == cidr })
	}
}

func withoutPeers(cluster string, isMeant func(p *v3.BGPPeer) bool) edit {
	return func(in Input) {
		o := in.objectsOf(cluster)
		o.BGPPeers = slices.DeleteFunc(o.BGPPeers, isMeant)
	}
}

// onOuterPeers changes the BGPPeers of a cluster that lead out of it.
func onOuterPeers(cluster string, change func(p *v3.BGPPeer)) edit {
	return func(in Input) {
		for _, p := range in.objectsOf(cluster).BGPPeers {
			if isOuter(p) {
				change(p)
			}
		}
	}
}

func isOuter(p *v3.BGPPeer) bool { return p.Spec.PeerIP != "" }
func isInner(p *v3.BGPPeer) bool { return p.Spec.PeerIP == "" }

func withoutLabel(cluster, key string) edit {
	return func(in Input) {
		for _, n := range in.objectsOf(cluster).Nodes {
			delete(n.Labels, key)
		}
	}
}

func withMesh(cluster string, isOn bool) edit {
	return func(in Input) { in.objectsOf(cluster).BGPConfiguration.Spec.NodeToNodeMeshEnabled = &isOn }
}

// withFilter puts a BGPFilter of one rule for exports onto all BGPPeers of a cluster.
func withFilter(cluster, name string, action v3.BGPFilterAction, cidr string) edit {
	return func(in Input) {
		f := &calico.BGPFilter{}
		f.Name = name
		f.Spec.ExportV4 = []calico.BGPFilterRuleV4{{BGPFilterRuleV4: v3.BGPFilterRuleV4{Action: action, CIDR: cidr, MatchOperator: "In"}}}
		o := in.objectsOf(cluster)
		o.BGPFilters = append(o.BGPFilters, f)
		for _, p := range o.BGPPeers {
			p.Spec.Filters = append(p.Spec.Filters, name)
		}
	}
}

func all(edits ...edit) edit {
	return func(in Input) {
		for _, e := range edits {
			e(in)
		}
	}
}

// onTwoSubnets moves the second cluster of the first lab to a subnet of its own; more replaces further text.
func onTwoSubnets(more ...string) []string {
	var replace []string
	for _, host := range []string{"7", "8", "9", "10"} {
		replace = append(replace, "172.17.0."+host+"/16", "172.18.0."+host+"/16")
	}
	return append(replace, more...)
}

// offTheLeaves gives the nodes of the lab with one AS gateways that nobody declared, and what the leaves have learned.
func offTheLeaves(more ...string) []string {
	var replace []string
	for _, subnet := range []string{"1", "2"} {
		replace = append(replace, `bgp: toNodes: "none"`, "")
		for range 2 {
			replace = append(replace, `gateway: "10.1.`+subnet+`.1"`, `gateway: "10.1.`+subnet+`.254"`)
		}
	}
	return append(replace, more...)
}

// ownReflectors gives the racks of that lab reflectors, and further text to the second.
func ownReflectors(rack2 string) []string {
	return []string{"racks: {", `routeReflectors: {a: {rack: "rack1", nodes: ["node-1"]}, b: {rack: "rack2", nodes: ["node-3"]}}` + "\nracks: {",
		`rack2: switches: ["leaf2"]`, `rack2: {switches: ["leaf2"]` + rack2 + `}`}
}

// onForeignPools changes the disabled pools of a cluster.
func onForeignPools(cluster string, change func(p *v3.IPPool)) edit {
	return func(in Input) {
		for _, p := range in.objectsOf(cluster).IPPools {
			if p.Spec.Disabled {
				change(p)
			}
		}
	}
}

// onNodes changes the Node objects of a cluster whose names end in one of some texts.
func onNodes(cluster string, change func(n *metav1.PartialObjectMetadata), ends ...string) edit {
	return func(in Input) {
		for _, n := range in.objectsOf(cluster).Nodes {
			if slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(n.Name, end) }) {
				change(n)
			}
		}
	}
}

// racksApart is two racks of an AS each under a leaf each, with pods of both families and links of one.
const racksApart = `
name: "t"
switches: {
	s: {role: "spine", dialect: "frr", asNumber: 65000, routerID: "10.0.255.1"}
	l1: {role: "leaf", dialect: "frr", asNumber: 65001, routerID: "10.0.255.11", interfaces: v: {address: "10.1.1.1/24", address6: "fd00:1::1/64"}}
	l2: {role: "leaf", dialect: "frr", asNumber: 65002, routerID: "10.0.255.12", interfaces: v: {address: "10.1.2.1/24", address6: "fd00:2::1/64"}}
}
links: {
	"s-l1": {s: address: "10.0.1.0/31", l1: address: "10.0.1.1/31"}
	"s-l2": {s: address: "10.0.1.2/31", l2: address: "10.0.1.3/31"}
}
clusters: prod: {
	podCIDRs: ["10.64.0.0/16", "fd10::/48"]
	racks: {
		r1: {asNumber: 64513, switches: ["l1"], asOverride: true}
		r2: {asNumber: 64514, switches: ["l2"], asOverride: true}
	}
	nodes: {
		n1: {rack: "r1", address: "10.1.1.11/24", address6: "fd00:1::11/64"}
		n2: {rack: "r1", address: "10.1.1.12/24", address6: "fd00:1::12/64"}
		n3: {rack: "r2", address: "10.1.2.11/24", address6: "fd00:2::11/64"}
		n4: {rack: "r2", address: "10.1.2.12/24", address6: "fd00:2::12/64"}
	}
}
`

// subnetsApart is a cluster on two subnets of a switch without BGP.
const subnetsApart = `
name: "t"
switches: core: {dialect: "frr", interfaces: {a: address: "10.1.1.1/24", b: address: "10.1.2.1/24"}}
clusters: k: {
	podCIDRs: ["10.64.0.0/16"]
	nodes: {
		n1: address: "10.1.1.11/24"
		n2: address: "10.1.1.12/24"
		n3: address: "10.1.2.11/24"
		n4: address: "10.1.2.12/24"
	}
}
`

func TestTraceNamesTheEditThatMends(t *testing.T) {
	for _, tt := range []struct {
		name     string
		topology string   // the name of an example, or the text
		replace  []string // in the topology, in pairs
		edit     edit     // of the objects
		from, to string
		want     string
	}{
		{"a foreign pool for pods is gone", "two-clusters", nil, withoutPool("cluster-a", "10.210.0.0/16"), "cluster-a", "cluster-b",
			"cluster-a-m03 does not pass 10.210.63.192/26 on to cluster-a: no IPPool of cluster-a covers it; add an IPPool (disabled: true) for 10.210.0.0/16 to cluster-a"},
		{"a foreign pool for services is gone", "two-clusters", nil, withoutPool("cluster-a", "10.211.0.0/16"), "cluster-a", "cluster-b/services",
			"cluster-a-m03 does not pass 10.211.0.0/16 on to cluster-a: no IPPool of cluster-a covers it; add an IPPool (disabled: true) for 10.211.0.0/16 to cluster-a"},
		{"the far side lacks its foreign pool", "two-clusters", nil, withoutPool("cluster-b", "10.200.0.0/16"), "cluster-a", "cluster-b",
			"packets get to the pods of cluster-b, and the answers from cluster-b/cluster-b-m02 to 10.200.97.0/26 do not come back: cluster-b-m03 does not pass 10.200.97.0/26 on to cluster-b-m02: no IPPool of cluster-b covers it; add an IPPool (disabled: true) for 10.200.0.0/16 to cluster-b"},
		{"a BGPPeer expects another AS", "two-clusters", nil, onOuterPeers("cluster-a", func(p *v3.BGPPeer) { p.Spec.ASNumber = 64999 }), "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: AS mismatch: cluster-a-m03 expects AS 64999, cluster-b-m03 is AS 64513; set asNumber: 64513 in BGPPeer a-b-to-cluster-b-m03 at cluster-a-m03"},
		{"a BGPPeer demands TTL security that the far end lacks", "two-clusters", nil,
			onOuterPeers("cluster-b", func(p *v3.BGPPeer) { p.Spec.TTLSecurity = new(uint8(1)) }), "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: TTL mismatch: cluster-b-m03 takes TTL 255 and more, cluster-a-m03 sends TTL 64; set the same ttlSecurity at both ends, or at neither"},
		{"both call a port that nobody listens on", "two-clusters", nil, all(
			onOuterPeers("cluster-a", func(p *v3.BGPPeer) { p.Spec.PeerIP += ":1790" }),
			onOuterPeers("cluster-b", func(p *v3.BGPPeer) { p.Spec.PeerIP += ":1790" })), "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: port mismatch: cluster-a-m03 calls port 1790, cluster-b-m03 listens on port 179; give the port in peerIP in BGPPeer a-b-to-cluster-b-m03, or listen on the usual one"},
		{"the BGPPeers of one side are gone", "two-clusters", nil, withoutPeers("cluster-a", isOuter), "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: the objects of cluster-a have no BGPPeer a-b-to-cluster-b-m03; apply BGPPeer a-b-to-cluster-b-m03 to cluster-a again, as it was built"},
		{"the reflectors lost their label", "two-clusters", nil, withoutLabel("cluster-a", "route-reflector"), "cluster-a", "cluster-a",
			"cluster-a and cluster-a-m03 have no session: peerSelector of BGPPeer route-reflectors (route-reflector == 'true') does not select cluster-a-m03; label node cluster-a-m03 route-reflector=true"},
		{"the reflectors that peer lost their label", "two-clusters", nil, withoutLabel("cluster-a", "route-reflector"), "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: nodeSelector of BGPPeer a-b-to-cluster-b-m03 (route-reflector == 'true') does not select cluster-a-m03; label node cluster-a-m03 route-reflector=true"},
		{"the reflectors lost their cluster ID", "two-clusters", nil, func(in Input) {
			for _, n := range in.objectsOf("cluster-a").Nodes {
				delete(n.Annotations, clusterIDAnnotation)
			}
		}, "cluster-a", "cluster-a",
			"cluster-a-m03 does not pass 10.200.97.0/26 on to cluster-a-m02: it was learned by iBGP, and neither end is a reflector's client; annotate node cluster-a-m03 with projectcalico.org/RouteReflectorClusterID=244.0.0.1"},
		{"the mesh is off and nothing takes its place", "full-mesh", []string{"VXLANCrossSubnet", "None"}, withMesh("prod", false), "prod", "prod",
			"the nodes of prod have no sessions with each other: the node-to-node mesh is off, and no BGPPeer takes its place; set nodeToNodeMeshEnabled: true in the BGPConfiguration of prod, or give it route reflectors"},
		{"the mesh is on and leaves reflectors out", "two-clusters", nil, all(withMesh("cluster-a", true), withoutPeers("cluster-a", isInner)), "cluster-a", "cluster-a",
			"cluster-a and cluster-a-m03 have no session: the objects of cluster-a have no BGPPeer route-reflectors, and the node-to-node mesh leaves reflectors out; apply BGPPeer route-reflectors to cluster-a again, as it was built"},
		{"the mesh is left on beside reflectors, which breaks nothing", "two-clusters", nil, withMesh("cluster-a", true), "cluster-a", "cluster-b",
			"packets from the pods of cluster-a get to the pods of cluster-b, and the answers back, over 24 ways"},
		{"a BGPFilter is too tight", "two-clusters", nil, withFilter("cluster-b", "tight", v3.Reject, "10.210.0.0/16"), "cluster-a", "cluster-b",
			"cluster-b-m03 does not pass 10.210.63.192/26 on to cluster-a-m03: BGPFilter tight, exportV4 rule 1 rejects it; put a rule before it in BGPFilter tight of cluster-b: {action: Accept, matchOperator: In, cidr: 10.210.0.0/16}"},
		{"a pool is kept from BGP", "two-clusters", nil, func(in Input) {
			for _, p := range in.objectsOf("cluster-a").IPPools {
				p.Spec.DisableBGPExport = true
			}
		}, "cluster-a", "cluster-b",
			"cluster-a-m03 does not pass 10.210.63.192/26 on to cluster-a: IPPool cluster-b-pods-10-210-0-0-16 has disableBGPExport; delete disableBGPExport from IPPool cluster-b-pods-10-210-0-0-16 of cluster-a"},
		{"services are no longer announced", "two-clusters", nil, func(in Input) {
			in.objectsOf("cluster-b").BGPConfiguration.Spec.ServiceClusterIPs = nil
		}, "cluster-a", "cluster-b/services",
			"cluster-a has no route to 10.211.0.0/16, services of cluster-b: the BGPConfiguration of cluster-b does not announce them; add 10.211.0.0/16 to the BGPConfiguration of cluster-b again"},
		{"a peering gives no transit", "three-clusters-chain", nil, nil, "a", "c",
			"b-1 does not pass 10.30.101.0/26 on to a-1: BGPFilter no-transit, exportV4 rule 3 rejects it; set transit: true on the peerings over which b is to pass on what is of c"},
		{"pods are translated towards a peer without a foreign pool", "two-clusters", nil,
			all(withoutPool("cluster-a", "10.210.0.0/16"), withFilter("cluster-a", "let", v3.Accept, "10.208.0.0/14")), "cluster-a", "cluster-b",
			"packets from the pods of cluster-a get to the pods of cluster-b, and the answers back, over 24 ways; the nodes put their own addresses in the place of the pods': IPPool default-ipv4-ippool says natOutgoing, and no IPPool has the address"},
		{"IPIP through a fabric", "leaf-spine", []string{`podCIDRs: ["10.233.64.0/18"]`, `ipPools: main: {cidr: "10.233.64.0/18", encapsulation: "IPIP"}`}, nil, "prod", "prod",
			"node4 sends packets to 10.233.71.0/26 through tunl0 to 173.20.0.254, which is leaf02 and no node of cluster prod: nothing there unwraps them; set encapsulation to IPIPCrossSubnet or None for IPPool main of prod"},
		{"a switch accepts too little", "leaf-spine", nil, func(in Input) {
			for _, s := range in.Fabric.Switches {
				for _, r := range s.Routers {
					for _, l := range r.PrefixLists {
						if l.Name == "LEAF01_IN_V4" {
							l.Entries = []fabric.PrefixEntry{{Prefix: pf("10.233.0.0/18")}}
						}
					}
				}
			}
		}, "prod", "prod",
			"spine01 does not take 10.233.71.0/26 from leaf01: prefix list LEAF01_IN_V4 of spine01 does not permit it; add {prefix: \"10.233.64.0/18\", le: 26, on: \"switches\"} to bgp: accept of switch spine01"},
		{"one AS for two racks", "tor-one-as", offTheLeaves(), nil, "prod", "prod",
			"node-2 does not take 10.64.84.128/26 from leaf1: AS 64512 is in its path; set asOverride: true on rack rack1 of prod, or give it reflectors of its own (routeReflectors with rack: \"rack1\"), or make leaf1 the gateway of its nodes"},
		{"two subnets and no gateway declared", "two-clusters", onTwoSubnets(), nil, "cluster-a", "cluster-b",
			"cluster-a sends packets to 10.210.63.192/26 to its default gateway on the way to their next hop: nobody declared it, and it is believed to know nothing of pods and services; set gateway of cluster-a to a switch that has routes to pods"},
		{"two subnets and a gateway without routes", "two-clusters", onTwoSubnets("waivers:",
			"switches: gw: {dialect: \"frr\", interfaces: {a: address: \"172.17.0.1/16\", b: address: \"172.18.0.1/16\"}}\nwaivers:"), nil, "cluster-a", "cluster-b",
			"gw drops packets to 10.210.63.192/26: no route to 10.210.63.192/26; add staticRoutes: \"cluster-b\": via nodes of it to switch gw, or name the switch in a rack"},
		{"racks of one AS whose reflectors peer: the leaf prefers their way, which leads back", "leaf-spine",
			[]string{"rack2: {asNumber: 64513", "rack2: {asNumber: 64512"}, nil, "prod/node6", "prod/node3/pods",
			"leaf02 sends packets to 10.233.71.0/26 to node4, and they come back: its AS path over node4 is the shortest, as the racks on both sides are AS 64512; give each of racks rack1 and rack2 an asNumber of its own"},
		{"two subnets whose gateways do not know each other", "two-clusters", onTwoSubnets("waivers:",
			"switches: {g1: {dialect: \"frr\", interfaces: a: address: \"172.17.0.1/16\"}, g2: {dialect: \"frr\", interfaces: a: address: \"172.18.0.1/16\"}}\nwaivers:"), nil, "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: no route to 172.18.0.9 at g1; give cluster-a-m03 and cluster-b-m03 a way to each other: a gateway, a link, or a subnet in common"},
		{"clusters without a peering", "two-clusters", []string{`peerings: "a-b": {`, `reserved: {}, peerings: {}, #unused: {`}, nil, "cluster-a", "cluster-b",
			"cluster-a drops packets to 10.210.63.192/26: no route to 10.210.63.192/26 but the default one, to a gateway that nobody declared and that knows nothing of pods and services; add a peering of cluster-a and cluster-b"},
		{"nodes lost the annotation of their AS number", "leaf-spine", nil, func(in Input) {
			for _, n := range in.objectsOf("prod").Nodes {
				delete(n.Annotations, asNumberAnnotation)
			}
		}, "prod", "prod",
			"node4 and leaf02 have no session: AS mismatch: leaf02 expects AS 64513, node4 is AS 64512; annotate node4, node5 and node6 with projectcalico.org/ASNumber=64513"},
		{"a cluster's AS number is another one", "two-clusters", nil, func(in Input) {
			in.objectsOf("cluster-a").BGPConfiguration.Spec.ASNumber = new(numorstring.ASNumber(64599))
		}, "cluster-a", "cluster-b",
			"cluster-a-m03 and cluster-b-m03 have no session: AS mismatch: cluster-b-m03 expects AS 64512, cluster-a-m03 is AS 64599; set asNumber: 64512 in BGPConfiguration default of cluster-a, which says 64599"},
		{"a tunnel between subnets whose routers do not know each other", subnetsApart, []string{`podCIDRs: ["10.64.0.0/16"]`, `ipPools: p: {cidr: "10.64.0.0/16", encapsulation: "VXLANCrossSubnet"}`,
			`core: {dialect: "frr", interfaces: {a: address: "10.1.1.1/24", b: address: "10.1.2.1/24"}}`,
			`{x: {dialect: "frr", interfaces: a: address: "10.1.1.1/24"}, y: {dialect: "frr", interfaces: a: address: "10.1.2.1/24"}}`}, nil, "k", "k",
			"n3 sends packets to 10.64.40.128/26 through vxlan.calico to 10.1.1.11, and those do not get there: y has no route to 10.1.1.11, an address of n1; give y an interface in the network of n1, or an asNumber and a link to a switch that has one"},
		{"a tunnel through a fabric that is in two", racksApart, []string{`, "fd10::/48"`, "", `podCIDRs: ["10.64.0.0/16"]`, `ipPools: p: {cidr: "10.64.0.0/16", encapsulation: "VXLAN"}`, `"s-l2": {`, `"s-l2": {bgp: false, `}, nil, "prod", "prod",
			"n3 sends packets to 10.64.40.128/26 through vxlan.calico to 10.1.1.11, and those do not get there: s and l2 have no session: link s-l2 has bgp: false; delete bgp: false from link s-l2"},
		{"a switch without BGP between a cluster's own subnets", subnetsApart, nil, nil, "k", "k",
			"core drops packets to 10.64.40.128/26: no route to 10.64.40.128/26; set encapsulation to IPIPCrossSubnet (or VXLANCrossSubnet) on IPPool default-ipv4-ippool, or peer the nodes with switch core (racks)"},
		{"and with encapsulation", subnetsApart, []string{`podCIDRs: ["10.64.0.0/16"]`, `ipPools: p: {cidr: "10.64.0.0/16", encapsulation: "IPIPCrossSubnet"}`}, nil, "k", "k",
			"packets from the pods of k get to the pods of k, and the answers back"},
		{"one AS for two racks, with reflectors: the other rack is left", "tor-one-as", offTheLeaves(ownReflectors("")...), nil, "prod", "prod",
			"node-3 sends packets to 10.64.84.128/26 to its default gateway on the way to their next hop: nobody declared it, and it is believed to know nothing of pods and services; set encapsulation to IPIPCrossSubnet (or VXLANCrossSubnet) on IPPool default-ipv4-ippool, or set gateway of node-3 to a switch that has routes to pods"},
		{"and with an AS for each", "tor-one-as", offTheLeaves(ownReflectors(", asNumber: 64600")...), nil, "prod", "prod",
			"packets from the pods of prod get to the pods of prod, and the answers back"},
		{"reflectors are excluded from load balancers", "two-clusters", nil, onNodes("cluster-a", func(n *metav1.PartialObjectMetadata) { n.Labels[excludeLabel] = "true" }, "m03", "m04"), "cluster-b", "cluster-a/services",
			"cluster-a-m03 does not pass 10.201.0.0/16 on to cluster-b-m03: the label node.kubernetes.io/exclude-from-external-load-balancers keeps it from announcing services; take the label node.kubernetes.io/exclude-from-external-load-balancers off node cluster-a-m03"},
		{"and one of them no longer", "two-clusters", nil, onNodes("cluster-a", func(n *metav1.PartialObjectMetadata) { n.Labels[excludeLabel] = "true" }, "m04"), "cluster-b", "cluster-a/services",
			"packets from the pods of cluster-b get to the services of cluster-a, and the answers back"},
		{"a peering exchanges no services", "two-clusters", []string{`via: "routeReflectors"`, `via: "routeReflectors", exchange: services: false`}, nil, "cluster-a", "cluster-b/services",
			"cluster-b-m03 does not pass 10.211.0.0/16 on to cluster-a-m03: BGPFilter no-transit-a-b, exportV4 rule 1 rejects it; set exchange: services: true on peering a-b"},
		{"a peering exchanges no pods", "two-clusters", []string{`via: "routeReflectors"`, `via: "routeReflectors", exchange: pods: false`}, nil, "cluster-a", "cluster-b",
			"cluster-b-m03 does not pass 10.210.63.192/26 on to cluster-a-m03: BGPFilter no-transit-a-b, exportV4 rule 1 rejects it; set exchange: pods: true on peering a-b"},
		{"a foreign pool has VXLAN", "two-clusters", nil, onForeignPools("cluster-a", func(p *v3.IPPool) { p.Spec.VXLANMode = v3.VXLANModeAlways }), "cluster-a", "cluster-b",
			"cluster-a has a route to 10.210.63.192/26 by BGP and does not use it: the routes of pool cluster-b-pods-10-210-0-0-16 are Felix's, who knows none of this prefix; set vxlanMode: Never in IPPool cluster-b-pods-10-210-0-0-16 of cluster-a"},
		{"a foreign pool has VXLAN in the topology", "two-clusters", []string{`podCIDRs: ["10.200.0.0/16"]`,
			`ipPools: {own: cidr: "10.200.0.0/16", far: {cidr: "10.210.0.0/16", disabled: true, encapsulation: "VXLAN"}}`}, nil, "cluster-a", "cluster-b",
			"cluster-a has a route to 10.210.63.192/26 by BGP and does not use it: the routes of pool far are Felix's, who knows none of this prefix; delete encapsulation from IPPool far of cluster-a"},
		{"a foreign pool has IPIP", "two-clusters", []string{`["cluster-b-m03", "cluster-b-m04"]`, `["cluster-b-m03"]`, `["cluster-a-m03", "cluster-a-m04"]`, `["cluster-a-m03"]`},
			onForeignPools("cluster-a", func(p *v3.IPPool) { p.Spec.IPIPMode = v3.IPIPModeAlways }), "cluster-a", "cluster-b",
			"cluster-a sends packets to 10.210.63.192/26 through tunl0 to 172.17.0.9, which is cluster-b-m03 and no node of cluster cluster-a: nothing there unwraps them; set ipipMode: Never in IPPool cluster-b-pods-10-210-0-0-16 of cluster-a"},
		{"links without IPv6", racksApart, nil, nil, "prod", "prod",
			"l1 and s have no session for IPv6: link s-l1 has no address6; add address6 to both ends of link s-l1"},
		{"links without IPv6, to a node", racksApart, nil, nil, "n1", "fd00:2::11",
			"l2 and s have no session for IPv6: link s-l2 has no address6; add address6 to both ends of link s-l2"},
		{"a link without BGP", racksApart, []string{`, "fd10::/48"`, "", `"s-l2": {`, `"s-l2": {bgp: false, `}, nil, "prod", "prod",
			"s and l2 have no session: link s-l2 has bgp: false; delete bgp: false from link s-l2"},
		{"no link", racksApart, []string{`, "fd10::/48"`, "", `"s-l2": {s: address: "10.0.1.2/31", l2: address: "10.0.1.3/31"}`, ""}, nil, "prod", "prod",
			"l1 and l2 have no session: no link joins them; add a link of l1 and l2"},
		{"a link whose end is in another VRF", racksApart, []string{`, "fd10::/48"`, "", `l2: address: "10.0.1.3/31"`, `l2: {address: "10.0.1.3/31", vrf: "x"}`}, nil, "prod", "prod",
			"s and l2 have no session: link s-l2 is in VRF x at l2, whose routes are outside VRFs; delete vrf at l2 in link s-l2"},
		{"a link in another VRF", racksApart, []string{`, "fd10::/48"`, "", `s: address: "10.0.1.2/31", l2: address: "10.0.1.3/31"`, `s: {address: "10.0.1.2/31", vrf: "x"}, l2: {address: "10.0.1.3/31", vrf: "x"}`}, nil, "prod", "prod",
			"s and l2 have no session: link s-l2 is in VRF x at s, whose routes are outside VRFs, and in VRF x at l2, whose routes are outside VRFs; delete vrf at s and delete vrf at l2 in link s-l2"},
		{"and with none of that", racksApart, []string{`, "fd10::/48"`, ""}, nil, "prod", "prod",
			"packets from the pods of prod get to the pods of prod, and the answers back"},
		{"a switch without an address of the family", racksApart, nil, nil, "s", "fd00:2::11",
			"s has no IPv6 address to send from: give it loopback6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			topology := tt.topology
			if !strings.Contains(topology, "\n") {
				text, err := os.ReadFile("../../topologies/" + tt.topology + ".cue")
				if err != nil {
					t.Fatal(err)
				}
				topology = string(text)
			}
			for i := 0; i < len(tt.replace); i += 2 {
				if !strings.Contains(topology, tt.replace[i]) {
					t.Fatalf("%s has no %s", tt.topology, tt.replace[i])
				}
				topology = strings.Replace(topology, tt.replace[i], tt.replace[i+1], 1)
			}
			in := inputOf(t, []byte(topology))
			if tt.edit != nil {
				tt.edit(in)
			}
			r := Run(in)
			from, err := ParsePlace(r.Fabric, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			to, err := ParsePlace(r.Fabric, tt.to)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Trace(from, to); got.Verdict != tt.want && !(got.Reached && strings.HasPrefix(got.Verdict, tt.want)) {
				t.Errorf("got\n%s\nwant\n%s", got.Verdict, tt.want)
			}
		})
	}
}
