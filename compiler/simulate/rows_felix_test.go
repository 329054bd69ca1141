package simulate

import (
	"net/netip"
	"strings"
	"testing"
)

// TestRoutesOfFelixAreWrittenAsFelixDoes: through VXLAN they go to the far end's address in the tunnel, and have protocol boot.
func TestRoutesOfFelixAreWrittenAsFelixDoes(t *testing.T) {
	const topology = `
name: "t"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	ipPools: "default-ipv4-ippool": {cidr: "10.64.0.0/16", encapsulation: "%"}
	bgp: nodeToNodeMesh: true
	nodes: {
		n1: {address: "10.0.0.1/24", blocks: ["10.64.1.0/26"]}
		n2: {address: "10.0.0.2/24", blocks: ["10.64.2.0/26", "10.64.3.0/26"]}
		n3: {address: "10.0.1.3/24", blocks: ["10.64.4.0/26"]}
	}
}
`
	for _, tt := range []struct {
		name, mode, prefix, want string
	}{
		{"the tunnel has the first address of the first block", "VXLAN", "10.64.2.0/26", "10.64.2.0/26 via 10.64.2.0 dev vxlan.calico onlink"},
		{"other blocks go the same way", "VXLAN", "10.64.3.0/26", "10.64.3.0/26 via 10.64.2.0 dev vxlan.calico onlink"},
		{"to the own subnet without a tunnel", "VXLANCrossSubnet", "10.64.2.0/26", "10.64.2.0/26 via 10.0.0.2 dev eth0 proto 80 onlink"},
		{"to another subnet through it", "VXLANCrossSubnet", "10.64.4.0/26", "10.64.4.0/26 via 10.64.4.0 dev vxlan.calico onlink"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Run(inputOf(t, []byte(strings.Replace(topology, "%", tt.mode, 1))))
			got := ""
			for _, row := range r.Routes(r.Fabric.Clusters[0].Node("n1")) {
				if row.Table == KernelTable && row.Prefix == pf(tt.prefix) {
					got = row.String()
				}
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRoutesReadAsIPRoutePrintsThem(t *testing.T) {
	for _, tt := range []struct {
		name string
		row  RouteRow
		want string
	}{
		{"a connected subnet", RouteRow{Type: Unicast, Prefix: pf("10.0.0.0/24"), Proto: "kernel", Source: netip.MustParseAddr("10.0.0.1"),
			NextHops: []NextHop{{Interface: "eth0"}}}, "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1"},
		{"one of IPv6", RouteRow{Type: Unicast, Prefix: pf("fd00::/64"), Proto: "kernel", Source: netip.MustParseAddr("fd00::1"),
			NextHops: []NextHop{{Interface: "eth0"}}}, "fd00::/64 dev eth0 proto kernel metric 256 pref medium"},
		{"several next hops, each onlink or not", RouteRow{Type: Unicast, Prefix: pf("10.1.0.0/26"), Proto: "bird",
			NextHops: []NextHop{{Address: netip.MustParseAddr("10.0.0.1"), Interface: "eth0"}, {Address: netip.MustParseAddr("10.0.0.2"), Interface: "tunl0", OnLink: true}}},
			"10.1.0.0/26 proto bird nexthop via 10.0.0.1 dev eth0 weight 1 nexthop via 10.0.0.2 dev tunl0 weight 1 onlink"},
	} {
		if got := tt.row.String(); got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestNoVXLANWithoutATunnelAddress: where every VXLAN pool is disabled nobody has a VXLAN device, and Felix no route through one.
func TestNoVXLANWithoutATunnelAddress(t *testing.T) {
	for _, tt := range []struct {
		name, pools string
		want        bool
	}{
		{"its own pool gives one", `"vxlan": {cidr: "10.64.0.0/20", encapsulation: "VXLAN"}`, true},
		{"disabled", `"vxlan": {cidr: "10.64.0.0/20", encapsulation: "VXLAN", disabled: true}, "flat": {cidr: "10.64.16.0/20"}`, false},
		{"another pool gives one", `"vxlan": {cidr: "10.64.0.0/20", encapsulation: "VXLAN", disabled: true}, "more": {cidr: "10.64.16.0/20", encapsulation: "VXLAN"}`, true},
		{"not to one of both", `"vxlan": {cidr: "10.64.0.0/20", encapsulation: "VXLAN", disabled: true},
			"more": {cidr: "10.64.16.0/20", encapsulation: "VXLAN", nodeSelector: "zone == 'a'"}`, false},
		{"not for tunnels", `"vxlan": {cidr: "10.64.0.0/20", encapsulation: "VXLAN", allowedUses: ["Workload"]}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Run(inputOf(t, []byte(`
name: "t"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	ipPools: {`+tt.pools+`}
	bgp: nodeToNodeMesh: true
	nodes: {
		n1: {address: "10.0.0.1/24", labels: zone: "a", blocks: ["10.64.1.0/26"]}
		n2: {address: "10.0.0.2/24", blocks: ["10.64.2.0/26"]}
	}
}
`)))
			if got := traceText(t, r, "n1", "10.64.2.1").Reached; got != tt.want {
				t.Errorf("n1 reaches a pod of n2: %v, want %v", got, tt.want)
			}
		})
	}
}
