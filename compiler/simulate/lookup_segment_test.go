package simulate

import (
	"strings"
	"testing"
)

// TestALinkLocalGatewayIsOnTheSendersNetwork: the same address leads to the switch on the sender's own subnet, whoever has it elsewhere.
func TestALinkLocalGatewayIsOnTheSendersNetwork(t *testing.T) {
	const topology = `
name: "t"
switches: {
	l1: {dialect: "frr", asNumber: 65001, routerID: "10.0.0.1", interfaces: {a: {address6: "fd00:1:1::1/64", shared: SHARED}, b: address6: "fd00:2:1::1/64"}}
	l2: {dialect: "frr", asNumber: 65002, routerID: "10.0.0.2", interfaces: {a: {address6: "fd00:1:2::1/64", shared: ["fe80::1"]}, b: address6: "fd00:2:2::1/64"}}
}
links: l: {l1: {address6: "fe80::1/64", interface: "c"}, l2: {address6: "fe80::2/64", interface: "c"}}
clusters: prod: {
	podCIDRs: ["fd00:64::/64"]
	racks: {r1: {asNumber: 64601, switches: ["l1"]}, r2: {asNumber: 64602, switches: ["l2"]}}
	nodes: {
		n1: {rack: "r1", address6: "fd00:1:1::11/64", gateway6: "fe80::1", interfaces: eth1: address6: "fd00:2:1::11/64"}
		n2: {rack: "r2", address6: "fd00:1:2::12/64", gateway6: "fe80::1", interfaces: eth1: address6: "fd00:2:2::12/64"}
	}
}
hosts: h: {address6: "fd00:1:1::99/64", gateway6: "fe80::1", system: "netplan"}
`
	for _, tt := range []struct {
		name, shared, from, want string
	}{
		{"a host's switch", `["fe80::1"]`, "h", "l1"},
		{"a node's switch", `["fe80::1"]`, "prod/n2", "l2"},
		{"nobody declared that it is the switch's", `[]`, "h", "nobody declared"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Run(inputOf(t, []byte(strings.ReplaceAll(topology, "SHARED", tt.shared))))
			from, err := ParsePlace(r.Fabric, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			p := r.partOf(r.Fabric.Hosts[0], "")
			if from.Node != nil {
				p = r.partOf(from.Node, "")
			}
			at, gateway := place{part: p}, p.ground[1].onGateway.hops[0]
			got := "nobody declared"
			if next := r.base.next(at, nil, 0, gateway, p.ground[1].gateway); !gateway.isUnknown && len(next) == 1 {
				got = nameOf(next[0])
			}
			if got != tt.want {
				t.Errorf("the gateway is %s, want %s", got, tt.want)
			}
		})
	}
}
