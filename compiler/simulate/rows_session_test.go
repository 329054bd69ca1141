package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSessionsAreInTheOrderOfBIRD: calicoctl lists them as BIRD does, which reads them from its configuration.
func TestSessionsAreInTheOrderOfBIRD(t *testing.T) {
	const topology = `
name: "order"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	calico: version: "%s"
	bgp: nodeToNodeMesh: true
	nodes: {
		b: address: "10.0.1.2/24"
		a: address: "10.0.1.9/24"
		z: address: "10.0.1.10/24"
	}
	peers: {
		outside: {address: "10.0.1.201", asNumber: 65001}
		near: {address: "10.0.1.30", asNumber: 65002, port: 1790}
	}
}
`
	tests := []struct {
		version string
		want    []string
	}{
		{"3.31", []string{"Mesh_10_0_1_9", "Mesh_10_0_1_10", "Node_10_0_1_201", "Node_10_0_1_30_port_1790"}},
		{"3.32", []string{"Mesh_10_0_1_10", "Mesh_10_0_1_9", "Node_10_0_1_201", "Node_10_0_1_30_port_1790"}},
	}
	for _, test := range tests {
		t.Run(test.version, func(t *testing.T) {
			r := Run(inputOf(t, fmt.Appendf(nil, topology, test.version)))
			var got []string
			for _, s := range r.Sessions(r.Fabric.Clusters[0].Node("b")) {
				got = append(got, s.Protocol)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("sessions are %s, want %s", strings.Join(got, " "), strings.Join(test.want, " "))
			}
		})
	}
}
