package simulate

import "testing"

// TestPodsBehindAServiceMustHearTheNode: the node that takes packets to a service reaches the pods behind it, and their answers to its
// own address need a route too, which a leaf that is not on its subnet lacks here.
func TestPodsBehindAServiceMustHearTheNode(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "t"
switches: {
	leaf1: {dialect: "frr", asNumber: 65001, interfaces: vlan1: address: "10.1.1.2/24"}
	leaf2: {dialect: "frr", asNumber: 65002, interfaces: {vlan1: address: "10.1.1.3/24", vlan2: address: "10.1.2.1/24"}}
}
clusters: blue: {
	podCIDRs: ["10.65.0.0/16"]
	serviceCIDRs: ["10.96.0.0/16"]
	advertise: serviceClusterIPs: true
	racks: {one: switches: ["leaf1", "leaf2"], two: {asNumber: 64612, switches: ["leaf2"]}}
	nodes: {
		n1: {rack: "one", address: "10.1.1.11/24", gateway: "10.1.1.2"}
		n2: {rack: "two", address: "10.1.2.11/24"}
	}
}
`)))
	const want = "blue/n2 takes packets to 10.96.0.0/16, and the answers of the pods behind it on blue/n1 do not come back to it: " +
		"leaf1 has no route to 10.1.2.11, an address of n2; announce the network of n2 to leaf1, or link them"
	if got := traceText(t, r, "leaf2", "blue/services").Verdict; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
