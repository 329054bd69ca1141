package simulate

import (
	"fmt"
	"strings"
	"testing"
)

// racks is two racks with a leaf each; the reflectors of one AS have sessions across. %s is the rest of both leaves.
const racks = `
name: "racks"
switches: {
	spine: {role: "spine", asNumber: 65000, routerID: "192.0.2.1", dialect: "frr"}
	leaf1: {role: "leaf", asNumber: 65001, routerID: "192.0.2.2", dialect: "frr", interfaces: br0: address: "10.0.1.1/24", %[1]s}
	leaf2: {role: "leaf", asNumber: 65002, routerID: "192.0.2.3", dialect: "frr", interfaces: br0: address: "10.0.2.1/24", %[1]s}
}
links: {
	l1: {spine: address: "10.9.0.1/30", leaf1: address: "10.9.0.2/30"}
	l2: {spine: address: "10.9.0.5/30", leaf2: address: "10.9.0.6/30"}
}
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	racks: {r1: switches: ["leaf1"], r2: switches: ["leaf2"]}
	nodes: {
		n1: {rack: "r1", address: "10.0.1.11/24"}
		n2: {rack: "r2", address: "10.0.2.11/24"}
	}
	routeReflectors: main: nodes: ["n1", "n2"]
}
`

// unnumbered takes the addresses from the links of racks.
func unnumbered(racks string) string {
	return strings.NewReplacer(
		`spine: address: "10.9.0.1/30", leaf1: address: "10.9.0.2/30"`, `spine: interface: "d1", leaf1: interface: "up0"`,
		`spine: address: "10.9.0.5/30", leaf2: address: "10.9.0.6/30"`, `spine: interface: "d2", leaf2: interface: "up0"`).Replace(racks)
}

// loopbacks is a node that speaks with its leaf's loopback.
const loopbacks = `
name: "loopbacks"
switches: leaf: {role: "leaf", asNumber: 65001, dialect: "frr", loopback: "192.0.2.1/32", interfaces: br0: address: "10.0.1.1/24"}
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	racks: r: {switches: ["leaf"], session: "loopback"}
	nodes: n: {rack: "r", address: "10.0.1.11/24"}
}
`

// subnets is two nodes in different subnets, and no switch that anybody declared. %s is the rest of the first node.
const subnets = `
name: "subnets"
clusters: c: {
	podCIDRs: ["10.64.0.0/16"]
	nodes: {
		n1: {address: "10.0.1.11/24", %s}
		n2: {address: "10.0.2.11/24"}
	}
	calico: version: "3.31"
	peers: {}
}
`

func TestSessionsComeUpAsFarAsTheirPacketsGetThrough(t *testing.T) {
	tests := []struct {
		name     string
		topology string
		device   string
		want     []string // peer address, state and reason of the sessions that are not to the node's leaf
	}{
		{
			"over a route that other sessions bring", fmt.Sprintf(racks, ""), "c/n1",
			[]string{"10.0.1.1 ESTABLISHED UNIQUE_MATCH", "10.0.2.11 ESTABLISHED UNIQUE_MATCH"},
		},
		{
			"over links without addresses", unnumbered(fmt.Sprintf(racks, "")), "c/n1",
			[]string{"10.0.1.1 ESTABLISHED UNIQUE_MATCH", "10.0.2.11 ESTABLISHED UNIQUE_MATCH"},
		},
		{
			"not where no switch has a route", fmt.Sprintf(racks, "bgp: advertise: []"), "c/n1",
			[]string{"10.0.1.1 ESTABLISHED UNIQUE_MATCH", "10.0.2.11 NOT_ESTABLISHED UNREACHABLE: no route to 10.0.2.11 at leaf1"},
		},
		{
			"to a loopback, over the static route that reachableBy makes", loopbacks, "c/n",
			[]string{"192.0.2.1 ESTABLISHED UNIQUE_MATCH"},
		},
		{
			"over a gateway that nobody declared", fmt.Sprintf(subnets, ""), "c/n1",
			[]string{"10.0.2.11 ESTABLISHED UNIQUE_MATCH"},
		},
		{
			"over one of which nothing but the address is known", fmt.Sprintf(subnets, `gateway: "10.0.1.1"`), "c/n1",
			[]string{"10.0.2.11 ESTABLISHED UNIQUE_MATCH"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Run(inputOf(t, []byte(test.topology)))
			var got []string
			for _, d := range r.Devices() {
				if d.DeviceName() != test.device {
					continue
				}
				for _, s := range r.Sessions(d) {
					reason := s.Reason
					if s.State == Established {
						reason, _, _ = strings.Cut(reason, ":") // the names of the ends are no matter here
					}
					got = append(got, fmt.Sprintf("%s %s %s", s.PeerAddress, s.State, reason))
				}
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("sessions are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// TestSessionsThatTakeTheirOwnRouteAwayOscillate: the second node's block contains its own address, so that the route which
// the session brings leads the session's packets to where only that route leads.
func TestSessionsThatTakeTheirOwnRouteAwayOscillate(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "oscillation"
clusters: c: {
	podCIDRs: ["10.0.2.0/24"]
	nodes: {
		n1: {address: "10.0.1.11/24", blocks: []}
		n2: {address: "10.0.2.11/24", blocks: ["10.0.2.0/26"]}
	}
}`)))
	if len(r.Oscillations) != 1 || len(r.Oscillations[0].Cycle) == 0 {
		t.Fatalf("oscillations are %v, want one", r.Oscillations)
	}
	if got, want := r.Oscillations[0].Cycle[0], "the session of c/n1 and c/n2 comes up and goes down"; got != want {
		t.Errorf("cycle begins with %q, want %q", got, want)
	}
	if s := r.Sessions(r.Devices()[0]); len(s) != 1 || s[0].State != NotEstablished {
		t.Errorf("sessions are %v, want one that is not established", s)
	}
}
