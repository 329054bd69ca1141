package simulate

import "testing"

// TestPoolsThatOverlapGiveOutWhatIsLeft: two pools over one block are a mistake, and a prediction of it must come to an end.
func TestPoolsThatOverlapGiveOutWhatIsLeft(t *testing.T) {
	r := Run(inputOf(t, []byte(`name: "t"
clusters: c: {
	ipPools: {a: cidr: "10.64.0.0/26", b: cidr: "10.64.0.0/26"}
	nodes: {n1: address: "10.1.0.1/24", n2: address: "10.1.0.2/24"}
}
`)))
	blocks := 0
	for _, d := range r.Devices() {
		for _, row := range r.Routes(d) {
			if row.Type == Blackhole {
				blocks++
			}
		}
	}
	if blocks != 1 {
		t.Errorf("%d nodes hold a block, want 1: there is no other", blocks)
	}
}
