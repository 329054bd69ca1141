package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
)

// birdLine writes a protocol as one line, what is not set left out.
func birdLine(p *Protocol) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s as %d from %s", p.Row.Protocol, p.Row.PeerASN, p.Source)
	for _, option := range []struct {
		isSet bool
		text  string
	}{
		{p.IsPassive, "passive"},
		{p.IsMultihop, "multihop"},
		{p.TTLSecurity > 0, fmt.Sprint("ttl ", p.TTLSecurity)},
		{p.ClusterID.IsValid(), "client of " + p.ClusterID.String()},
		{p.NextHop != "", "next hop " + p.NextHop},
		{p.AllowOwnASN > 0, fmt.Sprint("allows ", p.AllowOwnASN)},
		{p.Password != "", "password " + p.Password},
		{p.RestartTime > 0, fmt.Sprint("restart ", p.RestartTime)},
	} {
		if option.isSet {
			b.WriteString(", " + option.text)
		}
	}
	return b.String()
}

// TestBIRDIsToldOfItsSessions compares with what Calico's templates make of the same options.
func TestBIRDIsToldOfItsSessions(t *testing.T) {
	in := inputOf(t, []byte(`
name: "told"
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	serviceCIDRs: ["10.65.0.0/16"]
	advertise: serviceClusterIPs: true
	bgp: {nodeToNodeMesh: true, meshPassword: {secret: "s", key: "mesh"}, meshMaxRestartTime: "30s"}
	nodes: {
		a: {address: "10.0.1.2/24", blocks: ["10.64.0.0/26"]}
		b: address: "10.0.1.10/24"
		r: address: "10.0.1.3/24"
	}
	routeReflectors: main: {nodes: ["r"], clusterID: "244.0.0.1"}
	peers: outside: {address: "10.0.2.1", asNumber: 65001, ttlSecurity: 2, nextHopMode: "Keep", password: {secret: "s", key: "out"},
		maxRestartTime: "1m", numAllowedLocalASNumbers: 1, reachableBy: "10.0.1.1", sourceAddress: "None"}
}
`))
	r := Run(in)
	for _, tt := range []struct {
		node string
		want []string
	}{
		{"a", []string{
			"Mesh_10_0_1_10 as 64512 from 10.0.1.2, password s/mesh, restart 30", // "10.0.1.10" < "10.0.1.2": it calls
			"Node_10_0_1_3_port_179 as 64512 from 10.0.1.2, multihop",
			"Node_10_0_2_1 as 65001 from invalid IP, multihop, ttl 2, next hop keep, allows 1, password s/out, restart 60",
		}},
		{"b", []string{
			"Mesh_10_0_1_2 as 64512 from 10.0.1.10, passive, password s/mesh, restart 30",
			"Node_10_0_1_3_port_179 as 64512 from 10.0.1.10, multihop",
			"Node_10_0_2_1 as 65001 from invalid IP, multihop, ttl 2, next hop keep, allows 1, password s/out, restart 60",
		}},
		{"r", []string{
			"Node_10_0_1_10_port_179 as 64512 from 10.0.1.3, multihop, client of 244.0.0.1",
			"Node_10_0_1_2_port_179 as 64512 from 10.0.1.3, multihop, client of 244.0.0.1",
			"Node_10_0_2_1 as 65001 from invalid IP, multihop, ttl 2, next hop keep, allows 1, password s/out, restart 60",
		}},
	} {
		b := r.BIRD(r.Fabric.Clusters[0].Node(tt.node), fabric.IPv4)
		var got []string
		for i := range b.Protocols {
			got = append(got, birdLine(&b.Protocols[i]))
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", tt.node, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
	a := r.BIRD(r.Fabric.Clusters[0].Node("a"), fabric.IPv4)
	if got := fmt.Sprint(a.RouterID, a.ASN, a.Blackholes, a.Gateways, a.Kernel); got !=
		"10.0.1.2 64512 [10.64.0.0/26 10.65.0.0/16] [{10.0.2.1 10.0.1.1}] [{10.65.0.0/16 true  false} {10.64.0.0/16 false  false}]" {
		t.Errorf("a is told %s", got)
	}
	if six := r.BIRD(a.Node, fabric.IPv6); !six.IsDisabled || len(six.Protocols) > 0 {
		t.Errorf("a has no IPv6 address, and is told %+v", six)
	}
}

func TestFilterInPlainDataRunsAsTheOneInside(t *testing.T) {
	in := inputOf(t, []byte(`
name: "plain"
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	calico: version: "3.32"
	nodes: {a: address: "10.0.1.2/24", b: address: "10.0.1.3/24"}
	filters: f: exportV4: [
		{action: "Reject", matchOperator: "NotIn", cidr: "10.64.0.0/16", source: "RemotePeers"},
		{action: "Accept", cidr: "10.64.0.0/18", matchOperator: "In", prefixLength: {min: 26, max: 26},
			operations: [{addCommunity: value: "65000:1"}, {setPriority: value: 500}]},
	]
	peers: outside: {address: "10.0.1.1", asNumber: 65001, filters: ["f"]}
}
`))
	r := Run(in)
	f := r.BIRD(r.Fabric.Clusters[0].Node("a"), fabric.IPv4).Protocols[1].Export
	route := FilterRoute{Source: BGPSource, LocalPref: 100}
	if !f.Run(netip.MustParsePrefix("10.64.1.0/26"), &route) || fmt.Sprint(route.Communities, route.LocalPref) != "[65000:1] 2147483147" {
		t.Errorf("left as %+v, want it accepted with a community and a priority", route)
	}
	if f.Run(netip.MustParsePrefix("10.0.9.0/24"), &FilterRoute{Source: BGPSource}) {
		t.Error("accepted what lies in no pool")
	}
	first := f.Rules[slices.IndexFunc(f.Rules, func(r FilterRule) bool { return r.Name == "BGPFilter f, exportV4 rule 1" })]
	if first.Prefix.String() != "10.64.0.0/16" || !first.Negate || first.Verdict != Rejects || len(first.Sources) != 1 || first.Sources[0] != BGPSource {
		t.Errorf("the first rule of the BGPFilter is %+v", first)
	}
	if f.Otherwise != Rejects {
		t.Error("what no rule decides is not rejected on export")
	}
}

// TestNodesMayHaveABGPConfigurationOfTheirOwn: of one called node.NAME the port and the communities count.
func TestNodesMayHaveABGPConfigurationOfTheirOwn(t *testing.T) {
	in := inputOf(t, []byte(`
name: "own"
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	bgp: nodeToNodeMesh: true
	advertise: {prefixes: [{cidr: "10.64.0.0/16", communities: ["64512:1"]}]}
	nodes: {a: address: "10.0.1.2/24", b: address: "10.0.1.3/24", c: address: "10.0.1.4/24"}
}
`))
	err := in.Objects[in.Fabric.Clusters[0]].Read([]byte(`
kind: BGPConfiguration
apiVersion: projectcalico.org/v3
metadata: {name: node.b}
spec: {listenPort: 500, asNumber: 1, communities: [{name: own, value: "64512:9"}], prefixAdvertisements: [{cidr: 10.64.0.0/16, communities: [own]}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := Run(in)
	var got []string
	for _, n := range r.Fabric.Clusters[0].Nodes {
		b := r.BIRD(n, fabric.IPv4)
		got = append(got, fmt.Sprint(n.Name, " listens on ", b.ListenPort, " AS ", b.ASN))
		for i := range b.Protocols {
			p := &b.Protocols[i]
			route := FilterRoute{Source: StaticSource}
			p.Export.Run(netip.MustParsePrefix("10.64.0.0/26"), &route)
			got = append(got, fmt.Sprint("  ", p.Row.PeerAddress, " port ", p.Row.PeerPort, " ", p.Row.State, " ", route.Communities))
		}
	}
	want := `a listens on 179 AS 64512
  10.0.1.3 port 500 ESTABLISHED [64512:1]
  10.0.1.4 port 179 ESTABLISHED [64512:1]
b listens on 500 AS 64512
  10.0.1.2 port 179 ESTABLISHED [64512:9]
  10.0.1.4 port 179 ESTABLISHED [64512:9]
c listens on 179 AS 64512
  10.0.1.2 port 179 ESTABLISHED [64512:1]
  10.0.1.3 port 500 ESTABLISHED [64512:1]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// TestBlocksOfOneAddressAreNoBlackholes: Calico's templates leave them out, in a pool or not, and announce them all the same.
func TestBlocksOfOneAddressAreNoBlackholes(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "single"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	nodes: {a: {address: "10.0.1.2/24", blocks: ["10.9.0.1/32", "10.64.0.0/26"]}, b: {address: "10.0.1.3/24", blocks: []}}
}
`)))
	b := r.BIRD(r.Fabric.Clusters[0].Node("a"), fabric.IPv4)
	if got := fmt.Sprint(b.Blocks, b.Blackholes); got != "[10.9.0.1/32 10.64.0.0/26] [10.64.0.0/26]" {
		t.Errorf("blocks and blackholes are %s", got)
	}
	if !b.Protocols[0].Export.Run(netip.MustParsePrefix("10.9.0.1/32"), &FilterRoute{Source: KernelSource, Interface: "cali0"}) {
		t.Error("a block of one address in no pool is not announced")
	}
}

func TestNodeWithoutIPv4IsToldNothingOfIPv4PoolsForItsKernel(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "six"
clusters: c: {
	podCIDRs: ["10.64.0.0/16", "fd00:64::/48"]
	nodes: {a: address6: "fd00:1::2/64", b: {address6: "fd00:1::3/64", address: "10.0.1.3/24"}}
}
`)))
	for name, want := range map[string]string{"a": "[]", "b": "[{10.64.0.0/16 false  false}]"} {
		if got := fmt.Sprint(r.BIRD(r.Fabric.Clusters[0].Node(name), fabric.IPv4).Kernel); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestNoPortIsPort179 is what tells Calico's sessions of one node apart: a written 179 is none, and takes the place of another.
func TestNoPortIsPort179(t *testing.T) {
	in := inputOf(t, []byte(`
name: "ports"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	bgp: {nodeToNodeMesh: false}
	nodes: {a: address: "10.0.1.2/24", b: address: "10.0.1.3/24"}
}
`))
	o := in.Objects[in.Fabric.Clusters[0]]
	o.BGPConfiguration.Spec.ListenPort = 0
	err := o.Read([]byte(`kind: BGPPeer
metadata: {name: first}
spec: {nodeSelector: all(), peerIP: "10.0.1.3:179", asNumber: 64512}
---
kind: BGPPeer
metadata: {name: second}
spec: {nodeSelector: all(), peerSelector: all()}
---
kind: BGPPeer
metadata: {name: third}
spec: {peerIP: "10.0.1.3", asNumber: 65000, reachableBy: 10.0.1.1}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := Run(in)
	var got []string
	for _, n := range in.Fabric.Clusters[0].Nodes {
		b := r.BIRD(n, fabric.IPv4)
		for i := range b.Protocols {
			got = append(got, n.Name+": "+birdLine(&b.Protocols[i]))
		}
		got = append(got, fmt.Sprint(n.Name, ": ", b.Gateways))
	}
	want := `a: Global_10_0_1_3 as 65000 from 10.0.1.2, passive, multihop
a: [{10.0.1.3 10.0.1.1}]
b: Node_10_0_1_2 as 64512 from 10.0.1.3, multihop
b: [{10.0.1.3 10.0.1.1}]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
