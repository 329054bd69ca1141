package simulate

import (
	"strings"
	"testing"
)

func TestParsePlace(t *testing.T) {
	f := inputOf(t, []byte(`
name: "places"
switches: leaf1: {dialect: "frr"}
hosts: harbor: {address: "10.1.0.2/24", system: "netplan"}
clusters: {
	prod: {podCIDRs: ["10.10.0.0/16"], nodes: {prod: address: "10.1.0.11/24", pods: address: "10.1.0.12/24", n1: address: "10.1.0.13/24"}}
	test: {podCIDRs: ["10.20.0.0/16"], nodes: harbor: address: "10.1.0.21/24"}
}`)).Fabric
	for _, tt := range []struct{ name, text, want string }{
		{"a cluster comes before a node of its name", "prod", "the pods of prod"},
		{"cluster/node is the node", "prod/prod", "prod/prod"},
		{"a node called pods is the node", "prod/pods", "prod/pods"},
		{"the pods of a cluster", "test/pods", "the pods of test"},
		{"the services of a cluster", "prod/services", "the services of prod"},
		{"the pods of a node", "prod/n1/pods", "the pods of prod/n1"},
		{"a switch", "leaf1", "leaf1"},
		{"a host comes before a node of its name", "harbor", "harbor"},
		{"the node behind a host's name", "test/harbor", "test/harbor"},
		{"a node by its bare name", "n1", "prod/n1"},
		{"an address", "10.10.0.1", "10.10.0.1"},
		{"an IPv6 address", "fd00::1", "fd00::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePlace(f, tt.text)
			if err != nil || p.String() != tt.want || p.Text != tt.text {
				t.Errorf("got %v (written %q, error %v), want %s", p, p.Text, err, tt.want)
			}
		})
	}
	for _, tt := range []struct{ name, text, want string }{
		{"a near name is told", "leaf2", `write "leaf1"`},
		{"a near name of a node is told", "prod/n2", `write "n1"`},
		{"a near name of a cluster is told", "prd/n1", `write "prod"`},
		{"a range is no place", "10.10.0.0/16", "10.10.0.0/16 is a range: write one address of it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParsePlace(f, tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
