package simulate

import "testing"

// TestPeeringWithoutPodsIsAskedByNodes: a pod could get no answer, since its own range isn't exchanged.
func TestPeeringWithoutPodsIsAskedByNodes(t *testing.T) {
	r := Run(inputOf(t, []byte(`name: "t"
clusters: {
	for i, c in ["a", "b"] {(c): {
		asNumber: 64512 + i
		podCIDRs: ["10.1\(i).0.0/16"]
		serviceCIDRs: ["10.2\(i).0.0/16"]
		advertise: serviceClusterIPs: true
		nodes: {for n in [1, 2, 3] {"\(c)\(n)": address: "10.1.0.\(10*i+n)/24"}}
		routeReflectors: main: nodes: ["\(c)1", "\(c)2"]
	}}
}
peerings: "a-b": {clusters: ["a", "b"], exchange: pods: false}
expect: "pods get no answer": {from: "a", to: "b", traffic: ["services"]}
`)))
	holds := map[string]bool{}
	for _, p := range r.Prove() {
		holds[p.Name] = p.Holds
	}
	for name, want := range map[string]bool{
		"pods get no answer":                              false,
		"peering a-b: nodes of a reach the services of b": true,
		"peering a-b: nodes of b reach the services of a": true,
	} {
		if got, isAsked := holds[name]; !isAsked || got != want {
			t.Errorf("%s: got %v, want %v, asked: %v", name, got, want, isAsked)
		}
	}
}
